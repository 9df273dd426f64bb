"""Learn mode: what associations tell is collected in memory and merged into one file that all workers share."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import structlog
from pydantic import TypeAdapter, ValidationError

from radnode.dimse.access import one_spelling
from radnode.dimse.contexts import services_asked
from radnode.dimse.requestors import MOST, Key, Record, Requestor, merged
from radnode.dimse.upper.associate import AssociateRequest
from radnode.settings import SERVICES

_FILE = TypeAdapter(Record)
_MODE = 0o640
_LARGEST = 4 << 20  # bytes; a full record has some 200 KB
_PAUSE = 2.0  # seconds between two writes, however many associations there are
log = structlog.get_logger()


def record_of(root: Path) -> Path:
    """Where the record of an archive lies."""
    return root / ".radnode" / "requestors.json"


def read_record(path: Path) -> Record:
    """What is recorded; an empty record where there is none. OSError, ValueError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return _FILE.validate_json(file.read(_LARGEST))
    except FileNotFoundError:
        return Record()
    except ValidationError as error:
        raise ValueError(f"{path}: is no record of requestors ({error.error_count()} faults)") from None


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class Learning:
    """Takes notes of associations while the block runs; a thread of its own writes them, so that nobody waits."""

    def __init__(self, path: Path, *, pause: float = _PAUSE, clock: Callable[[], datetime] = _now) -> None:
        """`path` is the record; its folder is there."""
        self._path = path
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[Key, Requestor] = {}
        self._dropped = 0
        self._has_failed = False
        self._news = threading.Event()
        self._ended = threading.Event()
        self._writer = threading.Thread(target=self._write, name="learning", daemon=True)

    def __enter__(self) -> "Learning":
        self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._news.set()
        self._writer.join()

    def met(self, asked: AssociateRequest, address: str, rejected: str = "") -> None:
        """Somebody asked for an association; `rejected` is why it did not get one, if so."""
        now = self._clock()
        self._note(
            Requestor(
                *_key(asked, address),
                first=now,
                last=now,
                associations=int(not rejected),
                rejections=int(bool(rejected)),
                asked=services_asked(asked.contexts),
                reason=rejected,
            )
        )

    def served(self, asked: AssociateRequest, address: str, services: frozenset[str]) -> None:
        """Its association has ended, in which these services were used."""
        now = self._clock()
        self._note(Requestor(*_key(asked, address), first=now, last=now, used=services & frozenset(SERVICES)))

    def _note(self, requestor: Requestor) -> None:
        with self._lock:
            known = self._pending.get(requestor.key)
            if known is None and len(self._pending) >= MOST:
                self._dropped += 1
            else:
                self._pending[requestor.key] = known.joined(requestor) if known else requestor
        self._news.set()

    def _write(self) -> None:
        while not self._ended.is_set():
            self._news.wait()
            self._news.clear()
            self._save()
            self._ended.wait(self._pause)
        self._save()

    def _save(self) -> None:
        with self._lock:
            pending, dropped = self._pending, self._dropped
            self._pending, self._dropped = {}, 0
        if not pending and not dropped:
            return
        try:
            with _alone(self._path):
                _replace(self._path, _FILE.dump_json(merged(self._recorded(), pending.values(), dropped), indent=1))
            self._has_failed = False
        except OSError as error:
            if not self._has_failed:
                log.warning("requestors_not_recorded", why=error.strerror)
            self._has_failed = True
            with self._lock:
                self._dropped += dropped
            for requestor in pending.values():
                self._note(requestor)

    def _recorded(self) -> Record:
        try:
            return read_record(self._path)
        except ValueError as error:
            log.warning("requestors_forgotten", why=str(error))
            return Record()


def _key(asked: AssociateRequest, address: str) -> Key:
    return asked.calling, one_spelling(address), asked.called


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time reads and writes the record."""
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)
