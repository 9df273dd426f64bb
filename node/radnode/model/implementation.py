"""How radnode names itself: in the file meta of what it stores and in association negotiation (PS3.7 D.3.3.2)."""

from radnode.model.uid import UID

IMPLEMENTATION_CLASS_UID = UID("2.25.229446410411276305106374436434846405911")
IMPLEMENTATION_VERSION_NAME = "RADNODE_0_1"
