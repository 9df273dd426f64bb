"""A-ASSOCIATE-RQ and A-ASSOCIATE-AC, decoded and encoded (PS3.8 9.3.2, 9.3.3; user information PS3.7 Annex D)."""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from radnode.dimse.upper.endings import ProtocolError, TooMuch
from radnode.dimse.upper.pdu import Kind
from radnode.instance.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_FIXED = 68  # protocol version, reserved, two AE titles, 32 reserved bytes
_ITEM = struct.Struct(">BxH")
_APPLICATION, _PROPOSED, _ANSWERED, _ABSTRACT, _TRANSFER, _USER = 0x10, 0x20, 0x21, 0x30, 0x40, 0x50
_MAX_LENGTH, _CLASS_UID, _ROLE, _VERSION_NAME = 0x51, 0x52, 0x54, 0x55
_VERSION_NAME_LENGTH = 16
_MOST_CONTEXTS = 128  # odd IDs from 1 to 255 (PS3.8 9.3.2.2)
_MOST_SYNTAXES = 128  # in one context; the Standard knows some 60, the retired ones included
_MOST_USER_ITEMS = 1024  # role, extended and common extended negotiation of 128 SOP classes are 384
_MOST_ITEMS = 256


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """A presentation context as the requestor proposed it; its transfer syntaxes in its order of preference."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContextAnswer:
    """The answer to one proposed context: result 0 is acceptance (PS3.8 table 9-18) with the transfer syntax named."""

    id: int
    result: int
    transfer_syntax: str


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """What a requestor asked for. AE titles are trimmed; `fixed` has them as they came, for the acceptance (9.3.3)."""

    protocol_version: int
    called: str
    calling: str
    application_context: str
    contexts: tuple[ProposedContext, ...]
    max_pdu: int
    implementation: str
    fixed: bytes


@dataclass(frozen=True, slots=True)
class AssociateAcceptance:
    """What an acceptor agreed to."""

    contexts: tuple[ContextAnswer, ...]
    max_pdu: int


def decode_request(body: bytes) -> AssociateRequest:
    """The request in an A-ASSOCIATE-RQ's body; ProtocolError if its items do not fit, TooMuch if they are too many."""
    if len(body) < _FIXED:
        raise ProtocolError("A-ASSOCIATE-RQ is too short")
    application, contexts, user = "", [], b""
    for kind, value in _items(body[_FIXED:]):
        if kind == _APPLICATION:
            application = _text(value)
        elif kind == _PROPOSED:
            contexts.append(_proposed(value))
            if len(contexts) > _MOST_CONTEXTS:
                raise TooMuch(f"more than {_MOST_CONTEXTS} presentation contexts")
        elif kind == _USER:
            user = value
    if len({context.id for context in contexts}) < len(contexts):
        raise ProtocolError("two presentation contexts have the same ID")
    about = dict(_items(user, _MOST_USER_ITEMS))
    return AssociateRequest(
        protocol_version=int.from_bytes(body[:2], "big"),
        called=_text(body[4:20]),
        calling=_text(body[20:36]),
        application_context=application,
        contexts=tuple(contexts),
        max_pdu=_max_pdu(about),
        implementation=_text(about.get(_VERSION_NAME, b"")[:_VERSION_NAME_LENGTH]),
        fixed=bytes(body[:_FIXED]),
    )


def encode_accept(request: AssociateRequest, answers: Iterable[ContextAnswer], max_pdu: int) -> bytes:
    """The A-ASSOCIATE-AC for `request`. No role, window or extension is ever taken up: the defaults hold."""
    items = [_item(_APPLICATION, APPLICATION_CONTEXT.encode())]
    for answer in answers:
        head = bytes((answer.id, 0, answer.result, 0))
        items.append(_item(_ANSWERED, head + _item(_TRANSFER, answer.transfer_syntax.encode("ascii", "replace"))))
    items.append(_item(_USER, _about_us(max_pdu)))
    body = b"\x00\x01\x00\x00" + request.fixed[4:] + b"".join(items)
    return struct.pack(">BxL", Kind.ASSOCIATE_AC, len(body)) + body


