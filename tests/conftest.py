import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from radnode.archive.archive import Archive


@contextmanager
def _logging_as_it_was() -> Iterator[None]:
    """Verbs that run within a test set up logging for their process, which is that of all tests."""
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    hooks = sys.excepthook, threading.excepthook
    levels = {
        name: logger.level for name, logger in root.manager.loggerDict.items() if isinstance(logger, logging.Logger)
    }
    yield
    for name, logger in root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger):
            logger.setLevel(levels.get(name, logging.NOTSET))
    sys.excepthook, threading.excepthook = hooks
    structlog.configure(**configuration)
    root.handlers[:], root.level = handlers, level


@pytest.fixture(autouse=True)
def logging_after_a_test() -> Iterator[None]:
    """As it was before."""
    with _logging_as_it_was():
        yield


@pytest.fixture(scope="module", autouse=True)
def logging_after_a_file() -> Iterator[None]:
    """As it was before, also where what the file's tests share has run verbs."""
    with _logging_as_it_was():
        yield


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive that the tests of a file share; one that needs its own makes it."""
    with Archive.open(tmp_path_factory.mktemp("archive")) as archive:
        yield archive
