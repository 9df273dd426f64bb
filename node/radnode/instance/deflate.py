"""Deflated data sets (PS3.5 A.5): inflated in pieces into an unlinked temporary file, never whole in memory."""

import mmap
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from radnode.instance.encodings import Buffer
from radnode.model.errors import NotDicom, Truncated

_CHUNK = 1 << 18
# A data set that inflates beyond these is refused: a bomb of 1 MB makes 256 MiB of temporary file at most.
MAX_INFLATED = 4 << 30  # bytes, whatever the stream
MAX_SMALL = 256 << 20  # bytes that any stream may inflate to
MAX_RATIO = 250  # beyond MAX_SMALL; deflate itself goes up to 1032, images stay below 100


def limit_of(stream: int) -> int:
    """The bytes that a deflated stream of that many bytes may inflate to."""
    return min(MAX_INFLATED, max(MAX_SMALL, MAX_RATIO * stream))


@contextmanager
def inflated(stream: Buffer) -> Iterator[mmap.mmap]:
    """The inflated data set as a read-only map. Raises Truncated, or NotDicom for a broken or bomb-like stream."""
    with tempfile.TemporaryFile() as file:
        inflating = _Inflating(stream)
        for piece in inflating.pieces():
            file.write(piece)
        file.flush()
        if not inflating.size:
            raise NotDicom("the deflated data set is empty")
        with mmap.mmap(file.fileno(), inflating.size, access=mmap.ACCESS_READ) as plain:
            yield plain


def stream_length(stream: Buffer) -> int:
    """The bytes of the deflated stream itself, without the pad byte that may follow it; errors as `inflated`."""
    inflating = _Inflating(stream)
    for _ in inflating.pieces():
        pass
    return inflating.consumed


class _Inflating:
    """One pass over a stream; `size` and `consumed` are the bytes made and used so far."""

    def __init__(self, stream: Buffer) -> None:
        self.stream = stream
        self.size = 0
        self.consumed = 0

    def pieces(self) -> Iterator[bytes]:
        inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        limit = limit_of(len(self.stream))
        for position in range(0, len(self.stream), _CHUNK):
            pending = bytes(self.stream[position : position + _CHUNK])
            self.consumed += len(pending)
            while not inflater.eof:
                piece = self._piece(inflater, pending)
                if self.size > limit:
                    raise NotDicom(f"the deflated data set inflates beyond {limit} bytes")
                yield piece
                pending = inflater.unconsumed_tail
                if not piece and not pending:
                    break
            if inflater.eof:
                self.consumed -= len(inflater.unused_data)
                return
        raise Truncated("the deflated data set ends too early")

    def _piece(self, inflater: "zlib._Decompress", pending: bytes) -> bytes:
        try:
            piece = inflater.decompress(pending, _CHUNK)
        except zlib.error:
            raise NotDicom("the data set is no deflated stream") from None
        self.size += len(piece)
        return piece
