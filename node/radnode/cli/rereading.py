"""Heeding SIGHUP, in the supervisor and in its children alike."""

from collections.abc import Callable

import structlog

log = structlog.get_logger()


def reread(reload: Callable[[], bool]) -> bool:
    """Whether `reload` read something good. Raises nothing: where it fails, what was read before stays in force.

    A file that somebody just changed must end neither the node nor the thread in which a child waits for its signals.
    """
    try:
        return reload()
    except Exception as error:  # noqa: BLE001 - the edge of whatever SIGHUP sets off
        log.error("reload_failed", error=type(error).__name__)  # noqa: TRY400 - its own words may quote the files
        return False
