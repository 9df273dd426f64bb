"""The children's side: what a forked process does first, and how it ends."""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import structlog

from radnode.cli.rereading import reread
from radnode.cli.waking import Waking

SIGNALS = Waking.SIGNALS

ORPHANED = 3
"""Exit status of a child whose supervisor is gone."""
FAILED = 1


@dataclass(frozen=True)
class Post:
    """What a child has from its supervisor."""

    ready_end: int
    """Where it says that it serves."""
    life: int
    """Readable once the supervisor is gone."""
    reload: Callable[[], bool] | None = None
    """What SIGHUP makes it read again."""

    def say_ready(self) -> None:
        """Tell the supervisor; once."""
        os.write(self.ready_end, b"\n")


Serve = Callable[[Post, threading.Event], None]


def work(name: str, serve: Serve, post: Post, let_go: Callable[[], None]) -> NoReturn:
    """Serve until told to stop, or until the supervisor is gone. Never comes back to the supervisor's code."""
    status = FAILED
    try:
        _settle(name, let_go)
        stop = threading.Event()
        _watch(stop.set, post)
        serve(post, stop)
        structlog.get_logger().debug("process_stopped")
        status = 0
    except BaseException as error:  # noqa: BLE001 - the edge of the process: reported like what nobody caught
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        os._exit(status)


def _settle(name: str, let_go: Callable[[], None]) -> None:
    """Become a process of its own: its own group (Ctrl-C on a terminal is the supervisor's), name and signals."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    let_go()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    Path("/proc/self/comm").write_text(name)


def _watch(stop: Callable[[], None], post: Post) -> None:
    """SIGTERM means stop, SIGHUP read again; a word from `life` means that the supervisor died: end at once.

    SIGINT is the supervisor's: a terminal sends it to all processes. SIGHUP is ignored where nothing is read again,
    because that is what programs inherit which are executed from here; elsewhere never, not even for a moment: one that
    came since the fork waits, and ignoring would drop it.
    """
    life, reload = post.life, post.reload
    if reload is None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    waking = Waking((signal.SIGTERM,) if reload is None else (signal.SIGTERM, signal.SIGHUP))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def watch() -> None:
        while True:
            ended, _, _ = select.select([life, waking.descriptor], [], [])
            if life in ended:
                os._exit(ORPHANED)
            came = waking.read()
            if reload is not None and signal.SIGHUP in came:
                reread(reload)
            if signal.SIGTERM in came:
                stop()

    threading.Thread(target=watch, name="watch", daemon=True).start()