def encode_request(
    called: str, calling: str, contexts: Iterable[ProposedContext], max_pdu: int, provider_of: Iterable[str] = ()
) -> bytes:
    """An A-ASSOCIATE-RQ; `provider_of` are the SOP classes for which the requestor offers to be SCP as well."""
    items = [_item(_APPLICATION, APPLICATION_CONTEXT.encode())]
    for context in contexts:
        syntaxes = [_item(_TRANSFER, syntax.encode()) for syntax in context.transfer_syntaxes]
        parts = [_item(_ABSTRACT, context.abstract_syntax.encode()), *syntaxes]
        items.append(_item(_PROPOSED, bytes((context.id, 0, 0, 0)) + b"".join(parts)))
    roles = b"".join(_item(_ROLE, struct.pack(">H", len(uid)) + uid.encode() + b"\0\1") for uid in provider_of)
    items.append(_item(_USER, _about_us(max_pdu) + roles))
    titles = b"".join(title.encode("ascii", "replace").ljust(16)[:16] for title in (called, calling))
    body = b"\x00\x01\x00\x00" + titles + bytes(32) + b"".join(items)
    return struct.pack(">BxL", Kind.ASSOCIATE_RQ, len(body)) + body


def decode_accept(body: bytes) -> AssociateAcceptance:
    """What an A-ASSOCIATE-AC's body says; ProtocolError if its items do not fit into each other."""
    contexts, about = [], {}
    for kind, value in _items(body[_FIXED:]):
        if kind == _ANSWERED and len(value) >= 4:
            syntax = next((_text(text) for part, text in _items(value[4:]) if part == _TRANSFER), "")
            contexts.append(ContextAnswer(value[0], value[2], syntax))
        elif kind == _USER:
            about = dict(_items(value, _MOST_USER_ITEMS))
    return AssociateAcceptance(tuple(contexts), _max_pdu(about))


def _about_us(max_pdu: int) -> bytes:
    return (
        _item(_MAX_LENGTH, max_pdu.to_bytes(4, "big"))
        + _item(_CLASS_UID, IMPLEMENTATION_CLASS_UID.encode())
        + _item(_VERSION_NAME, IMPLEMENTATION_VERSION_NAME.encode())
    )


def _max_pdu(about: Mapping[int, bytes]) -> int:
    return int.from_bytes(about.get(_MAX_LENGTH, b"")[:4], "big")


def _proposed(value: bytes) -> ProposedContext:
    if len(value) < 4:
        raise ProtocolError("a presentation context item is too short")
    parts = list(_items(value[4:], _MOST_SYNTAXES + 1))
    abstract = next((_text(text) for kind, text in parts if kind == _ABSTRACT), "")
    return ProposedContext(value[0], abstract, tuple(_text(text) for kind, text in parts if kind == _TRANSFER))


def _items(data: bytes, most: int = _MOST_ITEMS) -> Iterator[tuple[int, bytes]]:
    position, count = 0, 0
    while position < len(data):
        count += 1
        if count > most:
            raise TooMuch(f"more than {most} items in one place")
        if position + _ITEM.size > len(data):
            raise ProtocolError("an item of the A-ASSOCIATE-RQ is cut off")
        kind, length = _ITEM.unpack_from(data, position)
        position += _ITEM.size
        if position + length > len(data):
            raise ProtocolError("an item of the A-ASSOCIATE-RQ is longer than its place")
        yield kind, data[position : position + length]
        position += length


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value


def _text(value: bytes) -> str:
    """AE titles and UIDs are printable ASCII; others are kept recognisable, and padding (some pad with NUL) is cut."""
    text = value.decode("ascii", "backslashreplace").strip("\0 ")
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)
