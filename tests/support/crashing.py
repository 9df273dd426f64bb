"""Acts that are killed before their n-th call of the kernel, or within a transaction: each step is met."""

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

Prepared = TypeVar("Prepared")
KERNEL = frozenset(
    {"fsync", "link", "unlink", "mkdir", "rmdir", "rename", "replace", "chmod", "open", "write", "writev"}
)


def run_and_kill(prepare: Callable[[], Prepared], act: Callable[[Prepared], object], step: int) -> bool:
    """Run `act` in a child that is killed (as by kill -9) before its `step`-th call; whether it got to its end."""
    child = os.fork()
    if not child:
        _act_and_exit(prepare, act, step)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def _is_step(what: Any) -> bool:
    if what.__module__ == "posix":
        return what.__name__ in KERNEL
    # One statement of each transaction that writes (its counters) stands for all: between them nothing can be seen.
    return isinstance(what.__self__, sqlite3.Connection) and what.__name__ == "executemany"


def _act_and_exit(prepare: Callable[[], Prepared], act: Callable[[Prepared], object], step: int) -> None:
    left = step

    def watch(_frame: FrameType, event: str, what: Any) -> None:
        nonlocal left
        if event == "c_call" and _is_step(what):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    failed = 1
    try:
        prepared = prepare()
        sys.setprofile(watch)
        act(prepared)
        failed = 0
    finally:
        sys.setprofile(None)
        os._exit(failed)
