"""Transcoding for threads: small changes in this process, decoders in expendable ones, each object on its own."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from radnode.instance.transcoding.plain_transcode import transcode_small, transcoding_errors
from radnode.instance.transcoding.transcode_process import GLANCE, EndedIdle, GivenUp, Gone, TranscodeProcess
from radnode.instance.transcoding.transcode_protocol import Request, written
from radnode.model.errors import CannotTranscode, TranscodingGivenUp
from radnode.model.uid import UID


@dataclass(frozen=True, slots=True)
class Transcoded:
    """The data set in another transfer syntax: `count` bytes of an open file, from its beginning."""

    descriptor: int
    count: int


class Transcoder:
    """Transcodes for all threads of one process, at most `processes` objects at a time where it takes a decoder.

    A process is started when none is idle, and ends when it has long been. To be made after the last fork.
    """

    def __init__(self, processes: int = 2, timeout: float = 60.0) -> None:
        """`timeout` is the seconds that an object may wait for a free process, and those that it may take there."""
        self._timeout = timeout
        self._free = threading.BoundedSemaphore(processes)
        self._lock = threading.Lock()
        self._idle: list[TranscodeProcess] = []
        self._busy: set[TranscodeProcess] = set()
        self._is_closed = False

    @contextmanager
    def transcoded(
        self, path: Path, target: UID, *, is_wanted: Callable[[], bool] = lambda: True
    ) -> Iterator[Transcoded]:
        """The data set of a Part 10 file, in one of the `targets` of its transfer syntax, for as long as it is used.

        Raises NotFound where there is no such file, and CannotTranscode where it cannot be done, by the object or
        because the decoder crashed; that is TranscodingGivenUp where it took too long, or `is_wanted`, which is asked
        some twenty times a second, said no.
        """
        descriptor = transcode_small(path, target)
        if descriptor is None:
            with transcoding_errors(), tempfile.TemporaryFile() as file:
                self._use(Request(str(path), target, self._timeout), file.fileno(), is_wanted)
                descriptor = os.dup(file.fileno())
        try:
            yield Transcoded(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """End all processes; whoever waits for one gets CannotTranscode."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            for process in self._busy:
                process.kill()  # whoever uses it sees that
        for process in idle:
            process.end()

    def _use(self, request: Request, descriptor: int, is_wanted: Callable[[], bool]) -> None:
        """Have the file written by some process."""
        self._wait(is_wanted)
        try:
            answer = None
            while answer is None:
                answer = self._ask(request, descriptor, is_wanted)
        finally:
            self._free.release()
        written(answer)

    def _wait(self, is_wanted: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._timeout
        while not self._free.acquire(timeout=GLANCE):
            if time.monotonic() >= deadline or not is_wanted():
                raise TranscodingGivenUp("too many others are being transcoded")

    def _ask(self, request: Request, descriptor: int, is_wanted: Callable[[], bool]) -> bytes | None:
        """The answer; None where the process had just ended because it was idle."""
        process, answer = self._taken(), None
        try:
            answer = process.ask(request, descriptor, is_wanted)
        except EndedIdle:
            pass
        except GivenUp as given_up:
            raise TranscodingGivenUp(str(given_up)) from given_up
        except Gone as gone:
            raise CannotTranscode(str(gone)) from gone
        finally:
            self._give_back(process, is_sound=answer is not None)
        return answer

    def _taken(self) -> TranscodeProcess:
        with self._lock:
            if self._is_closed:
                raise TranscodingGivenUp("the node is stopping")
            while self._idle:
                process = self._idle.pop()
                if not process.is_worn_out:
                    break
                process.end()
            else:
                process = _started()
            self._busy.add(process)
            return process

    def _give_back(self, process: TranscodeProcess, *, is_sound: bool) -> None:
        with self._lock:
            self._busy.remove(process)
            if is_sound and not process.is_worn_out and not self._is_closed:
                self._idle.append(process)
                return
        process.end()


def _started() -> TranscodeProcess:
    try:
        return TranscodeProcess()
    except Gone as gone:
        raise CannotTranscode(str(gone)) from gone
