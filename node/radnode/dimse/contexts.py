"""Which presentation contexts are accepted, and with which transfer syntax (PS3.7 D.3.2, PS3.8 7.1.1.13)."""

from collections.abc import Iterable, Set

from pydicom._uid_dict import UID_dictionary
from pynetdicom import ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts

from radnode.dimse.upper.associate import ContextAnswer, ProposedContext
from radnode.dimse.upper.association import AcceptedContext
from radnode.model.uid import InvalidUID, parse_uid
from radnode.settings import Service

ACCEPTED, USER_REJECTION, NO_REASON, ABSTRACT_SYNTAX_UNKNOWN, TRANSFER_SYNTAXES_UNKNOWN = 0, 1, 2, 3, 4
REJECTIONS = {
    USER_REJECTION: "not allowed",
    NO_REASON: "ID 0",
    ABSTRACT_SYNTAX_UNKNOWN: "abstract syntax not supported",
    TRANSFER_SYNTAXES_UNKNOWN: "transfer syntaxes not supported",
}
"""What results mean (PS3.8 table 9-18) in logs and metrics."""

VERIFICATION = "1.2.840.10008.1.1"
PATIENT_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
PATIENT_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.1.2"
STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
PATIENT_ROOT_GET = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"

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
    PATIENT_ROOT_FIND: "find",
    STUDY_ROOT_FIND: "find",
}

_ASKED_FOR: dict[str, Service] = {
    PATIENT_ROOT_MOVE: "move",
    STUDY_ROOT_MOVE: "move",
    PATIENT_ROOT_GET: "get",
    STUDY_ROOT_GET: "get",
    "1.2.840.10008.1.20.1": "commit",
    "1.2.840.10008.5.1.4.31": "worklist",
    "1.2.840.10008.3.1.2.3.3": "mpps",
    **SERVICES_OFFERED,
}

_PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2")
TRANSFER_SYNTAXES = {"store": frozenset(ALL_TRANSFER_SYNTAXES)}
_MESSAGE_TRANSFER_SYNTAXES = frozenset(_PLAIN)  # identifiers are small: neither deflated nor encapsulated


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
    return frozenset(_ASKED_FOR.get(context.abstract_syntax, "other") for context in proposed)


def transfer_syntax_for(service: Service, offered: Iterable[str]) -> str | None:
    """The first one offered that is known here: the sender's own preference, so its bytes need no conversion."""
    known = TRANSFER_SYNTAXES.get(service, _MESSAGE_TRANSFER_SYNTAXES)
    return next((syntax for syntax in offered if syntax in known), None)


def negotiate(
    proposed: Iterable[ProposedContext], allowed: Set[Service], *, accept_unknown: bool
) -> tuple[list[ContextAnswer], dict[int, AcceptedContext]]:
    """Answer every proposed context, and what is in force after that by context ID.

    IDs are odd numbers from 1 on (PS3.8 9.3.2.2): 0 is never in force, another even one harms nobody.
    """
    answers: list[ContextAnswer] = []
    accepted: dict[int, AcceptedContext] = {}
    for context in proposed:
        service = service_of(context.abstract_syntax, accept_unknown=accept_unknown)
        syntax = transfer_syntax_for(service, context.transfer_syntaxes) if service else None
        if context.id == 0:
            result = NO_REASON
        elif service is None:
            result = ABSTRACT_SYNTAX_UNKNOWN
        elif service not in allowed:
            result = USER_REJECTION
        elif syntax is None:
            result = TRANSFER_SYNTAXES_UNKNOWN
        else:
            result = ACCEPTED
            accepted[context.id] = AcceptedContext(context.id, context.abstract_syntax, syntax, service)
        # Where a context is rejected the transfer syntax is not significant, but the item must be there (9.3.3.2).
        answers.append(ContextAnswer(context.id, result, syntax or _PLAIN[1]))
    return answers, accepted
