"""The node itself: its status, whether it lives and is ready, its metrics."""

import asyncio
from contextlib import suppress

import pydicom
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from radnode.archive.archive import Archive
from radnode.model.errors import RadnodeError
from radnode_http.answers.answer import HealthAnswer, StatusAnswer, StorageInfo, answered
from radnode_http.errors import DISABLED, Refusal
from radnode_http.keys import ARCHIVE, SETTINGS, SPOOL_ROOM, UPLOADING
from radnode_http.metrics import SPOOLED, UPLOAD_JOBS, exposition

MEGABYTE = 2**20
READY_WITHIN = 5.0
"""Seconds in which the index must answer."""


async def status(request: web.Request) -> web.Response:
    """GET /api/dicom/status."""
    settings, archive = request.app[SETTINGS], request.app.get(ARCHIVE)
    info = StorageInfo(total_files=0, total_size_mb=0, studies_count=0, series_count=0)
    if archive is not None:
        info = await asyncio.to_thread(_storage_info, archive)
    return answered(
        StatusAnswer(
            enabled=archive is not None,
            storage_dir=str(settings.archive.root.absolute()),
            max_file_size_mb=_megabytes(settings.http.max_file_size),
            pydicom_version=pydicom.__version__,
            storage_info=info,
        )
    )


def _storage_info(archive: Archive) -> StorageInfo:
    counted = archive.statistics()
    return StorageInfo(
        total_files=counted.files,
        total_size_mb=round(counted.bytes / MEGABYTE, 3),
        studies_count=counted.studies,
        series_count=counted.series,
    )


def _megabytes(size: int) -> int | float:
    return size // MEGABYTE if size % MEGABYTE == 0 else round(size / MEGABYTE, 6)


async def healthz(request: web.Request) -> web.Response:
    """GET /healthz: this process answers."""
    del request
    return answered(HealthAnswer(status="ok"))


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: the archive can be reached too."""
    archive = request.app.get(ARCHIVE)
    if archive is None:
        raise Refusal(503, DISABLED)
    try:
        async with asyncio.timeout(READY_WITHIN):
            await asyncio.to_thread(archive.statistics)
    except (RadnodeError, TimeoutError):
        raise Refusal(503, "The archive cannot be reached") from None
    return answered(HealthAnswer(status="ready"))


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics: Prometheus' text format."""
    if SPOOL_ROOM in request.app:
        SPOOLED.set(request.app[SPOOL_ROOM].taken)
    if UPLOADING in request.app:
        with suppress(RadnodeError):  # then it is what it was
            UPLOAD_JOBS.set(len(await asyncio.to_thread(request.app[UPLOADING].jobs.unfinished)))
    return web.Response(body=await asyncio.to_thread(exposition), headers={"Content-Type": CONTENT_TYPE_LATEST})
