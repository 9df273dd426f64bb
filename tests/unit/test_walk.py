"""The walker against bytes laid by hand: every way of length and nesting of PS3.5 7, and what must be refused."""

import mmap
from collections.abc import Callable
from struct import pack

import pytest

from radnode.instance import walk as walking
from radnode.instance.encodings import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
)
from radnode.instance.walk import FRAGMENT, ITEM, walk, walk_items
from radnode.model.errors import NotDicom, Truncated
from radnode.model.uid import UID

JPEG = UID("1.2.840.10008.1.2.4.50")
GE_PRIVATE = UID("1.2.840.113619.5.2")
ITEM_END = pack("<HHL", 0xFFFE, 0xE00D, 0)
SEQUENCE_END = pack("<HHL", 0xFFFE, 0xE0DD, 0)


def short(tag: int, vr: str, value: bytes, order: str = "<") -> bytes:
    return pack(f"{order}HH", tag >> 16, tag & 0xFFFF) + vr.encode() + pack(f"{order}H", len(value)) + value


def long(tag: int, vr: str, value: bytes, length: int | None = None, order: str = "<") -> bytes:
    head = pack(f"{order}HH", tag >> 16, tag & 0xFFFF) + vr.encode() + b"\0\0"
    return head + pack(f"{order}L", len(value) if length is None else length) + value


def implicit(tag: int, value: bytes, length: int | None = None) -> bytes:
    return pack("<HHL", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def item(value: bytes, length: int | None = None) -> bytes:
    return implicit(ITEM, value, length)


ID = short(0x00100020, "LO", b"ID")
NAME = short(0x00100010, "PN", b"A^B ")


def steps(dataset: bytes, syntax: UID = EXPLICIT_VR_LITTLE_ENDIAN, *, deep: bool = False) -> list[tuple[int, str, int]]:
    return [(tag, vr, depth) for tag, vr, _, _, depth in walk(dataset, syntax, deep=deep)]


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_values_are_where_the_elements_say(wrap: Callable[[bytes], bytes]) -> None:
    dataset = wrap(NAME + ID + long(0x7FE00010, "OW", b"\1\2\3\4"))
    found = {tag: bytes(dataset[offset : offset + length]) for tag, _, offset, length, _ in walk(dataset, JPEG)}
    assert found == {0x00100010: b"A^B ", 0x00100020: b"ID", 0x7FE00010: b"\1\2\3\4"}


def test_a_map_is_walked_like_bytes() -> None:
    with mmap.mmap(-1, len(NAME + ID)) as dataset:
        dataset[:] = NAME + ID
        assert list(walk(dataset, JPEG)) == list(walk(NAME + ID, JPEG))


def test_big_endian() -> None:
    dataset = short(0x00280010, "US", b"\2\0", ">") + long(0x7FE00010, "OW", b"\0\1", order=">")
    assert steps(dataset, EXPLICIT_VR_BIG_ENDIAN) == [(0x00280010, "US", 0), (0x7FE00010, "OW", 0)]


@pytest.mark.parametrize("syntax", [IMPLICIT_VR_LITTLE_ENDIAN, GE_PRIVATE])
def test_implicit_vr(syntax: UID) -> None:
    assert steps(implicit(0x00100020, b"ID"), syntax) == [(0x00100020, "", 0)]


def test_explicit_elements_under_an_implicit_syntax_are_recognised() -> None:
    assert steps(NAME + ID, IMPLICIT_VR_LITTLE_ENDIAN) == [(0x00100010, "PN", 0), (0x00100020, "LO", 0)]


def test_implicit_elements_within_an_explicit_set_are_recognised() -> None:
    dataset = ID + long(0x00081140, "SQ", item(implicit(0x00081155, b"1.2 "))) + implicit(0x00200010, b"7 ")
    assert steps(dataset, deep=True) == [
        (0x00100020, "LO", 0),
        (0x00081140, "SQ", 0),
        (ITEM, "", 1),
        (0x00081155, "", 2),
        (0x00200010, "", 0),
    ]


def test_a_vr_of_the_future_has_the_long_form_where_that_fits() -> None:
    assert steps(long(0x00091001, "ZZ", b"abcd") + ID) == [(0x00091001, "ZZ", 0), (0x00100020, "LO", 0)]
    assert steps(short(0x00091001, "ZZ", b"abcd") + ID) == [(0x00091001, "ZZ", 0), (0x00100020, "LO", 0)]
    assert steps(short(0x00091001, "ZZ", b"") + ID) == [(0x00091001, "ZZ", 0), (0x00100020, "LO", 0)]


def test_sequences_of_defined_length_are_stepped_over_unless_deep() -> None:
    dataset = long(0x00081140, "SQ", item(ID) + item(NAME)) + ID
    assert steps(dataset) == [(0x00081140, "SQ", 0), (0x00100020, "LO", 0)]
    assert [tag for tag, _, _ in steps(dataset, deep=True)] == [
        0x00081140, ITEM, 0x00100020, ITEM, 0x00100010, 0x00100020,
    ]  # fmt: skip


def test_undefined_lengths_are_followed_to_their_delimiters() -> None:
    inner = long(0x00081140, "SQ", item(ID + ITEM_END, UNDEFINED) + item(NAME) + SEQUENCE_END, UNDEFINED)
    dataset = long(0x00081115, "SQ", item(inner + ITEM_END, UNDEFINED) + SEQUENCE_END, UNDEFINED) + ID
    assert steps(dataset) == [
        (0x00081115, "SQ", 0),
        (ITEM, "", 1),
        (0x00081140, "SQ", 2),
        (ITEM, "", 3),
        (0x00100020, "LO", 4),
        (ITEM, "", 3),
        (0x00100020, "LO", 0),
    ]


def test_unknown_vr_of_undefined_length_is_implicit_within_even_in_big_endian() -> None:
    inside = item(implicit(0x00100020, b"ID") + ITEM_END, UNDEFINED) + SEQUENCE_END
    for syntax, order in ((EXPLICIT_VR_LITTLE_ENDIAN, "<"), (EXPLICIT_VR_BIG_ENDIAN, ">")):
        dataset = long(0x00091001, "UN", inside, UNDEFINED, order) + short(0x00100020, "LO", b"ID", order)
        assert steps(dataset, syntax)[-2:] == [(0x00100020, "", 2), (0x00100020, "LO", 0)]


def test_fragments_of_pixel_data_are_told_from_items() -> None:
    dataset = long(0x7FE00010, "OB", item(b"") + item(b"\xff\xd8\xff\xd9") + SEQUENCE_END, UNDEFINED)
    assert steps(dataset, JPEG) == [(0x7FE00010, "OB", 0), (ITEM, FRAGMENT, 1), (ITEM, FRAGMENT, 1)]


@pytest.mark.parametrize("vr", [b"DA", b"LT", b"OB", b"UN", b"ZZ"])
def test_an_item_whose_length_looks_like_a_vr_is_an_item(vr: bytes) -> None:
    length = int.from_bytes(vr, "little")
    dataset = long(0x7FE00010, "OB", item(b"") + item(b"x" * length) + SEQUENCE_END, UNDEFINED)
    assert [(one.tag, one.vr, one.length) for one in walk(dataset, JPEG)][2:] == [(ITEM, FRAGMENT, length)]
    item_of_elements = item(long(0x00091001, "OB", b"x" * (length - 12)))
    dataset = long(0x00081140, "SQ", item_of_elements)
    assert steps(dataset, deep=True)[1:] == [(ITEM, "", 1), (0x00091001, "OB", 2)]


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 7, b"\0" * 8, b"\0" * 3000, long(0xFFFCFFFC, "OB", b"\0\0")])
def test_padding_at_the_end_is_tolerated(tail: bytes) -> None:
    assert (0x00100020, "LO", 0) in steps(NAME + ID + tail)


