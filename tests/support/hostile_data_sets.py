"""Data sets that are broken in the ways of broken senders, and in those of people who want a node to fall over."""

import struct
import zlib
from functools import lru_cache

from support.instances import encode_dataset, make_instance

from radnode.dimse.commitment import encode_request
from radnode.dimse.contexts import (
    PATIENT_ROOT_FIND,
    STORAGE_COMMITMENT,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
)
from radnode.dimse.encoding import encode_elements
from radnode.model.commitment import Reference
from radnode.model.uid import UID

EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
QUERIES = (STUDY_ROOT_FIND, PATIENT_ROOT_FIND, STUDY_ROOT_GET, STUDY_ROOT_MOVE)
VARIANTS = ("whole", "twice", "cut", "other syntax", "nested", "nested deeply", "claims much", "claims all", "bomb")
_UNDEFINED = 0xFFFFFFFF


@lru_cache(maxsize=64)
def data_set(syntax: str, variant: str, *, of: str) -> bytes:
    """A data set in one of VARIANTS for a context with this transfer syntax and the abstract syntax `of`."""
    plain = EXPLICIT if syntax == DEFLATED else syntax
    if variant == "other syntax":
        plain = IMPLICIT if plain == EXPLICIT else EXPLICIT
    if of == STORAGE_COMMITMENT:
        whole = encode_request(UID("2.25.1"), [Reference(UID("1.2.3"), UID(f"1.2.{n}")) for n in range(3)], UID(plain))
    else:
        whole = _identifier(plain, of) if of in QUERIES else encode_dataset(make_instance(plain))
    data = _spoiled(whole, plain, variant)
    return _deflated(data) if syntax == DEFLATED else data


def _spoiled(whole: bytes, syntax: str, variant: str) -> bytes:
    if variant == "cut":
        return whole[: len(whole) * 2 // 3]
    before = element(syntax, 0x00020010, "UN", _UNDEFINED, b"abc") if variant == "claims all" else b""
    return before + whole + _after(whole, syntax).get(variant, b"")


@lru_cache(maxsize=8)
def _after(whole: bytes, syntax: str) -> dict[str, bytes]:
    return {
        "twice": whole,
        "nested": nested(syntax, 100, is_closed=True),
        "nested deeply": nested(syntax, 3000, is_closed=False),
        "claims much": element(syntax, 0x7FE10010, "OB", 0x7FFFFFFE, b"abc"),
        "bomb": element(syntax, 0x7FE10010, "OB", 1 << 20, bytes(1 << 20)),
    }


def element(syntax: str, tag: int, vr: str, length: int, value: bytes) -> bytes:
    """An element with a length of 32 bits that says whatever it says."""
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    return head + (b"" if syntax == IMPLICIT else vr.encode() + bytes(2)) + struct.pack("<L", length) + value


def nested(syntax: str, depth: int, *, is_closed: bool) -> bytes:
    """Sequences of undefined length within each other."""
    item = struct.pack("<HHL", 0xFFFE, 0xE000, _UNDEFINED)
    opening = element(syntax, 0x00081140, "SQ", _UNDEFINED, item) * depth
    closing = struct.pack("<HHL", 0xFFFE, 0xE00D, 0) + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    return opening + (closing * depth if is_closed else b"")


def _deflated(data: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packing.compress(data) + packing.flush()
    return packed + b"\0" * (len(packed) % 2)


def _identifier(syntax: str, of: str) -> bytes:
    study = b"1.2.3" if of in (STUDY_ROOT_GET, STUDY_ROOT_MOVE) else b""
    keys = {0x00080052: ("CS", b"STUDY"), 0x00080005: ("CS", b"ISO_IR 192"), 0x00100010: ("PN", b"D*")}
    keys |= {0x00100020: ("LO", b""), 0x00080020: ("DA", b"20200101-"), 0x0020000D: ("UI", study)}
    return encode_elements(keys, UID(syntax))
