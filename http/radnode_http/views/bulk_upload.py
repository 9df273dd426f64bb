"""Several files in one upload: stored before the answer, or as a job."""

from aiohttp import web

from radnode.work.upload_jobs import FileResult, UploadedFile
from radnode_http.answers.answer import answered
from radnode_http.answers.bulk import UploadsAnswer, file_answer
from radnode_http.answers.peers import AcceptedAnswer
from radnode_http.blocking import in_turn, to_its_end
from radnode_http.errors import DISABLED, Disconnected, Refusal
from radnode_http.keys import BULK_TURNS, STORING, UPLOADING
from radnode_http.spooled_upload import spooled_upload
from radnode_http.views.jobs import values_of


async def upload_multiple(request: web.Request) -> web.Response:
    """POST /api/dicom/upload-multiple."""
    async with spooled_upload(request) as upload:
        results = await _stored(request, upload.files)
    stored = sum(result.error is None for result in results)
    answer = UploadsAnswer(
        success=stored == len(results),
        count=len(results),
        stored=stored,
        failed=len(results) - stored,
        results=tuple(map(file_answer, results)),
    )
    return answered(answer)


async def upload_async(request: web.Request) -> web.Response:
    """POST /api/dicom/upload-async."""
    uploading = request.app.get(UPLOADING)
    if uploading is None:
        raise Refusal(503, DISABLED)
    await to_its_end(uploading.jobs.check_room)
    async with spooled_upload(request) as upload:
        job = await in_turn(request.app[BULK_TURNS], uploading.accept, upload.kept)
    response = answered(AcceptedAnswer(**values_of(job)), status=202)
    response.headers["Location"] = f"/api/dicom/jobs/{job.id}"
    return response


async def _stored(request: web.Request, files: list[UploadedFile]) -> list[FileResult]:
    """All results; Disconnected where nobody waits for them any more."""
    results = request.app[STORING].results(files, is_wanted=lambda: request.transport is not None)
    done: list[FileResult] = []
    try:
        while (result := await in_turn(request.app[BULK_TURNS], next, results, None)) is not None:
            done.append(result)
    finally:
        await to_its_end(results.close)
    if request.transport is None:
        raise Disconnected
    return done
