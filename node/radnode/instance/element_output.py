"""Writing encoded elements to a file: headers in the three ways of PS3.5 7.1, lengths that are known later."""

import os
from dataclasses import dataclass
from struct import Struct

from radnode.instance.encodings import (
    EXPLICIT_VR_BIG_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    ITEM_GROUP,
    LONG_VRS,
    SHORT_VRS,
    Buffer,
)
from radnode.model.errors import CannotTranscode
from radnode.model.uid import UID

MAX_SHORT = 0xFFFF  # what a 16-bit length can count
KNOWN_VRS = frozenset(SHORT_VRS.values()) | frozenset(LONG_VRS.values())
_SHORT = frozenset(SHORT_VRS.values())
_BUFFER = 1 << 20


@dataclass(frozen=True)
class Form:
    """How headers are written: with VRs or without, and in which byte order numbers stand."""

    explicit: bool
    big_endian: bool
    implicit_header: Struct
    short_header: Struct
    long_header: Struct
    number: Struct

    def header(self, tag: int, vr: str, length: int) -> bytes:
        """What stands before a value of that many bytes; the length is always the last thing in it."""
        group, element = tag >> 16, tag & 0xFFFF
        if not self.explicit or group == ITEM_GROUP:
            return self.implicit_header.pack(group, element, length)
        if vr in _SHORT:
            return self.short_header.pack(group, element, vr.encode(), length)
        return self.long_header.pack(group, element, vr.encode(), 0, length)


def _form(order: str, *, explicit: bool) -> Form:
    headers = (Struct(order + layout) for layout in ("HHL", "HH2sH", "HH2sHL", "L"))
    return Form(explicit, order == ">", *headers)


IMPLICIT_FORM = _form("<", explicit=False)
_EXPLICIT_FORM = _form("<", explicit=True)
_BIG_FORM = _form(">", explicit=True)


def form_of(transfer_syntax: UID) -> Form:
    """The form of data sets in this transfer syntax (before they are deflated)."""
    forms = {IMPLICIT_VR_LITTLE_ENDIAN: IMPLICIT_FORM, EXPLICIT_VR_BIG_ENDIAN: _BIG_FORM}
    return forms.get(transfer_syntax, _EXPLICIT_FORM)


class Output:
    """A file that is written from its beginning, `limit` bytes at most; methods raise CannotTranscode, OSError."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._buffer = bytearray()
        self._flushed = 0

    @property
    def position(self) -> int:
        """How many bytes were written."""
        return self._flushed + len(self._buffer)

    def write(self, data: Buffer) -> None:
        """Write on at the end."""
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            self.flush()

    def patch(self, position: int, data: bytes) -> None:
        """Write over what stands there."""
        if position >= self._flushed:
            start = position - self._flushed
            self._buffer[start : start + len(data)] = data
        else:
            self.flush()
            os.pwrite(self._descriptor, data, position)

    def flush(self) -> None:
        """Hand all that was written to the file."""
        if self.position > self._limit:
            raise CannotTranscode(f"the object would be larger than {self._limit} bytes")
        left = memoryview(self._buffer)
        while left:
            written = os.pwrite(self._descriptor, left, self._flushed)
            self._flushed += written
            left = left[written:]
        self._buffer = bytearray()
