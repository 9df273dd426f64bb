"""The document in a stored file: a structured report for people, or an encapsulated document as it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from aiohttp import web

from radnode.archive.archive import Archive
from radnode.instance.words.encapsulated import Encapsulated, Kind, encapsulated, kind_of
from radnode.instance.words.report_wish import ReportWish
from radnode.model.errors import NotFound
from radnode.model.file_path import FilePath
from radnode_http.blocking import to_its_end
from radnode_http.errors import NOT_FOUND, Refusal
from radnode_http.keys import ARCHIVE, RENDER_POOL
from radnode_http.params.documents import DocumentParameters
from radnode_http.params.query import parse_query
from radnode_http.report_sheet import report_sheet
from radnode_http.streaming import PIECE, send_bytes, send_piece, streaming
from radnode_http.views.stored import read_stored, wanted_path

NO_TEXT = "Parameter format must not be text, because the document is encapsulated"
INLINE = {
    "application/pdf": "pdf",
    "text/plain": "txt",
    "model/stl": "stl",
    "model/obj": "obj",
    "model/mtl": "mtl",
}
"""MIME types that no browser runs anything of, and the suffixes of their files; everything else is for saving only."""
OTHERS = "application/octet-stream"


async def document(request: web.Request) -> web.StreamResponse:
    """GET /api/dicom/document/{file_path}."""
    path = wanted_path(request)
    wanted = parse_query(DocumentParameters, request.query)
    kind = await asyncio.to_thread(read_stored, request.app[ARCHIVE], path, kind_of)
    if kind is Kind.REPORT:
        return await _report(request, path, wanted)
    if wanted.format == "text":
        raise Refusal(400, NO_TEXT)
    async with _opened(request.app[ARCHIVE], path) as document:
        return await _as_it_is(request, path, document)


async def _report(request: web.Request, path: FilePath, wanted: DocumentParameters) -> web.StreamResponse:
    """Read by the render pool: a hostile tree costs seconds of a processor."""
    file = await asyncio.to_thread(request.app[ARCHIVE].locate, path)
    sheet = await asyncio.to_thread(report_sheet)
    wish = ReportWish(wanted.format, sheet.style if wanted.format == "html" else "")
    body = await request.app[RENDER_POOL].report(file, wish, is_wanted=lambda: request.transport is not None)
    if wanted.format == "text":
        return await send_bytes(request, body, {"Content-Type": "text/plain; charset=utf-8"})
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": sheet.policy}
    return await send_bytes(request, body, headers)


@asynccontextmanager
async def _opened(archive: Archive, path: FilePath) -> AsyncIterator[Encapsulated]:
    """The document, mapped; whoever deletes the file meanwhile does not take it away."""
    stack = ExitStack()
    try:
        yield await to_its_end(_entered, stack, archive, path)
    finally:
        await to_its_end(stack.close)


def _entered(stack: ExitStack, archive: Archive, path: FilePath) -> Encapsulated:
    try:
        return stack.enter_context(encapsulated(archive.locate(path)))
    except FileNotFoundError:
        raise NotFound(NOT_FOUND) from None


async def _as_it_is(request: web.Request, path: FilePath, document: Encapsulated) -> web.StreamResponse:
    mime_type = document.mime_type.partition(";")[0].strip()
    suffix = INLINE.get(mime_type)
    how = "attachment" if suffix is None else "inline"
    response = web.StreamResponse(
        headers={
            "Content-Type": OTHERS if suffix is None else mime_type,
            "Content-Disposition": f'{how}; filename="{path.name}.{suffix or "bin"}"',
        }
    )
    if suffix is None:  # browsers' own viewers of the others may be hindered by it
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.content_length = len(document.data)
    async with streaming(request, response):
        for position in range(0, len(document.data) if request.method == "GET" else 0, PIECE):
            await send_piece(request, response, await to_its_end(_piece, document, position))
    return response


def _piece(document: Encapsulated, position: int) -> bytes:
    return bytes(document.data[position : position + PIECE])
