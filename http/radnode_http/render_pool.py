"""Pictures and reports from expendable processes: what crashes or hangs there costs one request, never the node."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from radnode.instance.expendable import MAX_MEMORY
from radnode.instance.pictures.frame_facts import FrameFacts, FramesWish
from radnode.instance.pictures.picture import Picture, PictureWish
from radnode.instance.pictures.render_protocol import MADE, REFUSALS, Made, Request, Wish, decode_made
from radnode.instance.words.report_wish import PresentedReport, ReportWish
from radnode.model.errors import CannotPresent, CannotRender, RadnodeError, TooBusy
from radnode_http.errors import BUSY, NO_PROCESS, STOPPING, Disconnected
from radnode_http.render_process import CannotStart, Gone, RenderProcess, how_it_ended
from radnode_http.render_refusals import LASTING, LateRefusals

MAX_USES = 2000
WAITING_PER_WORKER = 256
"""A gallery of a long series at once; whoever waits costs some kilobytes."""
PATIENCE = 30.0
"""Seconds that a request waits for a worker at most; or as long as one picture may take, where that is more."""
LONGEST_PAUSE = 30.0
_log = structlog.get_logger()


class RenderPool:
    """As many worker processes as are wanted; each makes one thing at a time, `timeout` seconds at most.

    They start in the background and are replaced when they end; where none can be started, that is tried again after a
    pause, ever longer. A caller who goes away leaves its worker to finish first, so answers are never mixed up. Each
    process may take `memory` bytes, and another takes its place after so many `uses`: what its decoders leave behind in
    memory ends with it. What has cost a process is refused at once for the next `lasting` seconds.
    """

    def __init__(
        self,
        workers: int,
        timeout: float,
        *,
        memory: int = MAX_MEMORY,
        uses: int = MAX_USES,
        lasting: float = LASTING,
    ) -> None:
        self._timeout = timeout
        self._workers = [RenderProcess(memory, uses) for _ in range(workers)]
        self._idle: asyncio.LifoQueue[RenderProcess] = asyncio.LifoQueue()
        self._tasks: set[asyncio.Task[Made | RadnodeError | None]] = set()
        self._refused = LateRefusals(lasting)
        self._pause = 0.0
        self._next_start = 0.0
        self._waiting = 0
        self._open = False

    async def start(self) -> None:
        """Open for requests at once; the processes come to life meanwhile."""
        self._open = True
        for worker in self._workers:
            self._keep(asyncio.create_task(self._renew(worker)))

    async def render(self, path: Path, wish: PictureWish, *, is_wanted: Callable[[], bool] = lambda: True) -> Picture:
        """The picture that radnode.instance.pictures.render makes of the file, with its errors and those of `_ask`."""
        made = await self._ask(path, wish, is_wanted)
        assert isinstance(made, Picture)
        return made

    async def frames(self, path: Path, *, is_wanted: Callable[[], bool] = lambda: True) -> FrameFacts:
        """What radnode.instance.pictures.cine says of the file's frames, with its errors and those of `_ask`."""
        made = await self._ask(path, FramesWish(), is_wanted)
        assert isinstance(made, FrameFacts)
        return made

    async def report(self, path: Path, wish: ReportWish, *, is_wanted: Callable[[], bool]) -> bytes:
        """What radnode.instance.words.presented makes of the file, with its errors and those of `_ask`."""
        made = await self._ask(path, wish, is_wanted)
        assert isinstance(made, PresentedReport)
        return made.data

    async def _ask(self, path: Path, wish: Wish, is_wanted: Callable[[], bool]) -> Made:
        """What a worker makes of the file, with its errors.

        CannotRender (of reports: CannotPresent) also where it took too long and where its process crashed; TooBusy
        where too many others wait, where none of them was done in time, where no process can be started, and where the
        pool is closed; Disconnected where nobody wants it any more once a worker is free.
        """
        if why := self._refused.find(path, wish):
            raise _refusal(wish, why)
        worker = await self._free_worker()
        if not is_wanted():
            self._idle.put_nowait(worker)
            raise Disconnected
        task = asyncio.create_task(self._use(worker, path, wish))
        self._keep(task)
        outcome = await asyncio.shield(task)
        if isinstance(outcome, RadnodeError):
            raise outcome
        return outcome

    async def close(self) -> None:
        """End all processes and wait for their end; whoever still waits gets TooBusy."""
        self._open = False
        await self._kill_all()
        while tasks := list(self._tasks):
            await asyncio.wait(tasks, timeout=0.1)
            await self._kill_all()

    async def _free_worker(self) -> RenderProcess:
        if not self._open or self._waiting >= WAITING_PER_WORKER * len(self._workers):
            raise TooBusy(BUSY if self._open else STOPPING)
        self._waiting += 1
        try:
            async with asyncio.timeout(max(PATIENCE, self._timeout)):
                return await self._idle.get()
        except TimeoutError:
            raise TooBusy(BUSY) from None
        finally:
            self._waiting -= 1

    async def _kill_all(self) -> None:
        await asyncio.gather(*(worker.kill() for worker in self._workers))

    def _keep(self, task: "asyncio.Task[Made | RadnodeError | None]") -> None:
        """Hold the task until it is done: the event loop itself would not."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _renew(self, worker: RenderProcess) -> None:
        """Start a process ahead of the next request; if that fails, the request will try again and say why."""
        try:
            await self._start(worker)
        except CannotStart:
            pass
        finally:
            self._idle.put_nowait(worker)

    async def _start(self, worker: RenderProcess) -> None:
        """Raises CannotStart, at once where it was in vain a moment ago."""
        now = asyncio.get_running_loop().time()
        if now < self._next_start or not self._open:
            raise CannotStart
        try:
            await worker.start()
        except CannotStart:
            code = await worker.kill()
            if not self._open:
                raise
            self._pause = min(max(0.5, self._pause * 2), LONGEST_PAUSE)
            self._next_start = now + self._pause
            _log.error("render_worker_not_started", exit_code=code, pause=self._pause)
            raise
        self._pause = self._next_start = 0.0

    async def _use(self, worker: RenderProcess, path: Path, wish: Wish) -> Made | RadnodeError:
        """The outcome of a request; the worker is idle again afterwards, or renewed where it cannot be trusted."""
        try:
            if not worker.is_alive:
                await self._start(worker)
            async with asyncio.timeout(self._timeout):
                kind, said, body = await worker.ask(Request(str(path), wish, self._timeout))
            return decode_made(wish, said, body) if kind == MADE else REFUSALS[kind](body.decode())
        except CannotStart:
            return TooBusy(NO_PROCESS if self._open else STOPPING)
        except TimeoutError:
            return self._refuse(path, wish, f"took longer than {self._timeout:g} s", await worker.kill())
        except Gone:
            code = await worker.bury()
            what = "reader" if isinstance(wish, ReportWish) else "decoder"
            return self._refuse(path, wish, f"the {what} crashed{how_it_ended(code)}", code)
        finally:
            self._release(worker)

    def _release(self, worker: RenderProcess) -> None:
        if self._open and (worker.is_worn_out or not worker.is_alive):
            self._keep(asyncio.create_task(self._renew(worker)))
        else:
            self._idle.put_nowait(worker)

    def _refuse(self, path: Path, wish: Wish, why: str, code: int | None) -> RadnodeError:
        """What there is to say of what has cost its process."""
        if not self._open:
            return TooBusy(STOPPING)
        self._refused.add(path, wish, why)
        _log.warning("render_worker_replaced", why=why, exit_code=code)
        return _refusal(wish, why)


def _refusal(wish: Wish, why: str) -> RadnodeError:
    """That what is wished for cannot be had."""
    return CannotPresent(why) if isinstance(wish, ReportWish) else CannotRender(why)
