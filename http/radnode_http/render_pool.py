"""Pictures from expendable processes: a decoder that crashes or hangs costs one request, never the node."""

import asyncio
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import structlog

from radnode.instance.frame_facts import FrameFacts, FramesWish
from radnode.instance.picture import Picture, PictureWish
from radnode.instance.render_protocol import ANSWER, MADE, REFUSALS, Made, Request, Wish, decode_made
from radnode.instance.spawning import spawn
from radnode.model.errors import CannotRender, RadnodeError, TooBusy
from radnode_http.errors import BUSY, Disconnected

WAITING_PER_WORKER = 64
START_LIMIT = 60.0
BUFFER = 2**20
WORKER = "radnode.instance.render_worker"
_log = structlog.get_logger()


class _Gone(Exception):
    """The worker ended in the middle of something, or could not be started."""


class _Worker:
    """One process and this end of its socket; started when it is first needed, and again after it was killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def start(self) -> None:
        """Have a living process that said READY; raises _Gone where none comes to life."""
        if self._process is not None:
            if self._process.poll() is None:
                return
            await self.kill()  # it ended while nothing was asked of it, which is no fault of the next picture
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = await asyncio.to_thread(spawn, WORKER, theirs)
            self._streams = await asyncio.open_connection(sock=ours, limit=BUFFER)
            async with asyncio.timeout(START_LIMIT):
                await self._answer()
        except (OSError, TimeoutError) as error:
            ours.close()
            raise _Gone from error

    async def ask(self, request: Request) -> tuple[int, bytes, bytes]:
        """The kind of the answer, what is said of it, and its bytes; raises _Gone when the process ends before."""
        assert self._streams is not None
        self._streams[1].write(request.encode())
        return await self._answer()

    async def _answer(self) -> tuple[int, bytes, bytes]:
        assert self._streams is not None
        reader = self._streams[0]
        try:
            kind, *lengths = ANSWER.unpack(await reader.readexactly(ANSWER.size))
            said, body = [await reader.readexactly(length) for length in lengths]
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise _Gone from error
        return kind, said, body

    async def kill(self) -> int | None:
        """End the process and wait for its end; its exit code, or None where there was none."""
        process, streams = self._process, self._streams
        self._process = self._streams = None
        if streams is not None:
            streams[1].close()
        if process is None:
            return None
        process.kill()
        return await asyncio.to_thread(process.wait)


class RenderPool:
    """As many worker processes as are wanted; each makes one picture at a time, `timeout` seconds at most.

    They start in the background and are replaced when they end. A caller who goes away leaves its worker to finish
    first, so answers are never mixed up.
    """

    def __init__(self, workers: int, timeout: float) -> None:
        self._timeout = timeout
        self._workers = [_Worker() for _ in range(workers)]
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        self._tasks: set[asyncio.Task[Made | RadnodeError | None]] = set()
        self._waiting = 0
        self._open = False

    async def start(self) -> None:
        """Open for requests at once; the processes come to life meanwhile."""
        self._open = True
        for worker in self._workers:
            self._keep(asyncio.create_task(self._warm(worker)))

    async def render(self, path: Path, wish: PictureWish, *, is_wanted: Callable[[], bool] = lambda: True) -> Picture:
        """The picture that radnode.instance.render makes of the file, with its errors and those of `_ask`."""
        made = await self._ask(path, wish, is_wanted)
        assert isinstance(made, Picture)
        return made

    async def frames(self, path: Path, *, is_wanted: Callable[[], bool] = lambda: True) -> FrameFacts:
        """What radnode.instance.cine says of the file's frames, with its errors and those of `_ask`."""
        made = await self._ask(path, FramesWish(), is_wanted)
        assert isinstance(made, FrameFacts)
        return made

    async def _ask(self, path: Path, wish: Wish, is_wanted: Callable[[], bool]) -> Made:
        """What a worker makes of the file, with its errors.

        CannotRender also where it took too long and where the decoder crashed; TooBusy where too many others wait;
        Disconnected where nobody wants it any more once a worker is free.
        """
        if not self._open or self._waiting >= WAITING_PER_WORKER * len(self._workers):
            raise TooBusy(BUSY) if self._open else CannotRender("the node is stopping")
        self._waiting += 1
        try:
            worker = await self._idle.get()
        finally:
            self._waiting -= 1
        if not is_wanted():
            self._idle.put_nowait(worker)
            raise Disconnected
        task = asyncio.create_task(self._use(worker, Request(str(path), wish, self._timeout)))
        self._keep(task)
        outcome = await asyncio.shield(task)
        if isinstance(outcome, RadnodeError):
            raise outcome
        return outcome

    async def close(self) -> None:
        """End all processes and wait for their end; whoever still waits gets CannotRender."""
        self._open = False
        await self._kill_all()
        while tasks := list(self._tasks):
            await asyncio.wait(tasks, timeout=0.1)
            await self._kill_all()

    async def _kill_all(self) -> None:
        await asyncio.gather(*(worker.kill() for worker in self._workers))

    def _keep(self, task: "asyncio.Task[Made | RadnodeError | None]") -> None:
        """Hold the task until it is done: the event loop itself would not."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _warm(self, worker: _Worker) -> None:
        """Start a process ahead of the first request; if that fails, the request will try again and say why."""
        try:
            await worker.start()
        except _Gone:
            await worker.kill()
        self._idle.put_nowait(worker)

    async def _use(self, worker: _Worker, request: Request) -> Made | RadnodeError:
        """The outcome of a request; the worker is idle again afterwards, or ended where it cannot be trusted."""
        try:
            await worker.start()
            async with asyncio.timeout(self._timeout):
                kind, said, body = await worker.ask(request)
            return decode_made(request.wish, said, body) if kind == MADE else REFUSALS[kind](body.decode())
        except TimeoutError:
            return await self._replace(worker, f"took longer than {self._timeout:g} s")
        except _Gone:
            return await self._replace(worker, "the decoder crashed" if self._open else "the node is stopping")
        finally:
            self._idle.put_nowait(worker)

    async def _replace(self, worker: _Worker, why: str) -> CannotRender:
        code = await worker.kill()
        _log.warning("render_worker_replaced", why=why, exit_code=code)
        return CannotRender(why)
