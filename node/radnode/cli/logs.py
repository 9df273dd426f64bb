"""How the node's processes write their log: structlog on standard error, one event a line, no patient data."""

import logging
import os
import sys
import warnings
from collections.abc import MutableMapping
from typing import Any

import structlog

from radnode.settings import LogSettings

QUIET = ("pydicom", "pynetdicom", "PIL")
"""Libraries whose own messages quote data sets."""


def configure(settings: LogSettings, role: str) -> None:
    """Set up logging for this process; `role` is what it is in the node: supervisor, dicom-1, rest."""
    level = getattr(logging, settings.level.upper())
    shared = _processors(role)
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(as_json=as_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    _quiet()


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
    ]


def _rendering(*, as_json: bool) -> list[structlog.typing.Processor]:
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=True)]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _quiet() -> None:
    """What libraries log and warn about holds values of data sets, so it stays out whatever the level."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
