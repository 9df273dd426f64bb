"""Whether an association is taken up at all: pure decisions over its request (PS3.8 7.1.1, table 9-21)."""

from dataclasses import dataclass

from radnode.dimse.access import Resolve, allowed_services
from radnode.dimse.slots import Full
from radnode.dimse.upper.associate import APPLICATION_CONTEXT, AssociateRequest
from radnode.settings import DicomSettings, Peer, Service


@dataclass(frozen=True, slots=True)
class Rejection:
    """An A-ASSOCIATE-RJ, and the name of its reason in logs and metrics."""

    reason: str
    result: int
    source: int
    diagnostic: int


VERSION_UNKNOWN = Rejection("protocol version not supported", 1, 2, 2)
APPLICATION_UNKNOWN = Rejection("application context name not supported", 1, 1, 2)
CALLED_UNKNOWN = Rejection("called AE title not recognised", 1, 1, 7)
CALLING_UNKNOWN = Rejection("calling AE title not recognised", 1, 1, 3)
STOPPING = Rejection("temporary congestion", 2, 3, 1)
TOO_MUCH = Rejection("local limit exceeded by the request", 1, 3, 2)  # it would be no less the next time
LIMIT_EXCEEDED = {
    Full.NODE: Rejection("local limit exceeded", 2, 3, 2),
    Full.ADDRESS: Rejection("local limit exceeded by the address", 2, 3, 2),
    Full.CALLER: Rejection("local limit exceeded by the calling AE title", 2, 3, 2),
    Full.DISK: Rejection("local limit exceeded by a full disk", 2, 3, 2),
}


def admit(
    asked: AssociateRequest, address: str, dicom: DicomSettings, peers: tuple[Peer, ...], resolve: Resolve
) -> Rejection | frozenset[Service]:
    """Why `asked` is rejected, or else the services that the caller at `address` may use."""
    if not asked.protocol_version & 1:
        return VERSION_UNKNOWN
    if asked.application_context != APPLICATION_CONTEXT:
        return APPLICATION_UNKNOWN
    if asked.called != dicom.ae_title.strip():
        return CALLED_UNKNOWN
    allowed = allowed_services(asked.calling, address, dicom, peers, resolve=resolve)
    return CALLING_UNKNOWN if allowed is None else allowed
