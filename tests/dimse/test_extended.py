"""Roles and SOP class extended negotiation: what is proposed, and what is agreed to (PS3.7 D.3.3.4, D.3.3.5)."""

import struct

import pytest
from support.dimse_server import CT, EXPLICIT, IMPLICIT

from radnode.dimse.contexts import PATIENT_ROOT_FIND, STUDY_ROOT_FIND, VERIFICATION
from radnode.dimse.extended import NO_OPTIONS, QueryOptions, decode_options, encode_options
from radnode.dimse.negotiation import ACCEPTED, USER_REJECTION, Agreement, Terms, negotiate
from radnode.dimse.upper.associate import (
    AssociateRequest,
    ProposedContext,
    decode_accept,
    decode_request,
    encode_accept,
    encode_request,
)
from radnode.dimse.upper.endings import TooMuch
from radnode.dimse.upper.items import encode_item
from radnode.dimse.upper.user_information import Role, decode_user_information, encode_user_information
from radnode.settings import SERVICES, Service

CONTEXTS = (
    ProposedContext(1, CT, (EXPLICIT,)),
    ProposedContext(3, STUDY_ROOT_FIND, (IMPLICIT,)),
    ProposedContext(5, VERIFICATION, (IMPLICIT,)),
)
PROVIDER, BOTH, NEITHER = Role(False, True), Role(True, True), Role(False, False)


def asking(**extended: bytes) -> AssociateRequest:
    information = {STUDY_ROOT_FIND: extended["find"]} if "find" in extended else {}
    return decode_request(encode_request("A", "B", CONTEXTS, 16384, [CT], information)[6:])


def agreed(asked: AssociateRequest, *allowed: Service, options: QueryOptions = NO_OPTIONS) -> Agreement:
    """What is agreed to, as the requestor reads it."""
    agreement = negotiate(asked, Terms(frozenset(allowed or SERVICES), False, options))
    sent = encode_accept(asked, agreement.answers, 16384, roles=agreement.roles, extended=agreement.extended)
    read = decode_accept(sent[6:])
    assert (read.roles, read.extended) == (agreement.roles, agreement.extended)
    return agreement


def test_who_may_retrieve_may_be_the_provider_of_storage() -> None:
    agreement = agreed(asking())
    assert agreement.roles == {CT: PROVIDER}
    assert agreement.contexts[1].peer_provides
    assert not agreement.contexts[3].peer_provides


def test_who_may_only_store_keeps_the_context_but_is_no_provider() -> None:
    agreement = agreed(asking(), "store")
    assert agreement.roles == {CT: NEITHER}
    assert not agreement.contexts[1].peer_provides


def test_who_may_only_retrieve_has_the_context_as_provider_alone() -> None:
    assert agreed(asking(), "get").roles == {CT: PROVIDER}
    without_role = decode_request(encode_request("A", "B", CONTEXTS, 0)[6:])
    assert agreed(without_role, "get").answers[0].result == USER_REJECTION


def test_of_both_roles_each_is_answered_by_itself() -> None:
    body = encode_user_information(0, {CT: BOTH}, {})
    assert decode_user_information(body).roles == {CT: BOTH}
    whole = encode_request("A", "B", CONTEXTS[:1], 0)[6:]
    asked = decode_request(whole + encode_item(0x50, body))
    assert agreed(asked).roles == {CT: BOTH}
    assert agreed(asked, "store").roles == {CT: Role(True, False)}
    assert agreed(asked, "get").roles == {CT: PROVIDER}


def test_roles_and_options_are_answered_where_they_were_proposed_and_accepted_alone() -> None:
    without = decode_request(encode_request("A", "B", CONTEXTS, 0)[6:])
    assert (agreed(without).roles, agreed(without).extended) == ({}, {})
    refused = agreed(asking(find=b"\1"), "echo")
    assert [one.result for one in refused.answers] == [USER_REJECTION, USER_REJECTION, ACCEPTED]
    assert (refused.roles, refused.extended) == ({}, {})


@pytest.mark.parametrize(
    ("asked", "answered"), [(b"", b""), (b"\1", b"\1"), (b"\0\1", b"\0\1"), (b"\1\1\1\1", b"\1\1\0\0"),
        (b"\1\1\1\1\1\1\1", b"\1\1\0\0\0\0\0"), (b"\2\xff", b"\0\0"), (b"\1" * 100, b"\1\1" + bytes(5))]
)  # fmt: skip
def test_options_are_in_force_where_both_sides_have_them(asked: bytes, answered: bytes) -> None:
    agreement = agreed(asking(find=asked), options=QueryOptions(relational=True, date_time=True))
    assert agreement.extended == {STUDY_ROOT_FIND: answered}
    assert agreement.contexts[3].options == decode_options("find", answered)


def test_without_support_everything_is_answered_with_no() -> None:
    agreement = agreed(asking(find=b"\1\1\1\1\1\1\1"))
    assert agreement.extended == {STUDY_ROOT_FIND: bytes(7)}
    assert agreement.contexts[3].options == NO_OPTIONS


def test_the_bytes_stand_in_the_order_of_the_standard() -> None:
    assert encode_options("find", QueryOptions(timezone=True, multiple_value=True)) == b"\0\0\0\1\0\0\1"
    assert encode_options("get", QueryOptions(relational=True, date_time=True)) == b"\1\0"
    assert decode_options("move", b"\1\1\1") == QueryOptions(relational=True, enhanced_conversion=True)
    assert decode_options("store", b"\1") == NO_OPTIONS


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"\0\0", b"\xff\xff1.2", struct.pack(">H", 3) + b"1.2", b"\0\3\xff\n\x01\0\1"]
)
def test_malformed_items_are_passed_over(content: bytes) -> None:
    read = decode_user_information(encode_item(0x54, content) + encode_item(0x56, content) + encode_item(0x51, b"\0\1"))
    assert read.max_pdu == 1
    assert all(uid.isprintable() for uid in (*read.roles, *read.extended))


def test_what_is_said_of_sop_classes_is_bounded() -> None:
    long = encode_item(0x56, struct.pack(">H", 3) + b"1.2" + bytes(60_000))
    assert len(decode_user_information(long).extended["1.2"]) < 100
    with pytest.raises(TooMuch):
        decode_user_information(encode_item(0x54, b"\0\x031.2\0\1") * 1025)


def test_the_same_class_in_two_models_has_options_of_its_own() -> None:
    contexts = (ProposedContext(1, STUDY_ROOT_FIND, (IMPLICIT,)), ProposedContext(3, PATIENT_ROOT_FIND, (IMPLICIT,)))
    asked = decode_request(encode_request("A", "B", contexts, 0, (), {PATIENT_ROOT_FIND: b"\1"})[6:])
    agreement = agreed(asked, options=QueryOptions(relational=True))
    assert [one.options.relational for one in agreement.contexts.values()] == [False, True]
