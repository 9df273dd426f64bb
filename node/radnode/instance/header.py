"""From an encoded data set to its Header in one walk: whole length, identity, indexed values."""

from radnode.instance.deflate import inflated
from radnode.instance.encodings import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
    Buffer,
    header_reader,
    read_explicit,
    read_explicit_big,
    read_implicit,
)
from radnode.instance.remembering import texts
from radnode.instance.skimming import Skimmer
from radnode.instance.values import MAX_VALUE, PADDING, SPECIFIC_CHARACTER_SET
from radnode.instance.walk import walk
from radnode.model.attributes import ATTRIBUTES, Source
from radnode.model.errors import InvalidIdentity, NotDicom
from radnode.model.header import Header
from radnode.model.uid import UID, InvalidUID, parse_uid

_INDEXED = {attribute.tag for attribute in ATTRIBUTES if attribute.source is Source.HEADER}
_WANTED = frozenset({*_INDEXED, SPECIFIC_CHARACTER_SET})
_SKIMMERS = {read: Skimmer(_WANTED, read) for read in (read_explicit, read_explicit_big, read_implicit)}


def read_header(dataset: Buffer, transfer_syntax: UID) -> Header:
    """The header of a data set, which must be whole: every length up to its end is checked.

    Raises NotDicom, Truncated (PS3.5 7), or InvalidIdentity for a missing or malformed SOP Class, SOP Instance, Study
    or Series Instance UID. Odd values of other attributes never raise. A value beyond MAX_VALUE bytes is cut there.
    """
    if transfer_syntax not in DEFLATED:
        return _read(dataset, transfer_syntax, transfer_syntax)
    with inflated(dataset) as plain:
        return _read(plain, EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax)


def _read(dataset: Buffer, encoding: UID, transfer_syntax: UID) -> Header:
    raw: dict[int, tuple[str, bytes]] = {}
    position = _SKIMMERS[header_reader(encoding, dataset)].skim(dataset, raw)
    tag = position - 1  # nothing skimmed and nothing walked: there is nothing
    for tag, vr, offset, length, depth in walk(dataset, encoding, position=position):
        if tag in _WANTED and not depth and length != UNDEFINED:
            raw[tag] = vr, bytes(dataset[offset : offset + min(length, MAX_VALUE)])
    if tag < 0:
        raise NotDicom("the data set has no elements")
    _, specific_character_set = raw.pop(SPECIFIC_CHARACTER_SET, ("", b""))
    known = texts(specific_character_set, big_endian=encoding == EXPLICIT_VR_BIG_ENDIAN)
    values = dict(map(known.__getitem__, raw.items()))
    return Header(
        transfer_syntax=transfer_syntax,
        sop_class=_identity(values, "SOPClassUID"),
        sop_instance=_identity(values, "SOPInstanceUID"),
        study=_identity(values, "StudyInstanceUID"),
        series=_identity(values, "SeriesInstanceUID"),
        patient_id=values.get("PatientID", "").strip(PADDING),
        values=values,
    )


def _identity(values: dict[str, str], keyword: str) -> UID:
    text = values.get(keyword)
    if not text:
        raise InvalidIdentity(keyword, "is missing" if text is None else "is empty")
    try:
        return parse_uid(text)
    except InvalidUID as why:
        raise InvalidIdentity(keyword, f"is no UID: {str(why)!r}") from None
