"""How the node's processes write their log: structlog on standard error, one event a line, no patient data."""

import json
import logging
import os
import sys
import threading
import traceback
import warnings
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog

from radnode.sections.log import LogSettings

QUIET = ("pydicom", "pynetdicom", "PIL")
"""Libraries whose own messages quote data sets."""

FRAMES = 12
"""Of a traceback, the innermost."""

_ENCODER = json.JSONEncoder(default=repr)  # made once: json.dumps with a default makes one for each line


class Lines:
    """Writes each event at once and with one call, so that none is lost with the process and lines do not mix."""

    def __init__(self, stream: TextIO) -> None:
        """The lines of `stream`."""
        self._stream = stream

    def write(self, line: str) -> None:
        """Write `line`; where nobody reads any more it is lost, which must not stop the node's work."""
        with suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = write


def configure(settings: LogSettings, role: str) -> None:
    """Set up logging for this process; `role` is what it is in the node: supervisor, dicom-1, rest.

    Loggers are not kept once made, because a forked child would inherit those that say who its parent is.
    """
    level = getattr(logging, settings.level.upper())
    shared = _processors(role)
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    rendering = _rendering(as_json=as_json)
    structlog.configure(
        # Our own events do not pass through logging, where a line cost 73 µs instead of 22: every C-STORE writes one.
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: Lines(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    sys.excepthook = _report
    threading.excepthook = lambda failure: _report(failure.exc_type, failure.exc_value, failure.exc_traceback)
    _quiet()


def _report(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """What nobody caught, as one event: where it was, but not the error's own words, which may quote a data set."""
    del error
    structlog.get_logger().critical("unexpected_error", error=kind.__name__, frames=_frames(trace))


def _frames(trace: TracebackType | None) -> list[str]:
    found = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in found]


def _silence_exception(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception of anybody's event is told like one that nobody caught: its type and frames, no words or values.

    Of the event itself the first line stays: asyncio writes the objects concerned into those that follow.
    """
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else (given if isinstance(given, tuple) else sys.exc_info())[1]
    if error is not None:
        event["event"] = str(event["event"]).partition("\n")[0]
        event["error"] = type(error).__name__
        event["frames"] = _frames(error.__traceback__)
    return event


def _processors(role: str) -> list[structlog.typing.Processor]:
    pid = os.getpid()

    def say_who(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = role
        event["pid"] = pid
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        say_who,
        _silence_exception,
    ]


def _rendering(*, as_json: bool) -> list[structlog.typing.Processor]:
    if as_json:
        return [_as_json]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _as_json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    return _ENCODER.encode(event)


def _quiet() -> None:
    """What libraries log and warn about holds values of data sets, so it stays out whatever the level."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
