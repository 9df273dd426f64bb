"""One expendable process that transcodes, and this end of its socket."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress

from radnode.instance.spawning import spawn
from radnode.instance.transcoding.transcode_protocol import MAX_MESSAGE, Request

START_LIMIT = 60.0
MAX_USES = 500  # what its decoders leave behind in memory ends with it
GLANCE = 0.05  # seconds between two looks at whether the object is still wanted
_MODULE = "radnode.instance.transcoding.transcode_worker"


class Gone(Exception):
    """The process ended in the middle of something, was ended, or could not be started; it says why."""


class GivenUp(Gone):
    """The process took too long, or nobody wants any more what it does."""


class EndedIdle(Exception):
    """The process ended before it took the request, because nothing had been asked of it for long."""


class TranscodeProcess:
    """Started when it is made; used by one thread at a time."""

    def __init__(self) -> None:
        """Raises Gone where no process comes to life."""
        self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._uses = 0
        try:
            with theirs:
                self._process = spawn(_MODULE, theirs)
        except OSError as error:
            self._connection.close()
            raise Gone("no decoder can be started") from error

    @property
    def is_worn_out(self) -> bool:
        """Whether it has done enough, or is no more."""
        return self._uses >= MAX_USES or self._process.poll() is not None

    def ask(self, request: Request, descriptor: int, is_wanted: Callable[[], bool]) -> bytes:
        """The answer to a request. Raises Gone and EndedIdle; after those, or anything else, only `end` is allowed."""
        if not self._uses:
            self._receive(START_LIMIT, is_wanted)
        self._uses += 1
        with suppress(ConnectionError):  # it has ended, which is seen next
            socket.send_fds(self._connection, [request.encode()], [descriptor])
        return self._receive(request.limit, is_wanted)

    def _receive(self, limit: float, is_wanted: Callable[[], bool]) -> bytes:
        deadline = time.monotonic() + limit
        self._connection.settimeout(GLANCE)
        while True:
            try:
                message = self._connection.recv(MAX_MESSAGE)
            except TimeoutError:
                if time.monotonic() >= deadline:
                    raise GivenUp(f"took longer than {limit:g} s") from None
                if not is_wanted():
                    raise GivenUp("no longer wanted") from None
            except ConnectionError:
                raise self._ended() from None
            else:
                if message:
                    return message
                raise self._ended()

    def _ended(self) -> Exception:
        return Gone("the decoder crashed") if self._process.wait() else EndedIdle()

    def kill(self) -> None:
        """End the process, whatever it does; whoever uses it has then to `end` it."""
        self._process.kill()

    def end(self) -> None:
        """End the process and wait for its end."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
