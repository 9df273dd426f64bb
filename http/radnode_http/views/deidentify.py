"""A stored file de-identified: sent, or put into the archive."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog
from aiohttp import web

from radnode.archive.archive import Archive
from radnode.archive.layout import Layout, refused_by_disk
from radnode.archive.stored import Stored
from radnode.instance.deidentification.deidentify import Deidentified, deidentify
from radnode.instance.deidentification.pseudonyms import SECRET_FILE, Pseudonyms
from radnode.model.route import Door, Sender
from radnode_http.answers.answer import answered
from radnode_http.answers.deidentify import WARNINGS_HEADER, DeidentifiedAnswer
from radnode_http.auth import Scope
from radnode_http.blocking import to_its_end
from radnode_http.bodies import small_body
from radnode_http.errors import Disconnected, Refusal
from radnode_http.keys import ARCHIVE, CALLER, DEIDENTIFYING, ROUTER
from radnode_http.params.deidentify import DeidentifyWanted, parse_wanted
from radnode_http.signing_keys import BadKey, kept_secret
from radnode_http.streaming import send_file, streaming
from radnode_http.views.stored import read_stored, wanted_path

MAX_BODY = 64 * 1024
AT_ONCE, PLACES = 2, 16
"""How many are made at a time, and how many there are in all, those too that are being sent: they take room."""
BUSY = "too many files are being de-identified"
NO_KEY = "The de-identification key cannot be read"
_PIECE = 1 << 20
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Made:
    """A new object in a file without a name, and what was said of it."""

    file: BinaryIO
    size: int
    said: Deidentified


async def deidentify_file(request: web.Request) -> web.StreamResponse:
    """POST /api/dicom/deidentify/{file_path}."""
    path, archive = wanted_path(request), request.app[ARCHIVE]
    wanted = parse_wanted(await small_body(request, MAX_BODY))
    if wanted.store and not request[CALLER].may(Scope.WRITE):
        raise Refusal(403, f"Scope {Scope.WRITE.value} is required")
    async with request.app[DEIDENTIFYING].place() as turn:
        async with turn:
            if request.transport is None:
                raise Disconnected
            made = await to_its_end(read_stored, archive, path, lambda file: _made(file, archive.layout, wanted))
        with made.file:
            _log.info("deidentified", warnings=made.said.warnings, stored=wanted.store)
            if not wanted.store:
                return await _sent(request, made)
            stored = await to_its_end(_store, archive, made.file)
    if ROUTER in request.app:
        await to_its_end(request.app[ROUTER].route, stored, Sender(Door.REST))
    return answered(DeidentifiedAnswer(file_path=str(stored.path), warnings=made.said.warnings))


async def _sent(request: web.Request, made: _Made) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "application/dicom"
    response.content_length = made.size
    response.headers["Content-Disposition"] = f'attachment; filename="{made.said.sop_instance}.dcm"'
    response.headers["Cache-Control"] = "no-store"
    if made.said.warnings:
        response.headers[WARNINGS_HEADER] = ", ".join(made.said.warnings)
    async with streaming(request, response):
        await send_file(request, made.file, 0, made.size)
    return response


def _made(path: Path, layout: Layout, wanted: DeidentifyWanted) -> _Made:
    """FileNotFoundError where the object was deleted meanwhile; nothing is left of what fails."""
    pseudonyms = _pseudonyms(layout)
    with ExitStack() as undo, _room_to_write():
        file = undo.enter_context(tempfile.TemporaryFile(dir=layout.incoming, buffering=0))
        said = deidentify(path, file.fileno(), wanted.profile(), pseudonyms, accept_burned_in=wanted.accept_burned_in)
        undo.pop_all()
        return _Made(file, os.fstat(file.fileno()).st_size, said)


@contextmanager
def _room_to_write() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise refused_by_disk(error) from error


def _pseudonyms(layout: Layout) -> Pseudonyms:
    """By the archive's own key, which is made at its first use."""
    try:
        return Pseudonyms(kept_secret(layout.private / SECRET_FILE).encode())
    except BadKey as error:
        _log.error("deidentification_key_unusable", error=str(error))
        raise Refusal(503, NO_KEY) from None


def _store(archive: Archive, file: BinaryIO) -> Stored:
    """Through the door that every file goes through."""
    with archive.receive_file() as receiving:
        file.seek(0)
        while piece := file.read(_PIECE):
            receiving.write(piece)
        return receiving.commit()
