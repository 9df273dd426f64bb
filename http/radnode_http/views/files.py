"""One stored file: its metadata, its end."""

import asyncio

from aiohttp import web

from radnode_http.answers.answer import DeleteAnswer, MetadataAnswer, answered
from radnode_http.keys import ARCHIVE
from radnode_http.views.stored import parse, read_stored, wanted_path


async def metadata(request: web.Request) -> web.Response:
    """GET /api/dicom/metadata/{file_path}."""
    said = await asyncio.to_thread(read_stored, request.app[ARCHIVE], wanted_path(request), parse)
    return answered(MetadataAnswer(metadata=said))


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/dicom/{file_path}: the object with the older versions that it replaced."""
    await asyncio.to_thread(request.app[ARCHIVE].forget, wanted_path(request))
    return answered(DeleteAnswer())
