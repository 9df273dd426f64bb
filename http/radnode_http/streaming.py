"""Answers that are sent while they are made or read: what goes wrong in the middle cuts the connection.

A client must never take a part for the whole, and no error can be told any more once the answer has begun.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import BinaryIO

import structlog
from aiohttp import web

from radnode.model.errors import RadnodeError
from radnode_http.errors import Disconnected

STALL = 120.0
"""Seconds in which a client takes a piece, or is let go: a slow one must not hold a file open for ever."""
PIECE = 256 * 1024
"""Bytes of a piece."""
PARTING = 5.0
"""Seconds that answers in flight still have when the node stops: they may be as long as they like otherwise."""
_log = structlog.get_logger()


class Streams:
    """The answers of one application that are being sent so. For the event loop's thread."""

    def __init__(self) -> None:
        self._limits: set[asyncio.Timeout] = set()
        self._is_cut = False

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Around the sending of one piece: TimeoutError where the client does not take it, or the node has stopped."""
        async with asyncio.timeout(0 if self._is_cut else STALL) as limit:
            self._limits.add(limit)
            try:
                yield
            finally:
                self._limits.discard(limit)

    def part(self) -> None:
        """The node stops: what is not sent in a while is cut."""
        asyncio.get_running_loop().call_later(PARTING, self._cut)

    def _cut(self) -> None:
        self._is_cut = True
        for limit in self._limits:
            limit.reschedule(asyncio.get_running_loop().time())


STREAMS = web.AppKey("STREAMS", Streams)
"""The answers that are sent while they are made."""


@asynccontextmanager
async def streaming(request: web.Request, response: web.StreamResponse) -> AsyncIterator[None]:
    """Begin the answer, and end it behind the block; Disconnected where it cannot be ended as it should."""
    is_whole = False
    try:
        await response.prepare(request)
        yield
        await response.write_eof()
        is_whole = True
    except (ConnectionError, TimeoutError) as gone:
        gone.with_traceback(None)  # aiohttp keeps the error in a circle, and with it what was to be sent
        raise Disconnected from None
    except (OSError, RadnodeError) as error:
        _log.warning("answer_broken_off", error=type(error).__name__)
        raise Disconnected from None
    finally:
        if not is_whole and request.transport is not None:
            request.transport.abort()


async def send_file(request: web.Request, file: BinaryIO, offset: int, count: int) -> None:
    """Send bytes of an open file, by the kernel. Raises ConnectionError, TimeoutError, OSError."""
    loop = asyncio.get_running_loop()
    end = offset + count
    while offset < end:
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        # Nobody may close the connection meanwhile: asyncio would wait for ever.
        async with request.app[STREAMS].limited():
            sent = await loop.sendfile(transport, file, offset, min(PIECE, end - offset))
        if not sent:
            raise OSError("the file is shorter than it was")
        offset += sent


async def send_bytes(request: web.Request, body: bytes, headers: Mapping[str, str]) -> web.StreamResponse:
    """The answer of these bytes; many go in pieces, so that who takes none of them does not hold them for ever."""
    if len(body) <= PIECE or request.method == "HEAD":
        return web.Response(body=body, headers=headers)
    response = web.StreamResponse(headers=headers)
    response.content_length = len(body)
    async with streaming(request, response):
        for position in range(0, len(body), PIECE):
            await send_piece(request, response, body[position : position + PIECE])
    return response


async def send_piece(request: web.Request, response: web.StreamResponse, piece: bytes) -> None:
    """Send these bytes, no faster than the client takes them. Raises ConnectionError, TimeoutError."""
    async with request.app[STREAMS].limited():
        await response.write(piece)
