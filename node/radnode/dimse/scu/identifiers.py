"""Identifiers of a user's queries: written from keywords and text, read as keywords and text."""

from collections.abc import Mapping

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from radnode.dimse.encoding import CHARSET_VRS, encode_elements, encode_value
from radnode.dimse.scu.values import CallFailed
from radnode.instance.charset import codecs_of
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED
from radnode.instance.values import text_of
from radnode.instance.walk import walk
from radnode.model.errors import NotDicom
from radnode.model.level import Level
from radnode.model.uid import UID

_CHARACTER_SET, _LEVEL = 0x00080005, 0x00080052


def encode_identifier(level: Level, keys: Mapping[str, str], transfer_syntax: UID) -> bytes:
    """The identifier of a query; CallFailed for a key that the dictionary does not know. Text goes as ISO_IR 192."""
    elements = {_LEVEL: ("CS", level.name.encode()), _CHARACTER_SET: ("CS", b"ISO_IR 192")}
    for name, text in keys.items():
        tag = _tag(name)
        vr = dictionary_VR(tag)[:2]
        value = encode_value(vr, text, lambda text: text.encode(), big_endian=False)
        elements[tag] = (vr, value)
    if all(value.isascii() for vr, value in elements.values() if vr in CHARSET_VRS):
        del elements[_CHARACTER_SET]
    return encode_elements(elements, transfer_syntax)


def decode_identifier(data: bytes, transfer_syntax: UID) -> Mapping[str, str]:
    """The elements of an answer by keyword (or tag, where it has none), as text; sequences are left out."""
    try:
        elements = [one for one in walk(data, transfer_syntax) if not one.depth and one.length != UNDEFINED]
    except NotDicom as error:
        raise CallFailed(f"the peer answered with what is no data set: {error}") from error
    raw = {one.tag: data[one.offset : one.offset + one.length] for one in elements}
    codecs = codecs_of(raw.get(_CHARACTER_SET, b"").strip(b"\0 "))
    big_endian = transfer_syntax == EXPLICIT_VR_BIG_ENDIAN
    values = {}
    for one in elements:
        vr = _vr(one.tag) or one.vr
        if vr != "SQ":
            values[_name(one.tag)] = text_of(raw[one.tag], vr, one.vr, codecs, big_endian=big_endian)
    return values


def _tag(name: str) -> int:
    tag = tag_for_keyword(name)
    if tag is None:
        try:
            tag = int(name.strip("()").replace(",", ""), 16)
        except ValueError:
            raise CallFailed(f"{name!r} is no attribute") from None
    if not _vr(tag):
        raise CallFailed(f"{name!r} is no attribute")
    return tag


def _vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)[:2]
    except KeyError:
        return ""


def _name(tag: int) -> str:
    return keyword_for_tag(tag) or f"{tag >> 16:04X},{tag & 0xFFFF:04X}"
