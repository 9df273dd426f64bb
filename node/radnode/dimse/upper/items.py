"""Items of A-ASSOCIATE PDUs (PS3.8 9.3.2, PS3.7 Annex D): a type, a length, a value; taken apart and written."""

import struct
from collections.abc import Iterator

from radnode.dimse.upper.endings import ProtocolError, TooMuch

_ITEM = struct.Struct(">BxH")
MOST_ITEMS = 256


def items_of(data: bytes, most: int = MOST_ITEMS) -> Iterator[tuple[int, bytes]]:
    """Type and value of item after item; ProtocolError where they do not fit, TooMuch where they are more than that."""
    position, count = 0, 0
    while position < len(data):
        count += 1
        if count > most:
            raise TooMuch(f"more than {most} items in one place")
        if position + _ITEM.size > len(data):
            raise ProtocolError("an item of the A-ASSOCIATE-RQ is cut off")
        kind, length = _ITEM.unpack_from(data, position)
        position += _ITEM.size
        if position + length > len(data):
            raise ProtocolError("an item of the A-ASSOCIATE-RQ is longer than its place")
        yield kind, data[position : position + length]
        position += length


def encode_item(kind: int, value: bytes) -> bytes:
    """One item."""
    return _ITEM.pack(kind, len(value)) + value


def text_in(value: bytes) -> str:
    """AE titles and UIDs are printable ASCII; others are kept recognisable, and padding (some pad with NUL) is cut."""
    text = value.decode("ascii", "backslashreplace").strip("\0 ")
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)
