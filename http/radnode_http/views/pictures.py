"""Pictures of a stored file: in full, and small."""

import asyncio

from aiohttp import web

from radnode.instance.pictures.picture import PictureWish
from radnode.model.file_path import FilePath
from radnode_http.keys import PICTURES, SETTINGS
from radnode_http.metrics import PICTURES as PICTURES_ANSWERED
from radnode_http.params.pictures import ImageParameters, ThumbnailParameters
from radnode_http.params.query import parse_query
from radnode_http.picture_headers import RENDER_HEADERS, header_text
from radnode_http.streaming import send_bytes
from radnode_http.views.stored import wanted_path


async def image(request: web.Request) -> web.StreamResponse:
    """GET /api/dicom/image/{file_path}: a frame, the first by default."""
    path = wanted_path(request)
    return await _shown(request, path, parse_query(ImageParameters, request.query).wish())


async def thumbnail(request: web.Request) -> web.StreamResponse:
    """GET /api/dicom/thumbnail/{file_path}: the frame that stands for all, by default, and small."""
    path = wanted_path(request)
    return await _shown(request, path, parse_query(ThumbnailParameters, request.query).wish())


async def _shown(request: web.Request, path: FilePath, wish: PictureWish) -> web.StreamResponse:
    """The picture, or 304 where the client has it already (RFC 9110 13.1.2)."""
    pictures = request.app[PICTURES]
    known = {tag.value for tag in request.if_none_match or ()}
    sought = await asyncio.to_thread(pictures.seek, path, wish, known)
    headers = {
        "ETag": f'"{sought.key}"',
        "Cache-Control": f"private, max-age={request.app[SETTINGS].render.max_age}, immutable",
        "Vary": "Authorization",
    }
    if sought.key in known:  # it was told to nobody but with a picture, so there is one
        PICTURES_ANSWERED.labels("known").inc()
        return web.Response(status=304, headers=headers)
    picture = sought.kept or await pictures.make(sought, lambda: request.transport is not None)
    PICTURES_ANSWERED.labels("kept" if sought.kept else "made").inc()
    if "*" in known:
        return web.Response(status=304, headers=headers)
    headers |= {header: header_text(getattr(picture.facts, fact)) for fact, header in RENDER_HEADERS.items()}
    headers["Content-Type"] = f"image/{wish.format}"
    return await send_bytes(request, picture.data, headers)
