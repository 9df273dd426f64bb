"""Indexed sequences in the header: every encoding, items' own character sets, damage, and limits."""

import json
from struct import pack
from typing import Any

import pytest
from pydicom.dataset import Dataset
from support.instances import REMOVED, encode_dataset, make_instance, put

from radnode.instance.header import read_header
from radnode.instance.sequences import MAX_ITEM_VALUE, MAX_ITEMS
from radnode.instance.values import MAX_VALUE
from radnode.model.errors import NotDicom
from radnode.model.uid import UID

IMPLICIT = UID("1.2.840.10008.1.2")
EXPLICIT = UID("1.2.840.10008.1.2.1")
BIG = UID("1.2.840.10008.1.2.2")
DEFLATED = UID("1.2.840.10008.1.2.1.99")
ITEM = b"\xfe\xff\x00\xe0"


def item_of(**values: Any) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        put(item, keyword, value)
    return item


def request(number: int = 1, **more: Any) -> Dataset:
    code = item_of(CodeValue="NESTED", CodeMeaning="of no interest here")
    return item_of(
        RequestedProcedureID=f"RP{number}",
        ScheduledProcedureStepID=f"SPS{number} ",
        ScheduledProtocolCodeSequence=[code],
        **more,
    )


def encoded_with(syntax: UID, *items: Dataset, undefined: bool = False, **values: Any) -> bytes:
    dataset = make_instance(syntax, RequestAttributesSequence=list(items), **values)
    element = dataset["RequestAttributesSequence"]
    element.is_undefined_length = undefined
    for item in items:
        item.is_undefined_length_sequence_item = undefined
    return encode_dataset(dataset, syntax)


def requests_in(dataset: bytes, syntax: UID) -> Any:
    return json.loads(read_header(dataset, syntax).values["RequestAttributesSequence"])


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_items_are_read_in_every_encoding(syntax: UID, undefined: bool) -> None:
    dataset = encoded_with(syntax, request(1), request(2, AccessionNumber=""), undefined=undefined)
    assert requests_in(dataset, syntax) == [
        {"ScheduledProcedureStepID": "SPS1", "RequestedProcedureID": "RP1"},
        {"AccessionNumber": "", "ScheduledProcedureStepID": "SPS2", "RequestedProcedureID": "RP2"},
    ]


@pytest.mark.parametrize("undefined", [False, True])
def test_absent_and_empty_sequences_are_told_apart(undefined: bool) -> None:
    assert requests_in(encoded_with(EXPLICIT, undefined=undefined), EXPLICIT) == []
    assert requests_in(encoded_with(EXPLICIT, Dataset(), undefined=undefined), EXPLICIT) == [{}]
    header = read_header(encode_dataset(make_instance(RequestAttributesSequence=REMOVED)), EXPLICIT)
    assert "RequestAttributesSequence" not in header.values


def test_items_of_defined_length_may_stand_in_a_sequence_of_undefined_length() -> None:
    dataset = make_instance(ProcedureCodeSequence=[item_of(CodeValue="A"), item_of(CodeValue="B")])
    dataset["ProcedureCodeSequence"].is_undefined_length = True
    values = read_header(encode_dataset(dataset), EXPLICIT).values
    assert values["ProcedureCodeSequence"] == '[{"CodeValue":"A"},{"CodeValue":"B"}]'
    assert values["StudyDescription"] == "CT CHEST W CONTRAST", "what follows is read as ever"


def test_an_item_may_have_a_character_set_of_its_own() -> None:
    own = item_of(SpecificCharacterSet="ISO_IR 144", RequestedProcedureDescription=b"\xbb\xee\xda")
    other = item_of(RequestedProcedureDescription="\xe9".encode())
    dataset = encoded_with(EXPLICIT, own, other, SpecificCharacterSet="ISO_IR 192")
    said = [item["RequestedProcedureDescription"] for item in requests_in(dataset, EXPLICIT)]
    assert said == ["\u041b\u044e\u043a", "\xe9"]


def test_a_sequence_whose_vr_was_lost_is_implicit_within() -> None:
    inside = encode_dataset(item_of(RequestedProcedureID="RP1"), IMPLICIT)
    value = ITEM + pack("<L", len(inside)) + inside
    raw = pack("<HH2sHL", 0x0040, 0x0275, b"UN", 0, len(value)) + value
    dataset = encode_dataset(make_instance(PixelData=REMOVED)) + raw
    assert requests_in(dataset, EXPLICIT) == [{"RequestedProcedureID": "RP1"}]


def test_a_sequence_behind_what_is_skimmed_is_read_too() -> None:
    dataset = encoded_with(EXPLICIT, request(), PatientComments="x" * 65_000, AdditionalPatientHistory="y" * 65_000)
    assert requests_in(dataset, EXPLICIT)[0]["RequestedProcedureID"] == "RP1"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_damage_within_a_sequence_of_known_length_is_nobodys_fault(syntax: UID) -> None:
    for junk in (b"\xff" * 24, ITEM + b"\xff\xff\xff\x7f", b"no items at all!", bytes(40)):
        whole = encoded_with(syntax, request(1))
        last = whole.index(b"RP1")
        assert isinstance(requests_in(whole[: last - len(junk)] + junk + whole[last:], syntax), list)


def test_what_came_before_the_damage_counts() -> None:
    whole = encoded_with(EXPLICIT, item_of(RequestedProcedureID="RP1 "), item_of(RequestedProcedureID="RP2 "))
    second = whole.index(b"RP2 ") - 8
    assert requests_in(whole[:second] + b"\xff" * 8 + whole[second + 8 :], EXPLICIT)[0] == {
        "RequestedProcedureID": "RP1"
    }


def test_items_values_and_text_are_limited() -> None:
    many = requests_in(encoded_with(IMPLICIT, *(request(n) for n in range(200))), IMPLICIT)
    assert [item["RequestedProcedureID"] for item in many] == [f"RP{n}" for n in range(MAX_ITEMS)]
    (one,) = requests_in(encoded_with(IMPLICIT, item_of(RequestedProcedureDescription="x" * 5000)), IMPLICIT)
    assert len(one["RequestedProcedureDescription"]) == MAX_ITEM_VALUE
    long = {"RequestedProcedureDescription": "x" * 900, "ReasonForTheRequestedProcedure": "\x01" * 900}
    dataset = encoded_with(IMPLICIT, *(item_of(**long) for _ in range(60)))
    assert 0 < len(read_header(dataset, IMPLICIT).values["RequestAttributesSequence"]) <= MAX_VALUE


def test_a_sequence_that_never_ends_is_still_refused() -> None:
    whole = encoded_with(EXPLICIT, request(), undefined=True, PixelData=REMOVED)
    with pytest.raises(NotDicom):
        read_header(whole[:-8], EXPLICIT)
