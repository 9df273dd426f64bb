"""Several files in one upload: stored before the answer, or as a job."""

from collections.abc import Iterator

from aiohttp import web

from radnode.work.upload_jobs import FileResult
from radnode_http.answers import answered
from radnode_http.blocking import to_its_end
from radnode_http.bulk_answers import UploadsAnswer, file_answer
from radnode_http.errors import DISABLED, Disconnected, Refusal
from radnode_http.keys import STORING, UPLOADING
from radnode_http.peer_answers import AcceptedAnswer
from radnode_http.spooled_upload import spooled_upload
from radnode_http.views.jobs import values_of


async def upload_multiple(request: web.Request) -> web.Response:
    """POST /api/dicom/upload-multiple."""
    async with spooled_upload(request, durably=False) as upload:
        results = await _stored(request, request.app[STORING].results(upload.files))
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
    async with spooled_upload(request, durably=True) as upload:
        job = await to_its_end(uploading.accept, upload.kept)
    response = answered(AcceptedAnswer(**values_of(job)), status=202)
    response.headers["Location"] = f"/api/dicom/jobs/{job.id}"
    return response


async def _stored(request: web.Request, results: Iterator[FileResult]) -> list[FileResult]:
    """All results; Disconnected where nobody waits for them any more."""
    done: list[FileResult] = []
    while (result := await to_its_end(next, results, None)) is not None:
        done.append(result)
        if request.transport is None:
            raise Disconnected
    return done
