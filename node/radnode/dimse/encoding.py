"""A small encoder of flat data sets whose values are text as stored (PS3.5 7.1): no validation, no normal forms."""

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.uid import UID

CHARSET_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_LONG_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
_BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}
_SHORT_LIMIT, _LONG_LIMIT = 65534, 0xFFFFFFFE


def encode_value(vr: str, text: str, encode: Callable[[str], bytes], *, big_endian: bool) -> bytes:
    """The bytes of a stored text: binary VRs from decimal text (none if it is no number), others as they are."""
    if vr in _BINARY:
        return _numbers(vr, text, big_endian=big_endian)
    return encode(text) if vr in CHARSET_VRS else text.encode("latin_1", "replace")


def encode_elements(elements: Mapping[int, tuple[str, bytes]], transfer_syntax: UID) -> bytes:
    """A data set of `elements` (tag -> VR and value) in the order of their tags, values padded to even length."""
    return b"".join(
        element_form(tag, elements[tag][0], transfer_syntax).write(elements[tag][1]) for tag in sorted(elements)
    )


class ElementForm(NamedTuple):
    """How an element of one tag and VR is laid out: what stands before its length, and how that is written."""

    head: bytes
    length: Callable[[int], bytes]
    limit: int
    """Bytes that the length can count; a longer value is cut."""
    padding: bytes

    def write(self, value: bytes) -> bytes:
        """The element with this value, padded to even length."""
        value = value[: self.limit]
        if len(value) % 2:
            value += self.padding
        return self.head + self.length(len(value)) + value


def element_form(tag: int, vr: str, transfer_syntax: UID) -> ElementForm:
    """The form of the element `tag` in data sets of this transfer syntax."""
    order = ">" if transfer_syntax == EXPLICIT_VR_BIG_ENDIAN else "<"
    is_implicit = transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
    is_long = is_implicit or vr in _LONG_VRS
    head = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if not is_implicit:
        head += vr.encode() + (b"\0\0" if is_long else b"")
    length = struct.Struct(order + ("L" if is_long else "H")).pack
    padding = b"\0" if vr in ("UI", "UN", "OB") else b" "
    return ElementForm(head, length, _LONG_LIMIT if is_long else _SHORT_LIMIT, padding)


def _numbers(vr: str, text: str, *, big_endian: bool) -> bytes:
    order = ">" if big_endian else "<"
    convert = float if vr in ("FL", "FD") else int
    try:
        return b"".join(struct.pack(order + _BINARY[vr], convert(one)) for one in text.split("\\") if one)
    except (ValueError, struct.error):
        return b""
