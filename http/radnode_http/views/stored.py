"""What the views of stored files share: finding them by what the URL names, reading them while others may delete."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from radnode.archive.archive import Archive
from radnode.instance.words.metadata import Metadata, read_metadata
from radnode.model.errors import NotFound
from radnode.model.file_path import FilePath, parse_file_path
from radnode.model.uid import UID, InvalidUID, parse_uid
from radnode_http.errors import NOT_FOUND, Refusal
from radnode_http.metrics import PARSE_DURATION

T = TypeVar("T")


def wanted_path(request: web.Request) -> FilePath:
    """The path in the request's URL, decoded; NotFound for anything that is not the shape of one."""
    return parse_file_path(request.match_info["file_path"])


def wanted_uid(request: web.Request, name: str, unknown: str) -> UID:
    """The UID of that name in the request's URL; Refusal (404, `unknown`) for what is none."""
    try:
        return parse_uid(request.match_info[name])
    except InvalidUID:
        raise Refusal(404, unknown) from None


def read_stored(archive: Archive, path: FilePath, read: Callable[[Path], T]) -> T:
    """What `read` makes of the stored file. NotFound, also when it is deleted in between. Blocks."""
    try:
        return read(archive.locate(path))
    except FileNotFoundError:
        raise NotFound(NOT_FOUND) from None


def parse(path: Path) -> Metadata:
    """The file's metadata; the time that takes is measured. Blocks."""
    with PARSE_DURATION.time():
        return read_metadata(path)
