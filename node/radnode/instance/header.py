"""From an encoded data set to its Header in one walk: whole length, identity, indexed values."""

from radnode.instance.deflate import inflated
from radnode.instance.encodings import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
    Buffer,
    header_reader,
)
from radnode.instance.values import MAX_VALUE, PADDING, SPECIFIC_CHARACTER_SET, texts_of
from radnode.instance.walk import ITEM, walk
from radnode.model.attributes import ATTRIBUTES, BY_TAG, Source
from radnode.model.errors import InvalidIdentity, NotDicom
from radnode.model.header import Header
from radnode.model.uid import UID, InvalidUID, parse_uid

_VRS = {attribute.tag: attribute.vr for attribute in ATTRIBUTES if attribute.source is Source.HEADER}
_WANTED = frozenset({*_VRS, SPECIFIC_CHARACTER_SET})
_HEAD = 1 << 16  # bytes that are skimmed: what is indexed stands before the pixel data
_KEYWORDS = {tag: attribute.keyword for tag, attribute in BY_TAG.items()}


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
    position = _skim(dataset, encoding, raw)
    tag = position - 1  # nothing skimmed and nothing walked: there is nothing
    for tag, vr, offset, length, depth in walk(dataset, encoding, position=position):
        if tag in _WANTED and not depth and length != UNDEFINED:
            raw[tag] = vr, bytes(dataset[offset : offset + min(length, MAX_VALUE)])
    if tag < 0:
        raise NotDicom("the data set has no elements")
    texts = texts_of(raw, _VRS, big_endian=encoding == EXPLICIT_VR_BIG_ENDIAN)
    values = {_KEYWORDS[tag]: text for tag, text in texts.items()}
    return Header(
        transfer_syntax=transfer_syntax,
        sop_class=_identity(values, "SOPClassUID"),
        sop_instance=_identity(values, "SOPInstanceUID"),
        study=_identity(values, "StudyInstanceUID"),
        series=_identity(values, "SeriesInstanceUID"),
        patient_id=values.get("PatientID", "").strip(PADDING),
        values=values,
    )


def _skim(dataset: Buffer, encoding: UID, raw: dict[int, tuple[str, bytes]]) -> int:
    """Collect from the plain elements at the beginning; where the first one begins that needs a closer look.

    In most objects that is the end, and it takes a third of the time of a walk.
    """
    read, head, end = header_reader(encoding, dataset), bytes(dataset[:_HEAD]), len(dataset)
    position, roomy = 0, len(head) - 12  # so the longest header fits
    while position <= roomy:
        tag, vr, offset, length = read(head, position)
        following = offset + length
        if not 0 < tag < ITEM or length == UNDEFINED or following > end:
            break
        if tag in _WANTED:
            if following > len(head):
                break
            raw[tag] = vr, head[offset:following]
        position = following
    return position


def _identity(values: dict[str, str], keyword: str) -> UID:
    text = values.get(keyword)
    if not text:
        raise InvalidIdentity(keyword, "is missing" if text is None else "is empty")
    try:
        return parse_uid(text)
    except InvalidUID as why:
        raise InvalidIdentity(keyword, f"is no UID: {str(why)!r}") from None
