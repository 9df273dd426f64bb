"""Storing what was uploaded in bulk: each file with a result of its own, archives opened under limits. Blocks."""

import errno
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import ParamSpec, TypeVar

import structlog

from radnode.archive.archive import Archive
from radnode.archive.layout import refused_by_disk
from radnode.archive.receiving import Receiving
from radnode.archive.zipped import ZipArchive, ZipLimits, looks_zipped
from radnode.model.errors import InvalidZip, OutOfResources, RadnodeError, TooLarge
from radnode.model.route import Door, Sender
from radnode.settings import Settings
from radnode.work.routing import Router
from radnode.work.upload_jobs import FileResult, UploadedFile
from radnode_http.errors import INTERNAL, refusal_of, too_large
from radnode_http.metrics import UPLOADS
from radnode_http.multipart import plain_name

PIECE = 256 * 1024
AT_ONCE = 4
"""Files of one upload that are made safe at once: they share what is written and flushed for them."""
EMPTY = "The zip archive holds no files"
_GONE = "It was lost before it could be stored"
_LOST = (errno.ENOENT, errno.EISDIR, errno.EIO)
"""What reading a file ends in that waiting does not bring back; anything else may be better later."""
_HEAD = 132
_REFUSED = 100
"""Files that a refused archive counts for: to find out what is wrong with it may have cost as much."""
P = ParamSpec("P")
T = TypeVar("T")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Item:
    """One file to be stored, by its name and what reads it; or what is wrong with it before it is read."""

    name: str
    read: Callable[[], Iterator[bytes]]
    error: str = ""


class Storing:
    """Brings uploaded files into the archive, one after another."""

    def __init__(self, archive: Archive, router: Router | None, settings: Settings) -> None:
        self._archive = archive
        self._router = router
        self._limit = settings.http.max_file_size
        self._bulk = settings.bulk

    def count(self, files: Iterable[UploadedFile]) -> int:
        """How many results there will be."""
        return sum(1 for _ in self._items(files))

    def results(
        self, files: Iterable[UploadedFile], *, begin: int = 0, is_wanted: Callable[[], bool] = lambda: True
    ) -> Generator[FileResult, None, None]:
        """The result of each file, from the one at `begin` on; when it comes, the file is stored, or its error known.

        A few are made safe at once, as those of several associations are. What was begun when `is_wanted` says no is
        seen to its end. Raises OutOfResources; what was stored before stays. To be closed.
        """
        under_way: deque[Future[FileResult]] = deque()
        with ThreadPoolExecutor(AT_ONCE, "storing") as pool:
            _submitted(pool, bool)  # from now on there is a thread for what is begun, whatever becomes of the others
            for item in islice(self._items(files), begin, None):
                if len(under_way) == AT_ONCE:
                    yield under_way.popleft().result()
                if not is_wanted():
                    break
                under_way.append(future := self._take(item, pool))
                if future.done() and future.exception() is not None:
                    break  # it is raised behind the results of those before it
            while under_way:
                yield under_way.popleft().result()

    def _items(self, files: Iterable[UploadedFile]) -> Iterator[_Item]:
        """The files, those of archives one by one: always the same ones in the same order."""
        members, total = self._bulk.max_files, self._bulk.max_total_size
        for file in files:
            try:
                if file.error or not _is_zip(file.path):
                    members -= 1
                    yield _Item(file.name, partial(_read, file.path), file.error)
                    continue
                with ZipArchive(file.path, ZipLimits(max(members, 0), total, self._bulk.max_ratio)) as opened:
                    for info in opened.files:
                        yield _Item(plain_name(info.filename), partial(opened.pieces, info))
                    members -= len(opened.files)
                    total -= sum(info.file_size for info in opened.files)
                    if not opened.files:
                        yield _Item(file.name, partial(_read, file.path), EMPTY)
            except InvalidZip as error:
                members -= _REFUSED
                yield _Item(file.name, partial(_read, file.path), str(error))
            except OSError as error:
                if error.errno not in _LOST:
                    raise _lacking(error) from error
                members -= 1
                yield _Item(file.name, partial(_read, file.path), _GONE)

    def _take(self, item: _Item, pool: ThreadPoolExecutor) -> Future[FileResult]:
        """Read one file into the archive, and let the pool make it safe."""
        future: Future[FileResult] = Future()
        if item.error:
            future.set_result(FileResult(item.name, None, item.error))
            return future
        try:
            return _submitted(pool, self._finish, item.name, self._receive(item))
        except Exception as error:  # noqa: BLE001 - the outer edge of one file, as in _judged
            try:
                future.set_result(self._judged(item.name, error))
            except OutOfResources as lacking:
                future.set_exception(lacking)
        return future

    def _receive(self, item: _Item) -> Receiving:
        receiving = self._archive.receive_file(limit=self._limit, file_name=item.name or None)
        try:
            for piece in item.read():
                receiving.write(piece)
        except BaseException:
            receiving.abort()
            raise
        return receiving

    def _finish(self, name: str, receiving: Receiving) -> FileResult:
        try:
            with receiving:
                stored = receiving.commit()
            if self._router is not None:
                self._router.route(stored, Sender(Door.REST))
        except Exception as error:  # noqa: BLE001 - the outer edge of one file, as in _judged
            return self._judged(name, error)
        UPLOADS.inc()
        return FileResult(name, str(stored.path), None)

    def _judged(self, name: str, error: Exception) -> FileResult:
        """What is wrong with a file; a mistake of ours over one must not take the others along.

        Raises OutOfResources where nothing is wrong with it.
        """
        if isinstance(error, TooLarge):
            return FileResult(name, None, too_large(self._limit).detail)
        if isinstance(error, OSError) and error.errno in _LOST:
            return FileResult(name, None, _GONE)
        if isinstance(error, OutOfResources):
            raise error
        if isinstance(error, OSError | MemoryError):
            raise _lacking(error) from error
        if not isinstance(error, RadnodeError):
            _log.error("file_failed", exc_info=error)
            return FileResult(name, None, INTERNAL)
        return FileResult(name, None, refusal_of(error).detail)


def _submitted(pool: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """Raises OutOfResources where no further thread can be started; one that runs does it all the same."""
    try:
        return pool.submit(work, *args, **kwargs)
    except RuntimeError as error:
        raise OutOfResources("Cannot store: no thread can be started") from error


def _lacking(error: OSError | MemoryError) -> OutOfResources:
    known = error if isinstance(error, OSError) else OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    return refused_by_disk(known)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return looks_zipped(file.read(_HEAD))


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
