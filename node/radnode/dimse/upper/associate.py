"""A-ASSOCIATE-RQ and A-ASSOCIATE-AC, decoded and encoded (PS3.8 9.3.2, 9.3.3)."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from radnode.dimse.upper.endings import ProtocolError, TooMuch
from radnode.dimse.upper.items import encode_item, items_of, text_in
from radnode.dimse.upper.pdu import Kind
from radnode.dimse.upper.user_information import (
    Role,
    UserInformation,
    decode_user_information,
    encode_user_information,
)

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_FIXED = 68  # protocol version, reserved, two AE titles, 32 reserved bytes
_APPLICATION, _PROPOSED, _ANSWERED, _ABSTRACT, _TRANSFER, _USER = 0x10, 0x20, 0x21, 0x30, 0x40, 0x50
_MOST_CONTEXTS = 128  # odd IDs from 1 to 255 (PS3.8 9.3.2.2)
_MOST_SYNTAXES = 128  # in one context; the Standard knows some 60, the retired ones included
_NOTHING: Mapping[str, bytes] = {}


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
    """What a requestor asked for. AE titles are trimmed; `fixed` has them as they came, for the acceptance (9.3.3).

    `roles` and `extended` are what it proposed for SOP classes (PS3.7 D.3.3.4, D.3.3.5).
    """

    protocol_version: int
    called: str
    calling: str
    application_context: str
    contexts: tuple[ProposedContext, ...]
    max_pdu: int
    implementation: str
    fixed: bytes
    roles: Mapping[str, Role] = field(default_factory=dict)
    extended: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssociateAcceptance:
    """What an acceptor agreed to; `roles` and `extended` are its answers for SOP classes."""

    contexts: tuple[ContextAnswer, ...]
    max_pdu: int
    roles: Mapping[str, Role] = field(default_factory=dict)
    extended: Mapping[str, bytes] = field(default_factory=dict)


def decode_request(body: bytes) -> AssociateRequest:
    """The request in an A-ASSOCIATE-RQ's body; ProtocolError if its items do not fit, TooMuch if they are too many."""
    if len(body) < _FIXED:
        raise ProtocolError("A-ASSOCIATE-RQ is too short")
    application, contexts, user = "", [], b""
    for kind, value in items_of(body[_FIXED:]):
        if kind == _APPLICATION:
            application = text_in(value)
        elif kind == _PROPOSED:
            contexts.append(_proposed(value))
            if len(contexts) > _MOST_CONTEXTS:
                raise TooMuch(f"more than {_MOST_CONTEXTS} presentation contexts")
        elif kind == _USER:
            user = value
    if len({context.id for context in contexts}) < len(contexts):
        raise ProtocolError("two presentation contexts have the same ID")
    about = decode_user_information(user)
    return AssociateRequest(
        protocol_version=int.from_bytes(body[:2], "big"),
        called=text_in(body[4:20]),
        calling=text_in(body[20:36]),
        application_context=application,
        contexts=tuple(contexts),
        max_pdu=about.max_pdu,
        implementation=about.implementation,
        fixed=bytes(body[:_FIXED]),
        roles=about.roles,
        extended=about.extended,
    )


def encode_accept(
    request: AssociateRequest,
    answers: Iterable[ContextAnswer],
    max_pdu: int,
    *,
    roles: Mapping[str, Role] | None = None,
    extended: Mapping[str, bytes] = _NOTHING,
) -> bytes:
    """The A-ASSOCIATE-AC for `request`. What is not answered, as a window of operations, stays at its default."""
    items = [encode_item(_APPLICATION, APPLICATION_CONTEXT.encode())]
    for answer in answers:
        head = bytes((answer.id, 0, answer.result, 0))
        syntax = encode_item(_TRANSFER, answer.transfer_syntax.encode("ascii", "replace"))
        items.append(encode_item(_ANSWERED, head + syntax))
    items.append(encode_item(_USER, encode_user_information(max_pdu, roles or {}, extended)))
    body = b"\x00\x01\x00\x00" + request.fixed[4:] + b"".join(items)
    return struct.pack(">BxL", Kind.ASSOCIATE_AC, len(body)) + body


def encode_request(
    called: str,
    calling: str,
    contexts: Iterable[ProposedContext],
    max_pdu: int,
    provider_of: Iterable[str] = (),
    extended: Mapping[str, bytes] = _NOTHING,
) -> bytes:
    """An A-ASSOCIATE-RQ; `provider_of` are the SOP classes of which the requestor offers to be the SCP instead.

    `extended` is what it says for SOP class extended negotiation, by SOP class.
    """
    items = [encode_item(_APPLICATION, APPLICATION_CONTEXT.encode())]
    for context in contexts:
        syntaxes = [encode_item(_TRANSFER, syntax.encode()) for syntax in context.transfer_syntaxes]
        parts = [encode_item(_ABSTRACT, context.abstract_syntax.encode()), *syntaxes]
        items.append(encode_item(_PROPOSED, bytes((context.id, 0, 0, 0)) + b"".join(parts)))
    roles = dict.fromkeys(provider_of, Role(user=False, provider=True))
    items.append(encode_item(_USER, encode_user_information(max_pdu, roles, extended)))
    titles = b"".join(title.encode("ascii", "replace").ljust(16)[:16] for title in (called, calling))
    body = b"\x00\x01\x00\x00" + titles + bytes(32) + b"".join(items)
    return struct.pack(">BxL", Kind.ASSOCIATE_RQ, len(body)) + body


def decode_accept(body: bytes) -> AssociateAcceptance:
    """What an A-ASSOCIATE-AC's body says; ProtocolError if its items do not fit into each other."""
    contexts, about = [], UserInformation()
    for kind, value in items_of(body[_FIXED:]):
        if kind == _ANSWERED and len(value) >= 4:
            syntax = next((text_in(text) for part, text in items_of(value[4:]) if part == _TRANSFER), "")
            contexts.append(ContextAnswer(value[0], value[2], syntax))
        elif kind == _USER:
            about = decode_user_information(value)
    return AssociateAcceptance(tuple(contexts), about.max_pdu, about.roles, about.extended)


def _proposed(value: bytes) -> ProposedContext:
    if len(value) < 4:
        raise ProtocolError("a presentation context item is too short")
    parts = list(items_of(value[4:], _MOST_SYNTAXES + 1))
    abstract = next((text_in(text) for kind, text in parts if kind == _ABSTRACT), "")
    return ProposedContext(value[0], abstract, tuple(text_in(text) for kind, text in parts if kind == _TRANSFER))