def test_delimiters_too_many_and_elements_out_of_order_are_tolerated() -> None:
    assert steps(ID + ITEM_END + SEQUENCE_END + NAME) == [(0x00100020, "LO", 0), (0x00100010, "PN", 0)]


WHOLE = {
    "short": ID,
    "long": long(0x7FE00010, "OW", b"\1\2\3\4"),
    "sequence": long(0x00081140, "SQ", item(ID + ITEM_END, UNDEFINED) + SEQUENCE_END, UNDEFINED),
    "defined sequence": long(0x00081140, "SQ", item(ID)),
    "unknown": long(0x00091001, "UN", item(implicit(0x00100020, b"ID")) + SEQUENCE_END, UNDEFINED),
    "fragments": long(0x7FE00010, "OB", item(b"") + item(b"\xff\xd8") + SEQUENCE_END, UNDEFINED),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("deep", [False, True])
def test_every_cut_but_between_elements_is_truncated(kind: str, deep: bool) -> None:
    whole = NAME + WHOLE[kind]
    assert len(steps(whole, deep=deep)) > 1
    for end in range(len(NAME) + 1, len(whole)):
        with pytest.raises(Truncated):
            list(walk(whole[:end], EXPLICIT_VR_LITTLE_ENDIAN, deep=deep))


@pytest.mark.parametrize(
    "dataset",
    [
        item(ID),
        long(0x00081140, "SQ", ID + SEQUENCE_END, UNDEFINED),
        long(0x00081140, "SQ", item(ID + SEQUENCE_END, UNDEFINED), UNDEFINED),
        long(0x7FE00010, "OB", item(b"", UNDEFINED) + SEQUENCE_END, UNDEFINED),
        implicit(0xFFFFFFFF, b""),
    ],
)
def test_what_is_out_of_place_is_not_dicom(dataset: bytes) -> None:
    with pytest.raises(NotDicom):
        list(walk(ID + dataset, EXPLICIT_VR_LITTLE_ENDIAN))


def test_an_item_that_runs_past_its_sequence_is_refused_when_it_is_entered() -> None:
    dataset = long(0x00081140, "SQ", item(ID, 4000)) + bytes(5000)
    with pytest.raises(Truncated):
        list(walk(dataset, EXPLICIT_VR_LITTLE_ENDIAN, deep=True))


def nested(levels: int) -> bytes:
    return long(0x00081140, "SQ", item(b"", UNDEFINED), UNDEFINED) * levels + (ITEM_END + SEQUENCE_END) * levels


def test_sequences_may_be_nested_64_deep() -> None:
    assert max(depth for _, _, depth in steps(nested(64))) == 127
    with pytest.raises(NotDicom, match="nested deeper than 64"):
        list(walk(nested(65), EXPLICIT_VR_LITTLE_ENDIAN))
    with pytest.raises(NotDicom, match="nested deeper than 64"):
        list(walk(nested(100_000), EXPLICIT_VR_LITTLE_ENDIAN))


def test_the_number_of_elements_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MAX_ELEMENTS", 100)
    with pytest.raises(NotDicom, match="more than 100 elements"):
        list(walk(ID * 101, EXPLICIT_VR_LITTLE_ENDIAN))


@pytest.mark.parametrize("length", [None, UNDEFINED])
def test_a_sequence_can_be_walked_alone(length: int | None) -> None:
    end = SEQUENCE_END if length else b""
    dataset = NAME + long(0x00081140, "SQ", item(ID) + item(NAME) + end, length) + ID
    sequence = next(element for element in walk(dataset, EXPLICIT_VR_LITTLE_ENDIAN) if element.tag == 0x00081140)
    inside = [(tag, depth) for tag, _, _, _, depth in walk_items(dataset, EXPLICIT_VR_LITTLE_ENDIAN, sequence)]
    assert inside == [(ITEM, 1), (0x00100020, 2), (ITEM, 1), (0x00100010, 2)]


def test_every_one_of_many_fragments_is_met_where_it_lies() -> None:
    lengths = [0, *(2 * (n % 5) for n in range(500))]
    dataset = pack("<HH2sHL", 0x7FE0, 0x10, b"OB", 0, 0xFFFFFFFF)
    dataset += b"".join(pack("<HHL", 0xFFFE, 0xE000, length) + b"x" * length for length in lengths)
    dataset += pack("<HHL", 0xFFFE, 0xE0DD, 0) + pack("<HH2sH", 0xFFFC, 0xFFFC, b"OB", 0) + bytes(4)

    met = list(walk(dataset, JPEG))

    assert [(e.tag, e.vr, e.length, e.depth) for e in met[1:-1]] == [(ITEM, FRAGMENT, n, 1) for n in lengths]
    assert all(dataset[e.offset : e.offset + e.length] == b"x" * e.length for e in met[1:-1])
    assert (met[-1].tag, met[-1].depth) == (0xFFFCFFFC, 0)


def test_megabytes_of_padding_are_no_element() -> None:
    encoded = short(0x00080018, "UI", b"1.2.3\0")
    padded = list(walk(encoded + bytes(3_000_001), EXPLICIT_VR_LITTLE_ENDIAN))
    assert padded == list(walk(encoded, EXPLICIT_VR_LITTLE_ENDIAN))
    with pytest.raises(NotDicom, match="out of place"):
        list(walk(encoded + bytes(3_000_001) + b"\1" * 12, EXPLICIT_VR_LITTLE_ENDIAN))


def test_a_zero_tag_does_not_end_an_item_of_known_length() -> None:
    inner = pack("<HHL", 0, 0, 0) + short(0x00100020, "LO", b"IN")
    sequence = long(0x00081140, "SQ", pack("<HHL", 0xFFFE, 0xE000, len(inner)) + inner)
    met = list(walk(sequence + short(0x00200010, "SH", b"ID"), EXPLICIT_VR_LITTLE_ENDIAN, deep=True))
    assert [(e.tag, e.depth) for e in met] == [
        (0x00081140, 0),
        (ITEM, 1),
        (0, 2),
        (0x00100020, 2),
        (0x00200010, 0),
    ]
