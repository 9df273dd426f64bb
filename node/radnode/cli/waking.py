"""Signals as bytes in a pipe, so that nothing of the node runs inside a signal handler."""

import os
import signal
from types import TracebackType


class Waking:
    """While it is open, SIGTERM, SIGINT and SIGHUP do nothing but wake whoever reads its descriptor."""

    SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def __init__(self, signals: tuple[signal.Signals, ...] = SIGNALS) -> None:
        self._signals = frozenset(signals)
        self.descriptor, self._telling = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._telling, False)
        self._before = {number: signal.signal(number, lambda *_: None) for number in signals}
        self._before_descriptor = signal.set_wakeup_fd(self._telling, warn_on_full_buffer=False)

    def read(self) -> list[int]:
        """The signals that have come."""
        try:
            return [number for number in os.read(self.descriptor, 256) if number in self._signals]
        except BlockingIOError:
            return []

    def __enter__(self) -> "Waking":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._before_descriptor)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self.close()

    def close(self) -> None:
        """Close the pipe; in a forked child that is all there is to do."""
        os.close(self.descriptor)
        os.close(self._telling)
