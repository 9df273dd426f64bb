"""The body of an upload in bulk: its files, each in a spool, and none of them stored before the body was whole.

The body is a form with any number of files called `file` or `files`, or a zip archive as it is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from radnode.archive.archive import Archive
from radnode.archive.spooling import Spool, SpoolRoom
from radnode.archive.zipped import looks_zipped
from radnode.settings import Settings
from radnode.work.upload_jobs import UploadedFile
from radnode_http.blocking import to_its_end
from radnode_http.bodies import body_pieces
from radnode_http.errors import NO_FILE, Refusal, size_text, too_large
from radnode_http.keys import ARCHIVE, SETTINGS, SPOOL_ROOM
from radnode_http.multipart import CHUNK, UploadForm, original_name

FIELDS = ("file", "files")
ZIP_TYPES = ("application/zip", "application/x-zip-compressed")
_AROUND = 1024
"""Bytes of a form around each file."""


def too_many(limit: int) -> Refusal:
    """413 for more than `limit` files."""
    return Refusal(413, f"Upload has more than {limit} files")


def too_much(limit: int) -> Refusal:
    """413 for an upload of more than `limit` bytes."""
    return Refusal(413, f"Upload exceeds maximum allowed size ({size_text(limit)})")


class SpooledUpload:
    """The files of one upload; `kept` are their finished spools, with a name and what is wrong with each."""

    def __init__(self, archive: Archive, room: SpoolRoom, settings: Settings) -> None:
        self.kept: list[tuple[Spool, str, str]] = []
        self._archive = archive
        self._room = room
        self._largest = settings.http.max_file_size
        self._bulk = settings.bulk
        self._received = 0

    @property
    def files(self) -> list[UploadedFile]:
        """What was sent, and where it lies now."""
        return [UploadedFile(name, spool.path, error) for spool, name, error in self.kept if spool.path is not None]

    async def receive(self, request: web.Request) -> None:
        """Take the whole body. Refusal, Disconnected, OutOfResources."""
        most = self._bulk.max_total_size
        around = _AROUND * (self._bulk.max_files + 1)
        if request.content_length is not None and request.content_length > most + around:
            raise too_much(most)
        if request.content_type in ZIP_TYPES:
            await self._keep("", body_pieces(request, CHUNK))
            if not self._received:
                raise Refusal(400, NO_FILE)
            return
        form = await UploadForm.of_files(request, FIELDS)
        while (part := await form.next_file()) is not None:
            if len(self.kept) == self._bulk.max_files:
                raise too_many(self._bulk.max_files)
            await self._keep(original_name(part), form.chunks(part))
        if not self.kept:
            raise Refusal(400, NO_FILE)

    def close(self) -> None:
        """Remove what was not moved. Raises OutOfResources. Blocks."""
        for spool, _, _ in self.kept:
            spool.close()

    async def _keep(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        spool = await to_its_end(self._archive.spool, self._room)
        try:
            error = await self._fill(spool, pieces)
            await to_its_end(spool.finish)
        except BaseException:
            await to_its_end(spool.close)
            raise
        self.kept.append((spool, name, error))

    async def _fill(self, spool: Spool, pieces: AsyncIterator[bytes]) -> str:
        """What is wrong with the file, which is read to its end in any case, or nothing."""
        limit, error = 0, ""
        async for piece in pieces:
            limit = limit or (self._bulk.max_total_size if looks_zipped(piece) else self._largest)
            self._received += len(piece)
            if self._received > self._bulk.max_total_size:
                raise too_much(self._bulk.max_total_size)
            if not error and spool.size + len(piece) > limit:
                error = too_large(limit).detail
                await to_its_end(spool.empty)
            elif not error:
                await to_its_end(spool.write, piece)
        return error


@asynccontextmanager
async def spooled_upload(request: web.Request) -> AsyncIterator[SpooledUpload]:
    """The upload in a request's body, gone behind the block but for what was moved."""
    upload = SpooledUpload(request.app[ARCHIVE], request.app[SPOOL_ROOM], request.app[SETTINGS])
    try:
        await upload.receive(request)
        yield upload
    finally:
        await to_its_end(upload.close)
