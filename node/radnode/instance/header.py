"""From an encoded data set to its Header in one walk: whole length, identity, indexed values."""

from radnode.instance.charset import codecs_of
from radnode.instance.deflate import inflated
from radnode.instance.encodings import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
    Buffer,
)
from radnode.instance.values import PADDING, text_of
from radnode.instance.walk import walk
from radnode.model.attributes import ATTRIBUTES, Attribute, Source
from radnode.model.errors import InvalidIdentity, NotDicom
from radnode.model.header import Header
from radnode.model.uid import UID, InvalidUID, parse_uid

MAX_VALUE = 1 << 16  # bytes of one indexed value; LT, the longest VR among them, has 10240 characters at most
SPECIFIC_CHARACTER_SET = 0x00080005
_WANTED: dict[int, Attribute | None] = {a.tag: a for a in ATTRIBUTES if a.source is Source.HEADER}
_WANTED[SPECIFIC_CHARACTER_SET] = None


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
    last = -1
    for last, vr, offset, length, depth in walk(dataset, encoding):
        if last in _WANTED and not depth and length != UNDEFINED:
            raw[last] = vr, bytes(dataset[offset : offset + min(length, MAX_VALUE)])
    if last < 0:
        raise NotDicom("the data set has no elements")
    values = _values(raw, big_endian=encoding == EXPLICIT_VR_BIG_ENDIAN)
    return Header(
        transfer_syntax=transfer_syntax,
        sop_class=_identity(values, "SOPClassUID"),
        sop_instance=_identity(values, "SOPInstanceUID"),
        study=_identity(values, "StudyInstanceUID"),
        series=_identity(values, "SeriesInstanceUID"),
        patient_id=values.get("PatientID", "").strip(PADDING),
        values=values,
    )


def _values(raw: dict[int, tuple[str, bytes]], *, big_endian: bool) -> dict[str, str]:
    codecs = codecs_of(raw.pop(SPECIFIC_CHARACTER_SET, ("", b""))[1])
    return {
        attribute.keyword: text_of(value, attribute.vr, vr, codecs, big_endian=big_endian)
        for tag, (vr, value) in raw.items()
        if (attribute := _WANTED[tag]) is not None
    }


def _identity(values: dict[str, str], keyword: str) -> UID:
    text = values.get(keyword)
    if not text:
        raise InvalidIdentity(keyword, "is missing" if text is None else "is empty")
    try:
        return parse_uid(text)
    except InvalidUID as why:
        raise InvalidIdentity(keyword, f"is no UID: {str(why)!r}") from None
