"""Ctrl-C while a peer works for us: the first ends the operation in good order, the next ends the program."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from radnode.dimse.scu import Stopping


@contextmanager
def stopped_by_interrupt(grace: float) -> Iterator[Stopping]:
    """The wish to stop, which SIGINT asks for within the block; the peer has `grace` seconds to come to an end then."""
    stopping = Stopping(grace)
    heeds = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)

    def ask(number: int, frame: object) -> None:
        del number, frame
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stopping.ask()

    if heeds:
        signal.signal(signal.SIGINT, ask)
    try:
        yield stopping
    finally:
        if heeds:
            signal.signal(signal.SIGINT, before)
        stopping.close()
