"""Reading request bodies: only when they are wanted, no faster than they come, and no slower than is bearable."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from radnode_http.errors import Disconnected, Refusal

PATIENCE = 60.0
"""Seconds for which nothing may come, and that a body may take before its rate is looked at."""
MIN_RATE = 1024
"""Bytes in a second, on average, below which a sender is let go: a slow one must not hold a file open for ever."""
INVITATION = b"HTTP/1.1 100 Continue\r\n\r\n"


class Pace:
    """How long a body may still take, by what has come so far."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + PATIENCE

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Around one read of the body: Refusal (408) when it is too slow, Disconnected when nobody sends any more."""
        try:
            async with asyncio.timeout_at(min(self._deadline, self._loop.time() + PATIENCE)):
                yield
        except TimeoutError:
            raise Refusal(408, "The request body came too slowly") from None
        except ConnectionError:
            raise Disconnected from None

    def received(self, size: int) -> None:
        """`size` more bytes came, which earns time for more."""
        self._deadline += size / MIN_RATE


async def invite(request: web.Request) -> None:
    """Ask for the body where the client waits to be asked (RFC 9110 10.1.1); before it, everything else was checked.

    Refusal: 415 for a compressed body, which would be larger than it looks; 417 for an expectation of another kind.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal(415, "Content-Encoding is not supported")
    expectation = request.headers.get("Expect")
    if expectation is None:
        return
    if expectation.lower() != "100-continue":
        raise Refusal(417, "Unknown Expect")
    if request.version >= (1, 1):
        await request.writer.write(INVITATION)
        request.writer.output_size = 0  # the answer proper has not begun


async def small_body(request: web.Request, limit: int) -> bytes:
    """The whole body of at most `limit` bytes; Refusal: 413 for a longer one, 400 for a broken one."""
    await invite(request)
    pace, body = Pace(), bytearray()
    while True:
        chunk = await _next_chunk(request, pace)
        if not chunk:
            return bytes(body)
        body += chunk
        if len(body) > limit:
            raise Refusal(413, f"Request body exceeds maximum allowed size ({limit} bytes)")


async def body_pieces(request: web.Request, size: int) -> AsyncIterator[bytes]:
    """The body as it comes, in pieces of about `size` bytes. Refusal: 408, 415, 417, 400 for a broken one."""
    await invite(request)
    pace, piece = Pace(), bytearray()
    while chunk := await _next_chunk(request, pace):
        piece += chunk
        if len(piece) >= size:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


async def _next_chunk(request: web.Request, pace: Pace) -> bytes:
    try:
        async with pace.reading():
            chunk = await request.content.readany()
            pace.received(len(chunk))
            return chunk
    except (web.RequestPayloadError, HttpProcessingError):
        raise Refusal(400, "Broken request body") from None
