"""One process that makes pictures, and this end of its socket; started again whenever it has ended."""

import asyncio
import signal
import socket
import subprocess
from contextlib import suppress

from radnode.instance.pictures.render_protocol import ANSWER, LAST, Request
from radnode.instance.spawning import spawn

START_LIMIT = 60.0
_LAST_WORDS = 2.0  # seconds that a process has for its end once it is silent
_MODULE = "radnode.instance.pictures.render_worker"


class Gone(Exception):
    """The process ended in the middle of something."""


class CannotStart(Exception):
    """No process came to life."""


class RenderProcess:
    """Started when it is first needed, and again after its end; asked one thing at a time.

    It may take `memory` bytes, and ends after so many `uses`.
    """

    def __init__(self, memory: int, uses: int) -> None:
        self._words = str(memory), str(uses)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self.is_worn_out = False
        """Whether it ends now, because it has done enough."""

    @property
    def is_alive(self) -> bool:
        """Whether there is a process to ask."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Have a new living process that said READY; raises CannotStart."""
        await self.kill()  # where it ended while nothing was asked of it
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        try:
            with theirs:
                self._process = await asyncio.to_thread(spawn, _MODULE, theirs, *self._words)
            async with asyncio.timeout(START_LIMIT):
                await self._answer()
        except (OSError, TimeoutError, Gone) as error:
            raise CannotStart from error

    async def ask(self, request: Request) -> tuple[int, bytes, bytes]:
        """The kind of the answer, what is said of it, and its bytes; raises Gone when the process ends before."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._connection, request.encode())
        except OSError as error:
            raise Gone from error
        return await self._answer()

    async def bury(self) -> int | None:
        """Have the exit code of a process that is ending; it is killed where that takes long."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, _LAST_WORDS)
        return await self.kill()

    async def kill(self) -> int | None:
        """End the process and wait for its end; its exit code, or None where there was none."""
        process, connection = self._process, self._socket
        self._process = self._socket = None
        self.is_worn_out = False
        if process is not None:
            process.kill()
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # whoever waits for an answer has its end now
        code = None if process is None else await asyncio.to_thread(process.wait)
        if connection is not None:
            connection.close()
        return code

    @property
    def _connection(self) -> socket.socket:
        if self._socket is None:  # it was killed meanwhile
            raise Gone
        return self._socket

    async def _answer(self) -> tuple[int, bytes, bytes]:
        kind, *lengths = ANSWER.unpack(await self._exactly(ANSWER.size))
        said, body = [await self._exactly(length) for length in lengths]
        self.is_worn_out = bool(kind & LAST)
        return kind & ~LAST, said, body

    async def _exactly(self, size: int) -> bytes:
        """So many bytes from the process, straight into where they stay."""
        loop, received = asyncio.get_running_loop(), bytearray(size)
        left = memoryview(received)
        while left:
            try:
                count = await loop.sock_recv_into(self._connection, left)
            except OSError as error:
                raise Gone from error
            if not count:
                raise Gone
            left = left[count:]
        return bytes(received)


def how_it_ended(code: int | None) -> str:
    """An exit code as a remark: "" where no signal ended the process."""
    if code is None or code >= 0:
        return ""
    try:
        return f" ({signal.Signals(-code).name})"
    except ValueError:
        return f" (signal {-code})"
