"""From an encoded data set to its Header in one walk: whole length, identity, indexed values."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from radnode.instance.deflate import inflated
from radnode.instance.encodings import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
    Buffer,
    HeaderReader,
    header_reader,
    read_explicit,
    read_explicit_big,
    read_implicit,
)
from radnode.instance.remembering import texts
from radnode.instance.skimming import Skimmer
from radnode.instance.values import MAX_VALUE, PADDING, SPECIFIC_CHARACTER_SET
from radnode.instance.walk import walk
from radnode.model.attribute_table import STANDARD_TABLE, AttributeTable
from radnode.model.errors import InvalidIdentity, NotDicom
from radnode.model.header import Header
from radnode.model.uid import UID, InvalidUID, parse_uid

_Raw = dict[int, tuple[str, bytes]]  # tag -> VR as written, encoded value


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is looked for, and by whom it is skimmed."""

    tags: frozenset[int]
    sequences: frozenset[int]
    skimmers: Mapping[HeaderReader, Skimmer]


@lru_cache(maxsize=16)
def _wanted(table: AttributeTable) -> _Wanted:
    tags = frozenset({*table.in_headers, SPECIFIC_CHARACTER_SET})
    sequences = frozenset(tag for tag, attribute in table.in_headers.items() if attribute.items)
    return _Wanted(
        tags, sequences, {read: Skimmer(tags, read) for read in (read_explicit, read_explicit_big, read_implicit)}
    )


def read_header(dataset: Buffer, transfer_syntax: UID, table: AttributeTable = STANDARD_TABLE) -> Header:
    """The header of a data set, which must be whole: every length up to its end is checked.

    Raises NotDicom, Truncated (PS3.5 7), or InvalidIdentity for a missing or malformed SOP Class, SOP Instance, Study
    or Series Instance UID. Odd values of other attributes never raise. A value beyond MAX_VALUE bytes is cut there.
    """
    if transfer_syntax not in DEFLATED:
        return _read(dataset, transfer_syntax, transfer_syntax, table)
    with inflated(dataset) as plain:
        return _read(plain, EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax, table)


def _read(dataset: Buffer, encoding: UID, transfer_syntax: UID, table: AttributeTable) -> Header:
    raw: _Raw = {}
    wanted = _wanted(table)
    position = wanted.skimmers[header_reader(encoding, dataset)].skim(dataset, raw)
    tag = _walk_on(dataset, encoding, position, wanted, raw)
    if tag < 0:
        raise NotDicom("the data set has no elements")
    _, specific_character_set = raw.pop(SPECIFIC_CHARACTER_SET, ("", b""))
    known = texts(specific_character_set, big_endian=encoding == EXPLICIT_VR_BIG_ENDIAN, table=table)
    values = dict(map(known.__getitem__, raw.items()))
    return Header(
        transfer_syntax=transfer_syntax,
        sop_class=_identity(values, "SOPClassUID"),
        sop_instance=_identity(values, "SOPInstanceUID"),
        study=_identity(values, "StudyInstanceUID"),
        series=_identity(values, "SeriesInstanceUID"),
        patient_id=values.get("PatientID", "").strip(PADDING),
        values=values,
        table=table,
    )


def _walk_on(dataset: Buffer, encoding: UID, position: int, wanted: _Wanted, raw: _Raw) -> int:
    """Add to `raw` what is wanted from `position` on; the last tag, or -1 where there is nothing at all."""
    last, vr_of_sequence, begin, end = position - 1, "", 0, 0
    sequence = 0  # the tag of the wanted sequence of undefined length that is being walked: its end shows afterwards
    for tag, vr, offset, length, depth in walk(dataset, encoding, position=position):
        if depth:
            end = offset if length == UNDEFINED else offset + length
            continue
        if sequence:
            raw[sequence] = vr_of_sequence, bytes(dataset[begin : min(end, begin + MAX_VALUE)])
            sequence = 0
        last = tag
        if tag not in wanted.tags:
            continue
        if length != UNDEFINED:
            raw[tag] = vr, bytes(dataset[offset : offset + min(length, MAX_VALUE)])
        elif tag in wanted.sequences:
            sequence, vr_of_sequence, begin, end = tag, vr, offset, offset
    if sequence:
        raw[sequence] = vr_of_sequence, bytes(dataset[begin : min(end, begin + MAX_VALUE)])
    return last


def _identity(values: dict[str, str], keyword: str) -> UID:
    text = values.get(keyword)
    if not text:
        raise InvalidIdentity(keyword, "is missing" if text is None else "is empty")
    try:
        return parse_uid(text)
    except InvalidUID as why:
        raise InvalidIdentity(keyword, f"is no UID: {str(why)!r}") from None
