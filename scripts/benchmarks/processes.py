"""What a process and all below it have used, from /proc."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_TICKS = os.sysconf("SC_CLK_TCK")
_INTERVAL = 0.1
_SHARE = 0.01
"""Of a core, for looking at memory: the kernel walks all pages, so that many processes would be slowed down by it."""


def family(pid: int) -> list[int]:
    """The process and all below it; those that ended meanwhile are left out."""
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        for task in _entries(Path(f"/proc/{one}/task")):
            left += map(int, _read(task / "children").split())
    return found


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not waited for does not."""
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return bool(state) and state[0] not in "ZX"


def cpu_seconds(pid: int) -> float:
    """CPU time of the process and all below it, those that have ended and were waited for included."""
    ticks = 0
    for one in family(pid):
        fields = _read(Path(f"/proc/{one}/stat")).rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return ticks / _TICKS


def memory(pid: int) -> int:
    """Bytes that the process and all below it hold now, and each one more at its own peak, which the kernel keeps.

    What they hold is PSS, in which a shared page counts once over its users; above it, what a process has given back
    since its peak counts whole. The sum is never less than the true peak of those that live.
    """
    total = 0
    for one in family(pid):
        now, sizes = _sizes(one, "smaps_rollup"), _sizes(one, "status")
        total += now.get("Pss", 0) + max(sizes.get("VmHWM", 0) - sizes.get("VmRSS", 0), 0)
    return total * 1024


def peak(pid: int) -> int:
    """The most bytes that one process has held since its peak was last forgotten."""
    return _sizes(pid, "status").get("VmHWM", 0) * 1024


def forget_peaks(pid: int) -> None:
    """Let the kernel's peaks begin anew with what is held now; where that is not allowed, they stay."""
    for one in family(pid):
        with suppress(OSError):
            Path(f"/proc/{one}/clear_refs").write_text("5")


class PeakMemory:
    """Watches the memory of a process and all below it within a block, at little cost to them."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def _watch(self) -> None:
        cost = 0.0
        while not self._over.wait(max(_INTERVAL, cost / _SHARE)):
            began = time.thread_time()
            self._look()
            cost = time.thread_time() - began

    def _look(self) -> None:
        self.bytes = max(self.bytes, memory(self._pid))

    def __enter__(self) -> "PeakMemory":
        forget_peaks(self._pid)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._look()


def _sizes(pid: int, name: str) -> dict[str, int]:
    """Lines such as `Pss: 123 kB`, in kB."""
    fields = (line.split() for line in _read(Path(f"/proc/{pid}/{name}")).splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in fields if len(words) == 3 and words[2] == "kB"}


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
