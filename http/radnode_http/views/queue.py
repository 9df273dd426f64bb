"""The send queue: what waits and what is dead, sending by hand, sending again, dropping."""

import asyncio
import time

from aiohttp import web

from radnode.model.errors import NotFound
from radnode.model.uid import UID
from radnode.work.ordering import order
from radnode.work.queue import State
from radnode.work.queue_rows import destination_row, item_row
from radnode.work.queue_view import Selection, drop, items, replay, standings
from radnode.work.work_file import WorkFile
from radnode_http.answers.answer import answered
from radnode_http.answers.queue import (
    DroppedAnswer,
    QueueAnswer,
    QueuedAnswer,
    QueueDestination,
    QueueItem,
    ReplayedAnswer,
)
from radnode_http.blocking import to_its_end
from radnode_http.bodies import small_body
from radnode_http.errors import Refusal
from radnode_http.keys import ARCHIVE, SETTINGS, WORK
from radnode_http.params.query import parse_body, parse_query
from radnode_http.params.queue import DropParameters, QueueParameters, ReplayWanted, SendingWanted

MAX_BODY = 64 * 1024
WHICH = "One of id, destination and study_uid is required"
UNKNOWN_PEER = "Field destination must be the title of a peer that can be called"


async def show(request: web.Request) -> web.Response:
    """GET /api/dicom/queue."""
    wanted = parse_query(QueueParameters, request.query)
    return answered(await asyncio.to_thread(_shown, request.app[WORK], wanted))


def _shown(work: WorkFile, wanted: QueueParameters) -> QueueAnswer:
    study = UID(wanted.study_uid or "")
    chosen = Selection((), wanted.destination or "", (State(wanted.state),), study, wanted.after)
    found = items(work, chosen, wanted.limit + 1)
    now, page = time.time(), tuple(QueueItem.model_validate(item_row(one)) for one in found[: wanted.limit])
    destinations = tuple(QueueDestination.model_validate(destination_row(one, now)) for one in standings(work))
    following = page[-1].id if len(found) > wanted.limit else None
    return QueueAnswer(destinations=destinations, count=len(page), items=page, next=following)


async def add(request: web.Request) -> web.Response:
    """POST /api/dicom/queue: stored objects for a peer, whatever the rules say."""
    wanted = parse_body(SendingWanted, await small_body(request, MAX_BODY))
    level, uid = wanted.what()
    peers = request.app[SETTINGS].peers
    if wanted.destination not in {peer.title for peer in peers if peer.is_callable}:
        raise Refusal(400, UNKNOWN_PEER)
    app = request.app
    queued = await to_its_end(order, app[ARCHIVE], app[WORK], wanted.destination, level, uid)
    if not queued:
        raise NotFound
    return answered(QueuedAnswer(queued=queued))


async def send_again(request: web.Request) -> web.Response:
    """POST /api/dicom/queue/replay: dead items, as if they had just come."""
    wanted = parse_body(ReplayWanted, await small_body(request, MAX_BODY))
    chosen = _chosen(wanted.id, wanted.destination, wanted.study_uid, State.DEAD)
    return answered(ReplayedAnswer(replayed=await to_its_end(replay, request.app[WORK], chosen, time.time())))


async def forget(request: web.Request) -> web.Response:
    """DELETE /api/dicom/queue: items that nobody shall send."""
    wanted = parse_query(DropParameters, request.query)
    chosen = _chosen(wanted.id, wanted.destination, wanted.study_uid, State(wanted.state))
    return answered(DroppedAnswer(dropped=await to_its_end(drop, request.app[WORK], chosen)))


def _chosen(number: int | None, destination: str | None, study: str | None, state: State) -> Selection:
    if number is None and not destination and not study:
        raise Refusal(400, WHICH)
    return Selection(() if number is None else (number,), destination or "", (state,), UID(study or ""))
