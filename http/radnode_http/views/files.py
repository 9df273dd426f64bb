"""One stored file: its metadata, its picture, its end."""

import asyncio
from pathlib import Path

from aiohttp import web

from radnode.instance.picture import Picture, PictureWish
from radnode.model.errors import CannotRender, NotFound
from radnode_http.answers import DeleteAnswer, MetadataAnswer, answered
from radnode_http.errors import NOT_FOUND
from radnode_http.keys import ARCHIVE, RENDER_POOL
from radnode_http.params import ImageParameters, parse_query
from radnode_http.views.stored import parse, read_stored, wanted_path


async def metadata(request: web.Request) -> web.Response:
    """GET /api/dicom/metadata/{file_path}."""
    said = await asyncio.to_thread(read_stored, request.app[ARCHIVE], wanted_path(request), parse)
    return answered(MetadataAnswer(metadata=said))


async def image(request: web.Request) -> web.Response:
    """GET /api/dicom/image/{file_path}: the first frame."""
    path = wanted_path(request)
    wanted = parse_query(ImageParameters, request.query)
    file = await asyncio.to_thread(request.app[ARCHIVE].locate, path)
    picture = await _picture(request, file, wanted)
    return web.Response(body=picture.data, content_type=f"image/{wanted.format}")


async def _picture(request: web.Request, file: Path, wanted: ImageParameters) -> Picture:
    """The picture, or NotFound where the file went away while it was being made."""
    try:
        return await request.app[RENDER_POOL].render(
            file, PictureWish(wanted.format, wanted.quality), is_wanted=lambda: request.transport is not None
        )
    except (CannotRender, FileNotFoundError):
        if await asyncio.to_thread(file.exists):
            raise
        raise NotFound(NOT_FOUND) from None


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/dicom/{file_path}: the object with the older versions that it replaced."""
    await asyncio.to_thread(request.app[ARCHIVE].forget, wanted_path(request))
    return answered(DeleteAnswer())
