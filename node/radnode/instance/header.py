"""From an encoded data set to its Header in one walk: whole length, identity, indexed values."""

from radnode.instance.deflate import inflated
from radnode.instance.encodings import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
    Buffer,
)
from radnode.instance.values import MAX_VALUE, PADDING, SPECIFIC_CHARACTER_SET, texts_of
from radnode.instance.walk import walk
from radnode.model.attributes import ATTRIBUTES, BY_TAG, Source
from radnode.model.errors import InvalidIdentity, NotDicom
from radnode.model.header import Header
from radnode.model.uid import UID, InvalidUID, parse_uid

_VRS = {attribute.tag: attribute.vr for attribute in ATTRIBUTES if attribute.source is Source.HEADER}
_WANTED = frozenset({*_VRS, SPECIFIC_CHARACTER_SET})


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
    tag = -1
    for tag, vr, offset, length, depth in walk(dataset, encoding):
        if tag in _WANTED and not depth and length != UNDEFINED:
            raw[tag] = vr, bytes(dataset[offset : offset + min(length, MAX_VALUE)])
    if tag < 0:
        raise NotDicom("the data set has no elements")
    texts = texts_of(raw, _VRS, big_endian=encoding == EXPLICIT_VR_BIG_ENDIAN)
    values = {BY_TAG[tag].keyword: text for tag, text in texts.items()}
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
