"""What is remembered for speed stays small, whatever a peer sends."""

import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest

from radnode.archive.describing import description_of
from radnode.archive.families import Families, Family, words_of
from radnode.dimse.encoding import encode_elements
from radnode.dimse.identifier import parse_identifier
from radnode.instance.charset import codecs_of
from radnode.instance.remembering import texts
from radnode.model.errors import RadnodeError
from radnode.model.header import Header
from radnode.model.level import Root
from radnode.model.uid import UID, parse_uid

IMPLICIT = UID("1.2.840.10008.1.2")


FAMILIES = Families()


def make_header(**values: str) -> Header:
    one = UID("1.2.3")
    return Header(IMPLICIT, one, one, one, one, values.get("PatientID", ""), values)


def ask(number: int) -> None:
    term = b"\\ISO 2022 IR 58" * 10_000 + str(number).encode()
    keys = {0x00080005: ("CS", term), 0x00080052: ("CS", b"STUDY"), 0x00100010: ("PN", b"D*")}
    with suppress(RadnodeError):
        parse_identifier(encode_elements(keys, IMPLICIT), IMPLICIT, Root.STUDY)


@pytest.mark.parametrize(
    "remember",
    [
        lambda number: codecs_of(b"\\ISO 2022 IR 87" * 10_000 + str(number).encode()),
        lambda number: parse_uid(f"1.2.{number}" + "\0" * 100_000),
        ask,
        lambda number: description_of(make_header(StudyDescription=f"{number}" + "x" * 50_000)),
        lambda number: FAMILIES.keep(words_of(make_header(PatientID=f"{number}" + "x" * 50_000)), 0, Family(1, 1, 1)),
        lambda number: texts(b"ISO_IR 192" + b" " * 50_000 + str(number).encode(), big_endian=False),
    ],
    ids=["character sets", "UIDs", "identifiers", "descriptions", "families", "texts"],
)
def test_long_values_are_not_kept(remember: Callable[[int], object]) -> None:
    tracemalloc.start()
    try:
        for number in range(100):
            remember(number)
        assert tracemalloc.get_traced_memory()[0] < 2 << 20
    finally:
        tracemalloc.stop()


def test_an_identifier_names_no_more_character_sets_than_anyone_needs() -> None:
    """Each answer carries them, and is tried in each of them."""
    term = b"\\".join([b"ISO 2022 IR 6", *([b"ISO 2022 IR 87"] * 30_000)])
    keys = {0x00080005: ("CS", term), 0x00080052: ("CS", b"STUDY")}
    identifier = parse_identifier(encode_elements(keys, IMPLICIT), IMPLICIT, Root.STUDY)
    assert len(identifier.character_set) <= 256
    assert len(codecs_of(term)) <= 20
