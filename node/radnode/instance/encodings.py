"""How an encoded data set writes its element headers: transfer syntaxes and their three ways (PS3.5 7.1, A)."""

from collections.abc import Callable
from mmap import mmap
from struct import Struct
from typing import TypeAlias

from radnode.model.uid import UID

Buffer: TypeAlias = bytes | bytearray | memoryview | mmap

IMPLICIT_VR_LITTLE_ENDIAN = UID("1.2.840.10008.1.2")
EXPLICIT_VR_LITTLE_ENDIAN = UID("1.2.840.10008.1.2.1")
EXPLICIT_VR_BIG_ENDIAN = UID("1.2.840.10008.1.2.2")
DEFLATED = frozenset(  # the whole data set is one deflated stream (A.5, A.7, A.12)
    {
        UID("1.2.840.10008.1.2.1.99"),
        UID("1.2.840.10008.1.2.4.95"),  # JPIP Referenced Deflate
        UID("1.2.840.10008.1.2.4.205"),  # JPIP HTJ2K Referenced Deflate
    }
)
IMPLICIT = frozenset(
    {
        IMPLICIT_VR_LITTLE_ENDIAN,
        UID("1.2.840.10008.1.20"),  # Papyrus 3, retired
        UID("1.2.840.113619.5.2"),  # GE private: only the pixel data is big-endian
    }
)

UNDEFINED = 0xFFFFFFFF  # the length of what ends with a delimiter (7.5)
ITEM_GROUP = 0xFFFE

# (tag, VR or "" where it is not written, offset of the value, length of the value)
ElementHeader = tuple[int, str, int, int]
HeaderReader = Callable[[Buffer, int], ElementHeader]

SHORT_VRS = {vr.encode(): vr for vr in ("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT", "PN")}
SHORT_VRS |= {vr.encode(): vr for vr in ("SH", "SL", "SS", "ST", "TM", "UI", "UL", "US")}
LONG_VRS = {vr.encode(): vr for vr in ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")}


WORDS = {  # VR -> the array type of the words that byte order turns round (PS3.5 7.3)
    **dict.fromkeys(("AT", "OW", "SS", "US"), "H"),
    **dict.fromkeys(("FL", "OF", "OL", "SL", "UL"), "I"),
    **dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), "Q"),
}


def header_reader(transfer_syntax: UID, dataset: Buffer) -> HeaderReader:
    """How `dataset` (inflated already) writes its element headers.

    A set that claims implicit VR but visibly writes a known VR in its first element is read as explicit: devices send
    such. The other way round needs no guess, since explicit readers recognise each element without a VR.
    """
    if transfer_syntax == EXPLICIT_VR_BIG_ENDIAN:
        return read_explicit_big
    if transfer_syntax in IMPLICIT and bytes(dataset[4:6]) not in SHORT_VRS.keys() | LONG_VRS.keys():
        return read_implicit
    return read_explicit


def _of_the_future(buffer: Buffer, position: int, tag: int, vr: str, length: int, long: Struct) -> ElementHeader:
    """A VR of the future has a 32-bit length after two zero bytes (7.1.2); what does not fit is the short form."""
    if length == 0 and position + 12 <= len(buffer):
        (wide,) = long.unpack_from(buffer, position + 8)
        if position + 12 + wide <= len(buffer):
            return tag, vr, position + 12, wide
    return tag, vr, position + 8, length


def _explicit(order: str) -> HeaderReader:
    short = Struct(f"{order}HH2sH").unpack_from
    long = Struct(f"{order}L")
    implicit = _implicit(order)

    def read(buffer: Buffer, position: int) -> ElementHeader:
        group, element, vr, length = short(buffer, position)
        known = SHORT_VRS.get(vr)
        if known is None or group == ITEM_GROUP:  # an item has no VR; what looks like one is its length (7.5)
            return _longer(buffer, position, group << 16 | element, vr, length)
        return group << 16 | element, known, position + 8, length

    def _longer(buffer: Buffer, position: int, tag: int, vr: bytes, length: int) -> ElementHeader:
        if tag >> 16 == ITEM_GROUP or not (vr.isalpha() and vr.isupper()):
            return implicit(buffer, position)
        known = LONG_VRS.get(vr)
        if known is not None:
            return tag, known, position + 12, long.unpack_from(buffer, position + 8)[0]
        return _of_the_future(buffer, position, tag, vr.decode("ascii"), length, long)

    return read


def _implicit(order: str) -> HeaderReader:
    whole = Struct(f"{order}HHL").unpack_from

    def read(buffer: Buffer, position: int) -> ElementHeader:
        group, element, length = whole(buffer, position)
        return group << 16 | element, "", position + 8, length

    return read


read_explicit = _explicit("<")
read_explicit_big = _explicit(">")
read_implicit = _implicit("<")
