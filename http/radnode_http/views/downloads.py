"""Stored files as they are: one of them, or those of a study or series in a zip archive."""

import os
import time
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from radnode.archive.archive import Archive
from radnode.archive.retrieval import Retrieval
from radnode.model.attributes import BY_KEYWORD, Attribute
from radnode.model.level import Level
from radnode.model.query import Query, SingleValue
from radnode.model.uid import UID
from radnode_http.blocking import in_turn, to_its_end
from radnode_http.errors import NO_STUDY, Refusal
from radnode_http.keys import ARCHIVE, BULK_TURNS
from radnode_http.packing import packed
from radnode_http.params.query import NoParameters, parse_query
from radnode_http.ranges import Version, wanted_part
from radnode_http.streaming import send_file, send_piece, streaming
from radnode_http.views.stored import read_stored, wanted_path, wanted_uid

NO_SERIES = "DICOM series not found"
CACHING = "private, max-age=31536000, immutable"
"""What lies at a path never changes, so a year is as good as a day."""
_HEAD = 1024


@dataclass(frozen=True, slots=True)
class _OpenFile:
    """A stored file that stays whole while it is open, whoever deletes it."""

    file: BinaryIO
    size: int
    version: Version


async def stored_file(request: web.Request) -> web.StreamResponse:
    """GET /api/dicom/file/{file_path}: byte for byte, or a range of it."""
    path = wanted_path(request)
    opened = await to_its_end(read_stored, request.app[ARCHIVE], path, _open)
    with opened.file:
        headers = {"Cache-Control": CACHING, "Vary": "Authorization", **opened.version.headers}
        if opened.version.is_known(request):
            return web.Response(status=304, headers=headers)
        part = wanted_part(request, opened.version, opened.size)
        headers["Accept-Ranges"] = "bytes"
        headers["Content-Disposition"] = f'attachment; filename="{path.name}.dcm"'
        response = web.StreamResponse(status=200 if part is None else 206, headers=headers)
        offset, count = (0, opened.size) if part is None else (part.offset, part.count)
        if part is not None:
            response.headers["Content-Range"] = f"bytes {offset}-{offset + count - 1}/{opened.size}"
        response.content_type = "application/dicom"
        response.content_length = count
        async with streaming(request, response):
            if request.method == "GET":
                await send_file(request, opened.file, offset, count)
        return response


def _open(path: Path) -> _OpenFile:
    file = path.open("rb", buffering=0)
    try:
        status = os.fstat(file.fileno())
        # Its name is that of the data set; what stands before it depends on who wrote it.
        head = sha256(b"%d:" % status.st_size + os.pread(file.fileno(), _HEAD, 0)).hexdigest()[:16]
    except OSError:
        file.close()
        raise
    # Never later than now (RFC 9110 8.8.2.1), though clocks are set back.
    modified = int(min(status.st_mtime, time.time()))
    return _OpenFile(file, status.st_size, Version(f"{path.stem}-{head}", modified))


async def study_archive(request: web.Request) -> web.StreamResponse:
    """GET /api/dicom/studies/{study_uid}/archive.zip."""
    study = wanted_uid(request, "study_uid", NO_STUDY)
    query = Query(Level.STUDY, (_key("StudyInstanceUID", study),), ())
    return await _archive(request, query, study, NO_STUDY)


async def series_archive(request: web.Request) -> web.StreamResponse:
    """GET /api/dicom/studies/{study_uid}/series/{series_uid}/archive.zip."""
    study = wanted_uid(request, "study_uid", NO_SERIES)
    series = wanted_uid(request, "series_uid", NO_SERIES)
    keys = (_key("StudyInstanceUID", study), _key("SeriesInstanceUID", series))
    return await _archive(request, Query(Level.SERIES, keys, ()), series, NO_SERIES)


async def _archive(request: web.Request, query: Query, name: UID, unknown: str) -> web.StreamResponse:
    parse_query(NoParameters, request.query)  # who asks for a part, or for copies without the patient, must not get all
    archive = request.app[ARCHIVE]
    retrieval = await to_its_end(archive.retrieve, query)
    if not retrieval.total:
        raise Refusal(404, unknown)
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}.zip"'})
    response.content_type = "application/zip"
    async with streaming(request, response):
        if request.method == "GET":
            await _send(request, response, archive, retrieval)
    return response


async def _send(request: web.Request, response: web.StreamResponse, archive: Archive, retrieval: Retrieval) -> None:
    with closing(packed(retrieval, archive.layout)) as pieces:
        while piece := await in_turn(request.app[BULK_TURNS], next, pieces, b""):
            await send_piece(request, response, piece)


def _key(keyword: str, uid: UID) -> tuple[Attribute, SingleValue]:
    return BY_KEYWORD[keyword], SingleValue(uid)
