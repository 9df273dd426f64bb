"""POST /api/dicom/upload: one file through the same door as every other object."""

from aiohttp import BodyPartReader, web

from radnode.archive.archive import Archive
from radnode.archive.receiving import Receiving
from radnode.archive.stored import Stored
from radnode.model.errors import NotFound, TooLarge
from radnode.model.route import Door, Sender
from radnode_http.answers.answer import UploadAnswer, answered
from radnode_http.blocking import to_its_end
from radnode_http.errors import Refusal, too_large
from radnode_http.keys import ARCHIVE, ROUTER, SETTINGS
from radnode_http.metrics import UPLOADS
from radnode_http.multipart import UploadForm, original_name
from radnode_http.views.stored import parse, read_stored

GONE = "The file was stored, but has been replaced or deleted since"


async def upload(request: web.Request) -> web.Response:
    """Store the file of the form and answer with its path and metadata, once it is safe on disk and in the index."""
    archive, limit = request.app[ARCHIVE], request.app[SETTINGS].http.max_file_size
    form = await UploadForm.open(request, limit)
    part = await form.file()
    try:
        stored = await _store(archive, form, part, limit)
        if ROUTER in request.app:
            await to_its_end(request.app[ROUTER].route, stored, Sender(Door.REST))
    except TooLarge:
        raise too_large(limit) from None
    UPLOADS.inc()
    try:
        metadata = await to_its_end(read_stored, archive, stored.path, parse)
    except NotFound:
        raise Refusal(409, GONE) from None
    return answered(UploadAnswer(file_path=str(stored.path), metadata=metadata))


async def _store(archive: Archive, form: UploadForm, part: BodyPartReader, limit: int) -> Stored:
    """The file into the archive, piece by piece; nothing of it is left where anything goes wrong."""
    receiving = await to_its_end(archive.receive_file, limit=limit, file_name=original_name(part) or None)
    try:
        return await _receive(receiving, form, part)
    except BaseException:
        await to_its_end(receiving.abort)
        raise


async def _receive(receiving: Receiving, form: UploadForm, part: BodyPartReader) -> Stored:
    async for piece in form.chunks(part):
        await to_its_end(receiving.write, piece)
    await form.finish()
    return await to_its_end(receiving.commit)
