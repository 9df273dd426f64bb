"""The housekeeper: a thread of the supervisor that sweeps up after processes that died."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import structlog

from radnode.archive.roles import Role, hold
from radnode.model.errors import Occupied, RadnodeError

if TYPE_CHECKING:
    from radnode.archive.archive import Archive

log = structlog.get_logger()

PERIOD = 300.0
"""Seconds between rounds that nobody asked for."""


class Housekeeper:
    """Runs while it is entered; `wake` asks for a round at once."""

    def __init__(self, archive: "Archive") -> None:
        self._archive = archive
        self._due = threading.Event()
        self._is_ending = False
        self._thread = threading.Thread(target=self._keep, name="housekeeper", daemon=True)

    def wake(self) -> None:
        """A process has died: what it had begun is to be finished or removed."""
        self._due.set()

    def __enter__(self) -> "Housekeeper":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_ending = True
        self._due.set()
        self._thread.join()

    def _keep(self) -> None:
        while True:
            self._due.wait(PERIOD)
            self._due.clear()
            if self._is_ending:
                return
            try:
                self._archive.recover()
            except RadnodeError as error:
                log.warning("housekeeping_failed", why=str(error))


@contextmanager
def keeping_house(root: Path, archive: "Archive") -> Iterator[Callable[[], None]]:
    """A housekeeper at work within the block, where no other process keeps this archive; gives its `wake`."""
    try:
        with hold(root, Role.HOUSEKEEPING, patience=0), Housekeeper(archive) as housekeeper:
            yield housekeeper.wake
    except Occupied:
        log.info("housekeeping_is_done_by_another_process")
        yield lambda: None
