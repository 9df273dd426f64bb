"""The REST sidecar as one application: collaborators in, routes and what happens around them out."""

import asyncio
import json
import os
from collections.abc import AsyncIterator

from aiohttp import web

from radnode.archive.archive import Archive
from radnode.archive.spooling import SpoolRoom
from radnode.settings import Settings
from radnode.work.jobs import Jobs
from radnode.work.routing import Router
from radnode.work.upload_jobs import UploadJobs
from radnode.work.work_file import WorkFile
from radnode.work.worklist import Worklist
from radnode_http.auth import Verifier
from radnode_http.blocking import AT_ONCE
from radnode_http.docs_page import content_policy, docs_page
from radnode_http.endpoints.table import endpoints
from radnode_http.job_running import JobRunner
from radnode_http.keys import (
    ARCHIVE,
    BULK_TURNS,
    DEIDENTIFYING,
    DOCS_PAGE,
    DOCS_POLICY,
    DOCUMENT,
    OPEN_PATHS,
    PEER_CALLS,
    PICTURES,
    RENDER_POOL,
    RETRIEVING,
    ROUTER,
    SETTINGS,
    SPOOL_ROOM,
    STORING,
    SUMMING_UP,
    UPLOADING,
    VERIFIER,
    WORK,
    WORKLIST,
)
from radnode_http.middleware.authenticating import authenticate
from radnode_http.middleware.headers import decorate, preflight
from radnode_http.middleware.observing import observe
from radnode_http.middleware.translating import translate
from radnode_http.openapi import document
from radnode_http.peer_calls import PeerCalls
from radnode_http.pictures import Pictures
from radnode_http.render_memory import machine_memory, share_of_memory
from radnode_http.render_pool import RenderPool
from radnode_http.retrieving import Retrieving
from radnode_http.routing import add_endpoints
from radnode_http.signing_keys import VerificationKey, load_key
from radnode_http.storing import Storing
from radnode_http.streaming import STREAMS, Streams
from radnode_http.turns import Turns
from radnode_http.uploading import Uploading
from radnode_http.views import deidentify, summaries


def build_app(
    archive: Archive | None,
    settings: Settings,
    *,
    work: WorkFile | None = None,
    key: VerificationKey | None = None,
    pool: RenderPool | None = None,
) -> web.Application:
    """The application over an open archive; None, for archive.enabled = false, leaves only the status.

    `work` is the work file beside it. `key` and `pool` are made from the settings where they are not given. The pool is
    started and closed with the application, the archive and the work file are their owner's. Raises BadKey. Reads the
    key and the page: call it before the event loop.
    """
    app = web.Application(middlewares=(observe, translate, preflight, authenticate))
    app[SETTINGS] = settings
    if archive is not None:
        app[ARCHIVE] = archive
    if work is not None:
        app[WORK] = work
        app[WORKLIST] = Worklist(work, settings.worklist.folder)
        app[ROUTER] = Router(settings.routes, work)
    if archive is not None:
        _add_bulk(app, archive, settings)
    if archive is not None and work is not None:
        _add_runners(app, archive, work, settings)
    app[PEER_CALLS] = PeerCalls(settings)
    app[STREAMS] = Streams()
    app[SUMMING_UP] = Turns(summaries.AT_ONCE, summaries.PLACES, summaries.BUSY)
    app[DEIDENTIFYING] = Turns(deidentify.AT_ONCE, deidentify.PLACES, deidentify.BUSY)
    app[VERIFIER] = Verifier(key or load_key(settings.auth, settings.archive.root / ".radnode"), settings.auth)
    app[RENDER_POOL] = pool or _pool(settings)
    if archive is not None:
        app[PICTURES] = Pictures(archive, app[RENDER_POOL], settings.render)
    _add_routes(app, settings)
    app.on_response_prepare.append(decorate)
    app.cleanup_ctx.append(_rendering)
    app.on_shutdown.append(_end_calls)
    return app


def _add_bulk(app: web.Application, archive: Archive, settings: Settings) -> None:
    app[SPOOL_ROOM] = SpoolRoom(settings.bulk.max_spooled)
    app[STORING] = Storing(archive, app.get(ROUTER), settings)
    app[BULK_TURNS] = asyncio.Semaphore(AT_ONCE)


def _add_runners(app: web.Application, archive: Archive, work: WorkFile, settings: Settings) -> None:
    app[RETRIEVING] = Retrieving(Jobs(work, settings.asking.jobs_kept), archive, app[ROUTER], settings)
    jobs = UploadJobs(work, settings.bulk.jobs_kept, settings.bulk.max_queued)
    app[UPLOADING] = Uploading(jobs, archive, app[STORING], app[SPOOL_ROOM], settings.bulk.jobs_at_once)
    app.cleanup_ctx.append(_running)


def _pool(settings: Settings) -> RenderPool:
    workers = settings.http.render_workers or len(os.sched_getaffinity(0))
    memory = settings.render.worker_memory or share_of_memory(workers, machine_memory())
    return RenderPool(workers, settings.http.render_timeout, memory=memory)


def _add_routes(app: web.Application, settings: Settings) -> None:
    table = endpoints(settings)
    described = document(table)
    app[OPEN_PATHS] = frozenset(endpoint.path for endpoint in table if endpoint.scope is None)
    app[DOCUMENT] = json.dumps(described).encode()
    app[DOCS_PAGE] = docs_page(described)
    app[DOCS_POLICY] = content_policy()
    add_endpoints(app, table)


async def _rendering(app: web.Application) -> AsyncIterator[None]:
    await app[RENDER_POOL].start()
    yield
    await app[RENDER_POOL].close()
    if PICTURES in app:
        await app[PICTURES].close()


async def _running(app: web.Application) -> AsyncIterator[None]:
    runners: tuple[JobRunner, ...] = (app[RETRIEVING], app[UPLOADING])
    for runner in runners:
        await asyncio.to_thread(runner.start)
    yield
    await asyncio.gather(*(asyncio.to_thread(runner.close) for runner in runners))


async def _end_calls(app: web.Application) -> None:
    app[PEER_CALLS].close()
    app[STREAMS].part()
