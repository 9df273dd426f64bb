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
from radnode.instance.skimming import SKIMMED, Skimmer
from radnode.instance.values import MAX_VALUE, PADDING, SPECIFIC_CHARACTER_SET
from radnode.instance.walk import walk
from radnode.model.attribute_table import STANDARD_TABLE, AttributeTable
from radnode.model.errors import InvalidIdentity, NotDicom
from radnode.model.header import Header
from radnode.model.uid import UID, InvalidUID, parse_uid

_ENDED = -1
_Raw = dict[int, tuple[str, bytes]]  # tag -> VR as written, encoded value
_Begun = tuple[int, str, int]  # tag, VR and offset of the value
_NOTHING: _Begun = (0, "", 0)


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
    skimmer, position = wanted.skimmers[header_reader(encoding, dataset)], 0
    while position != _ENDED:
        position = _walk_on(dataset, encoding, skimmer.skim(dataset, raw, position), wanted, raw)
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
    """Add to `raw` what is wanted from `position` on, to the end or to where there is something to skim again.

    That is behind an element that follows one of undefined length.
    """
    tag, begun, end = -1, _NOTHING, 0  # what has begun and has no length ends where what is in it ends
    for tag, vr, offset, length, depth in walk(dataset, encoding, position=position):
        if depth:
            end = offset if length == UNDEFINED else offset + length
            continue
        _keep_sequence(dataset, begun, end, wanted, raw)
        if length == UNDEFINED:
            begun, end = (tag, vr, offset), offset
            continue
        if tag in wanted.tags:
            raw[tag] = vr, bytes(dataset[offset : offset + min(length, MAX_VALUE)])
        if begun is not _NOTHING and offset + length < SKIMMED:
            return offset + length
        begun = _NOTHING
    if tag < 0 and not position:
        raise NotDicom("the data set has no elements")
    _keep_sequence(dataset, begun, end, wanted, raw)
    return _ENDED


def _keep_sequence(dataset: Buffer, begun: _Begun, end: int, wanted: _Wanted, raw: _Raw) -> None:
    tag, vr, offset = begun
    if tag in wanted.sequences:
        raw[tag] = vr, bytes(dataset[offset : min(end, offset + MAX_VALUE)])


def _identity(values: dict[str, str], keyword: str) -> UID:
    text = values.get(keyword)
    if not text:
        raise InvalidIdentity(keyword, "is missing" if text is None else "is empty")
    try:
        return parse_uid(text)
    except InvalidUID as why:
        raise InvalidIdentity(keyword, f"is no UID: {str(why)!r}") from None
