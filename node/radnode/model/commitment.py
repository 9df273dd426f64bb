"""Storage commitment in values: what it is asked for, and what can stand in its way (PS3.4 Annex J)."""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from radnode.model.uid import UID


class Reference(NamedTuple):
    """An object as a commitment names it."""

    sop_class: UID
    sop_instance: UID


class Reason(IntEnum):
    """The Failure Reason (0008,1197) of an object (PS3.3 C.14.1.1); COMMITTED is ours, for there being none."""

    COMMITTED = 0x0000
    PROCESSING_FAILURE = 0x0110
    NO_SUCH_INSTANCE = 0x0112
    CLASS_INSTANCE_CONFLICT = 0x0119
    CLASS_NOT_SUPPORTED = 0x0122
    DUPLICATE_TRANSACTION = 0x0131
    RESOURCE_LIMITATION = 0x0213


REASONS: Mapping[int, str] = {
    Reason.COMMITTED: "committed",
    Reason.PROCESSING_FAILURE: "processing failure",
    Reason.NO_SUCH_INSTANCE: "no such object instance",
    Reason.CLASS_INSTANCE_CONFLICT: "class / instance conflict",
    Reason.CLASS_NOT_SUPPORTED: "referenced SOP class not supported",
    Reason.DUPLICATE_TRANSACTION: "duplicate transaction UID",
    Reason.RESOURCE_LIMITATION: "resource limitation",
}
"""Reasons in words; a peer may have others of its own."""

Results = Mapping[Reference, int]
"""What became of each object: a Reason, or another number that a peer gave as one."""
