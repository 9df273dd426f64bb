"""The user information of A-ASSOCIATE-RQ and A-ASSOCIATE-AC (PS3.7 Annex D.3.3): both sides write the same items."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from radnode.dimse.upper.items import encode_item, items_of, text_in
from radnode.instance.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

_MAX_LENGTH, _CLASS_UID, _ROLE, _VERSION_NAME, _EXTENDED = 0x51, 0x52, 0x54, 0x55, 0x56
_VERSION_NAME_LENGTH = 16
_MOST_USER_ITEMS = 1024  # role, extended and common extended negotiation of 128 SOP classes are 384
_EXTENDED_LENGTH = 64  # bytes that are kept of what a service class says; of those we know none says more than 7


@dataclass(frozen=True, slots=True)
class Role:
    """What the requestor may be for a SOP class (D.3.3.4): its user, its provider, or both."""

    user: bool
    provider: bool


@dataclass(frozen=True, slots=True)
class UserInformation:
    """What one side says of itself. `roles` and `extended` go by SOP class; an item that is malformed is not there.

    `extended` is the service class application information of SOP class extended negotiation (D.3.3.5).
    """

    max_pdu: int = 0
    implementation: str = ""
    roles: Mapping[str, Role] = field(default_factory=dict)
    extended: Mapping[str, bytes] = field(default_factory=dict)


def decode_user_information(value: bytes) -> UserInformation:
    """The item's value; ProtocolError if its items do not fit, TooMuch if they are too many."""
    max_pdu, implementation = 0, ""
    roles: dict[str, Role] = {}
    extended: dict[str, bytes] = {}
    for kind, content in items_of(value, _MOST_USER_ITEMS):
        if kind == _MAX_LENGTH:
            max_pdu = int.from_bytes(content[:4], "big")
        elif kind == _VERSION_NAME:
            implementation = text_in(content[:_VERSION_NAME_LENGTH])
        elif kind in (_ROLE, _EXTENDED):
            sop_class, rest = _of_sop_class(content)
            if kind == _EXTENDED:
                extended[sop_class] = rest[:_EXTENDED_LENGTH]
            elif len(rest) == 2:
                roles[sop_class] = Role(bool(rest[0]), bool(rest[1]))
    return UserInformation(max_pdu, implementation, roles, extended)


def encode_user_information(max_pdu: int, roles: Mapping[str, Role], extended: Mapping[str, bytes]) -> bytes:
    """The item's value, as we say it."""
    parts = [
        encode_item(_MAX_LENGTH, max_pdu.to_bytes(4, "big")),
        encode_item(_CLASS_UID, IMPLEMENTATION_CLASS_UID.encode()),
        encode_item(_VERSION_NAME, IMPLEMENTATION_VERSION_NAME.encode()),
    ]
    parts += [
        encode_item(_ROLE, _with_sop_class(uid, bytes((role.user, role.provider)))) for uid, role in roles.items()
    ]
    parts += [encode_item(_EXTENDED, _with_sop_class(uid, information)) for uid, information in extended.items()]
    return b"".join(parts)


def _of_sop_class(content: bytes) -> tuple[str, bytes]:
    """The SOP class that an item is about, and the rest of the item."""
    end = 2 + int.from_bytes(content[:2], "big")
    return text_in(content[2:end]), content[end:]


def _with_sop_class(sop_class: str, rest: bytes) -> bytes:
    return len(sop_class).to_bytes(2, "big") + sop_class.encode("ascii", "replace") + rest
