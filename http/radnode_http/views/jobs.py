"""Jobs, which retrieve or store uploads: how far they are, and ending them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from radnode.work.jobs import Job, JobKind
from radnode.work.upload_jobs import FileResult
from radnode_http.answers.answer import answered
from radnode_http.answers.bulk import file_answer
from radnode_http.answers.peers import JobAnswer, JobsAnswer, JobShown
from radnode_http.blocking import to_its_end
from radnode_http.errors import DISABLED, Refusal
from radnode_http.job_running import JobRunner
from radnode_http.keys import RETRIEVING, UPLOADING
from radnode_http.params.peers import JobsParameters
from radnode_http.params.query import parse_query
from radnode_http.retrieving import Retrieving

UNKNOWN_JOB = "Unknown job"
ENDED = "The job has ended already"


async def list_jobs(request: web.Request) -> web.Response:
    """GET /api/dicom/jobs."""
    wanted = parse_query(JobsParameters, request.query)
    jobs = await asyncio.to_thread(retrieving(request).jobs.latest, wanted.limit)
    return answered(JobsAnswer(count=len(jobs), jobs=tuple(JobShown(**values_of(job)) for job in jobs)))


async def one_job(request: web.Request) -> web.Response:
    """GET /api/dicom/jobs/{id}."""
    job = await asyncio.to_thread(retrieving(request).jobs.find, request.match_info["id"])
    if job is None:
        raise Refusal(404, UNKNOWN_JOB)
    results = await asyncio.to_thread(_results, request, job)
    return answered(shown(job, results))


async def cancel_job(request: web.Request) -> web.Response:
    """DELETE /api/dicom/jobs/{id}."""
    running = retrieving(request)
    before = await asyncio.to_thread(running.jobs.find, request.match_info["id"])
    if before is None:
        raise Refusal(404, UNKNOWN_JOB)
    if before.state.is_end:
        raise Refusal(409, ENDED)
    job = await to_its_end(_runner(request, before).cancel, before.id) or before
    results = await asyncio.to_thread(_results, request, job)
    return answered(shown(job, results), status=202)


def retrieving(request: web.Request) -> Retrieving:
    """What runs the jobs; Refusal (503) where there is no work file."""
    running = request.app.get(RETRIEVING)
    if running is None:
        raise Refusal(503, DISABLED)
    return running


def shown(job: Job, results: Sequence[FileResult] = ()) -> JobAnswer:
    """The answer for one job; `results` are of the files of an upload."""
    told = tuple(map(file_answer, results)) if job.kind is JobKind.UPLOAD else None
    return JobAnswer(**values_of(job), results=told)


def _runner(request: web.Request, job: Job) -> JobRunner:
    return request.app[UPLOADING] if job.kind is JobKind.UPLOAD else request.app[RETRIEVING]


def _results(request: web.Request, job: Job) -> Sequence[FileResult]:
    return request.app[UPLOADING].jobs.results(job.id) if job.kind is JobKind.UPLOAD else ()


def values_of(job: Job) -> dict[str, Any]:
    """What every answer says of a job."""
    return {
        "job_id": job.id,
        "kind": job.kind.value,
        "peer": job.peer or None,
        "study_uid": job.wanted.study or None,
        "series_uid": job.wanted.series or None,
        "sop_instance_uid": job.wanted.sop_instance or None,
        "state": job.state.value,
        "remaining": 0 if job.state.is_end else job.counts.remaining,
        "completed": job.counts.completed,
        "failed": job.counts.failed,
        "warning": job.counts.warning,
        "error": job.error or None,
        "created_at": _time(job.created),
        "started_at": _time(job.started),
        "ended_at": _time(job.ended),
    }


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None).isoformat(timespec="seconds")
