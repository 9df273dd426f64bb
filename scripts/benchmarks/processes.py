"""What a process and all below it have used, from /proc."""

import os
import threading
from pathlib import Path
from types import TracebackType

_TICKS = os.sysconf("SC_CLK_TCK")
_INTERVAL = 0.1


def family(pid: int) -> list[int]:
    """The process and all below it; those that ended meanwhile are left out."""
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        for task in _entries(Path(f"/proc/{one}/task")):
            left += map(int, _read(task / "children").split())
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of the process and all below it, those that have ended and were waited for included."""
    ticks = 0
    for one in family(pid):
        fields = _read(Path(f"/proc/{one}/stat")).rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return ticks / _TICKS


def memory(pid: int) -> int:
    """Bytes that the process and all below it hold now: PSS, in which a shared page counts once over its users."""
    total = 0
    for one in family(pid):
        for line in _read(Path(f"/proc/{one}/smaps_rollup")).splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


class PeakMemory:
    """Watches the memory of a process and all below it within a block; the peak is that of samples, ten a second."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def _watch(self) -> None:
        while not self._over.wait(_INTERVAL):
            self._look()

    def _look(self) -> None:
        self.bytes = max(self.bytes, memory(self._pid))

    def __enter__(self) -> "PeakMemory":
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._look()


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
