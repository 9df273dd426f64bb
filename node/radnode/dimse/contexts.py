"""The abstract syntaxes that are known here, the services behind them, and their transfer syntaxes."""

from collections.abc import Iterable
from typing import NamedTuple

from pydicom._uid_dict import UID_dictionary
from pynetdicom import ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts

from radnode.dimse.upper.associate import ProposedContext
from radnode.model.level import Root
from radnode.model.uid import InvalidUID, parse_uid
from radnode.settings import Service

VERIFICATION = "1.2.840.10008.1.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
PATIENT_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
PATIENT_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.1.2"
STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
PATIENT_ROOT_GET = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
PATIENT_STUDY_ONLY_FIND = "1.2.840.10008.5.1.4.1.2.3.1"
PATIENT_STUDY_ONLY_MOVE = "1.2.840.10008.5.1.4.1.2.3.2"
PATIENT_STUDY_ONLY_GET = "1.2.840.10008.5.1.4.1.2.3.3"


class Model(NamedTuple):
    """The SOP classes of one query/retrieve information model (PS3.4 C.6)."""

    find: str
    move: str
    get: str


MODELS: dict[Root, Model] = {
    Root.PATIENT: Model(PATIENT_ROOT_FIND, PATIENT_ROOT_MOVE, PATIENT_ROOT_GET),
    Root.STUDY: Model(STUDY_ROOT_FIND, STUDY_ROOT_MOVE, STUDY_ROOT_GET),
    Root.PATIENT_STUDY_ONLY: Model(PATIENT_STUDY_ONLY_FIND, PATIENT_STUDY_ONLY_MOVE, PATIENT_STUDY_ONLY_GET),
}
ROOT_OF: dict[str, Root] = {sop_class: root for root, model in MODELS.items() for sop_class in model}
"""The information model behind a SOP class of query and retrieve."""

MODALITY_WORKLIST = "1.2.840.10008.5.1.4.31"
PROCEDURE_STEP = "1.2.840.10008.3.1.2.3.3"
PROCEDURE_STEP_RETRIEVE = "1.2.840.10008.3.1.2.3.4"

# A directory travels on media only, and asking for commitment is a service, not an object.
_NOT_STORAGE = {"1.2.840.10008.1.3.10", "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.2"}

# Retired, and PS3.6 keeps their numbers without a name; both are numbered among the storage classes.
_NAMELESS_STORAGE = {"1.2.840.10008.5.1.4.1.1.12.77", "1.2.840.10008.5.1.4.1.1.40"}

STORAGE_CLASSES: frozenset[str] = frozenset(
    {uid for uid, (name, kind, *_) in UID_dictionary.items() if kind == "SOP Class" and " Storage" in name}
    | {str(context.abstract_syntax) for context in AllStoragePresentationContexts}
    | _NAMELESS_STORAGE
) - frozenset(_NOT_STORAGE)
"""Every storage SOP class of PS3.6, the retired ones included."""

SERVICES_OFFERED: dict[str, Service] = {
    **dict.fromkeys(STORAGE_CLASSES, "store"),
    VERIFICATION: "echo",
    STORAGE_COMMITMENT: "commit",
    **dict.fromkeys((model.find for model in MODELS.values()), "find"),
    **dict.fromkeys((model.get for model in MODELS.values()), "get"),
    **dict.fromkeys((model.move for model in MODELS.values()), "move"),
    MODALITY_WORKLIST: "worklist",
    PROCEDURE_STEP: "mpps",
    PROCEDURE_STEP_RETRIEVE: "mpps",
}

PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2")
TRANSFER_SYNTAXES = {"store": frozenset(ALL_TRANSFER_SYNTAXES)}
_MESSAGE_TRANSFER_SYNTAXES = frozenset(PLAIN)  # identifiers are small: neither deflated nor encapsulated


def service_of(abstract_syntax: str, *, accept_unknown: bool) -> Service | None:
    """The service behind an abstract syntax. An unknown UID is an unknown storage class, where those are accepted."""
    service = SERVICES_OFFERED.get(abstract_syntax)
    if service is not None or not accept_unknown or abstract_syntax in UID_dictionary:
        return service
    try:
        parse_uid(abstract_syntax)
    except InvalidUID:
        return None
    return "store"


def services_asked(proposed: Iterable[ProposedContext]) -> frozenset[str]:
    """The services that a requestor asks for, offered or not; "other" for what is none of those we know."""
    return frozenset(SERVICES_OFFERED.get(context.abstract_syntax, "other") for context in proposed)


def transfer_syntax_for(service: Service, offered: Iterable[str]) -> str | None:
    """The first one offered that is known here: the sender's own preference, so its bytes need no conversion."""
    known = TRANSFER_SYNTAXES.get(service, _MESSAGE_TRANSFER_SYNTAXES)
    return next((syntax for syntax in offered if syntax in known), None)
