"""The upload form, RFC 7578: one file in a multipart/form-data body, read as a stream, nothing whole in memory."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from radnode_http.bodies import Pace, invite
from radnode_http.errors import NO_FILE, Refusal, size_text, too_large

FIELD = "file"
CHUNK = 256 * 1024
"""Bytes that are handed on together: a thread per network packet would cost more than the work in it."""
MAX_BESIDE = 1024 * 1024
"""Bytes of everything in the body but the file."""
FIELD_COST = 1024
"""Bytes that each part counts for which is no file: a million empty ones would take minutes."""
BROKEN = "Broken multipart body"
_IDENTITY = ("", "binary", "8bit", "7bit", "identity")

T = TypeVar("T")


class UploadForm:
    """Reads an upload's parts in the order of `file()`, `chunks()`, `finish()`.

    Every method raises Refusal: 400 "No file uploaded" before a file was found, 400 for a broken body, 413 where what
    is beside the file is too large, 408 for a sender that is too slow; and Disconnected.
    """

    def __init__(self, reader: MultipartReader, fields: tuple[str, ...]) -> None:
        self._reader = reader
        self._fields = fields
        self._pace = Pace()
        self._found = False
        self._beside = 0

    @classmethod
    async def open(cls, request: web.Request, limit: int) -> "UploadForm":
        """The form in a request's body; a body that cannot but exceed `limit` bytes of file is not even asked for."""
        if request.content_length is not None and request.content_length > limit + MAX_BESIDE:
            check_form(request)
            raise too_large(limit)
        return await cls.of_files(request, (FIELD,))

    @classmethod
    async def of_files(cls, request: web.Request, fields: tuple[str, ...]) -> "UploadForm":
        """The form in a request's body, whose files may be called by any of these names."""
        check_form(request)
        try:
            reader = await request.multipart()
        except (ValueError, AssertionError):
            raise Refusal(400, NO_FILE) from None
        await invite(request)
        return cls(reader, fields)

    async def file(self) -> BodyPartReader:
        """The part named `file` that has a file name; what stands before it is skipped."""
        part = await self.next_file()
        if part is None:
            raise Refusal(400, NO_FILE)
        return part

    async def next_file(self) -> BodyPartReader | None:
        """The next part that is a file; what stands before it is skipped. None: the body is whole, and had no more."""
        while (part := await self._next_part()) is not None:
            if part.name in self._fields and part.filename:
                self._found = True
                return _plain(part)
            await self._skip(part)
        return None

    async def chunks(self, part: BodyPartReader) -> AsyncIterator[bytes]:
        """The file's bytes as they come, in pieces of about CHUNK."""
        piece = bytearray()
        while not part.at_eof():
            piece += await self._chunk(part)
            if len(piece) >= CHUNK:
                yield bytes(piece)
                piece.clear()
        if piece:
            yield bytes(piece)

    async def finish(self) -> None:
        """Read what stands behind the file, up to the closing boundary: only then is the file known to be whole."""
        if await self.next_file() is not None:
            raise Refusal(400, "More than one file uploaded")

    async def _next_part(self) -> BodyPartReader | None:
        part = await self._read(self._reader.next)
        if isinstance(part, MultipartReader):
            raise Refusal(400, "Nested multipart bodies are not supported")
        return part

    async def _skip(self, part: BodyPartReader) -> None:
        size = FIELD_COST
        while True:
            self._beside += size
            if self._beside > MAX_BESIDE:
                raise Refusal(413, f"Form fields exceed maximum allowed size ({size_text(MAX_BESIDE)})")
            if part.at_eof():
                return
            size = len(await self._chunk(part))

    async def _chunk(self, part: BodyPartReader) -> bytes:
        chunk = await self._read(lambda: part.read_chunk(CHUNK))
        self._pace.received(len(chunk))
        return chunk

    async def _read(self, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            async with self._pace.reading():
                return await read()
        # aiohttp's reader of parts has no error of its own: these are what a body that is none ends in.
        except (ValueError, AssertionError, RuntimeError, HttpProcessingError, web.RequestPayloadError):
            raise Refusal(400, BROKEN if self._found else NO_FILE) from None


def check_form(request: web.Request) -> None:
    """Refusal (400) for a body that is no form."""
    if request.content_type != "multipart/form-data":
        raise Refusal(400, NO_FILE)


def _plain(part: BodyPartReader) -> BodyPartReader:
    """The part, unless it is encoded: RFC 7578 4.7 ended that, and DICOM files are taken as they are."""
    for name in ("Content-Transfer-Encoding", "Content-Encoding"):
        if part.headers.get(name, "").strip().lower() not in _IDENTITY:
            raise Refusal(400, f"{name} of the file is not supported")
    return part


def original_name(part: BodyPartReader) -> str:
    """The file's name as its sender had it, as `plain_name`."""
    return plain_name(part.filename or "")


def plain_name(name: str) -> str:
    """A file's name without folders, without what cannot be stored or shown, not too long."""
    readable = name.replace("\\", "/").rpartition("/")[2].encode("utf-8", "replace").decode("utf-8")
    return "".join(character for character in readable if character.isprintable())[:255]
