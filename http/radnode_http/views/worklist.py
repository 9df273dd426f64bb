"""The worklist: what is to be done, entry by entry."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web

from radnode.model.errors import NotFound
from radnode.work.worklist import Worklist
from radnode.work.worklist_entry import Entry, parse_entry
from radnode_http.answers.answer import answered
from radnode_http.answers.worklist import RemovedAnswer, WorklistAnswer, WorklistEntry
from radnode_http.blocking import to_its_end
from radnode_http.bodies import small_body
from radnode_http.errors import DISABLED, Refusal
from radnode_http.keys import WORKLIST
from radnode_http.params.query import parse_body, parse_query
from radnode_http.params.worklist import EntryBody, WorklistParameters

MAX_ENTRY = 256 * 1024
"""Bytes of an entry's JSON body."""
UNKNOWN_ENTRY = "Unknown worklist entry"
T = TypeVar("T")


async def list_entries(request: web.Request) -> web.Response:
    """GET /api/dicom/worklist."""
    wanted = parse_query(WorklistParameters, request.query, may_be_empty=("cursor",))
    return await asyncio.to_thread(_listed, _worklist(request), wanted)


def _listed(worklist: Worklist, wanted: WorklistParameters) -> web.Response:
    page = _found(worklist.entries, limit=wanted.limit, after=wanted.cursor)
    shown = tuple(_shown(entry) for entry in page.entries)
    return answered(WorklistAnswer(count=len(shown), entries=shown, next=page.next))


async def add_entry(request: web.Request) -> web.Response:
    """POST /api/dicom/worklist."""
    document = parse_entry(parse_body(EntryBody, await small_body(request, MAX_ENTRY)).root)
    return answered(_shown(await to_its_end(_worklist(request).add, document)), status=201)


async def one_entry(request: web.Request) -> web.Response:
    """GET /api/dicom/worklist/{id}."""
    return answered(_shown(await asyncio.to_thread(_found, _worklist(request).entry, request.match_info["id"])))


async def replace_entry(request: web.Request) -> web.Response:
    """PUT /api/dicom/worklist/{id}."""
    worklist, name = _worklist(request), request.match_info["id"]
    given = parse_body(EntryBody, await small_body(request, MAX_ENTRY)).root
    before = await asyncio.to_thread(_found, worklist.entry, name)
    document = parse_entry(given, before.document)
    return answered(_shown(await to_its_end(_found, worklist.replace, name, document)))


async def remove_entry(request: web.Request) -> web.Response:
    """DELETE /api/dicom/worklist/{id}."""
    await to_its_end(_found, _worklist(request).remove, request.match_info["id"])
    return answered(RemovedAnswer())


def _worklist(request: web.Request) -> Worklist:
    worklist = request.app.get(WORKLIST)
    if worklist is None:
        raise Refusal(503, DISABLED)
    return worklist


def _found(act: Callable[..., T], *arguments: object, **named: object) -> T:
    """What `act` gives; Refusal (404) where there is no such entry. Blocks."""
    try:
        return act(*arguments, **named)
    except NotFound:
        raise Refusal(404, UNKNOWN_ENTRY) from None


def _shown(entry: Entry) -> WorklistEntry:
    return WorklistEntry(
        id=entry.id,
        status=entry.status,
        file=entry.source,
        created=entry.created,
        changed=entry.changed,
        attributes=dict(entry.document),
    )
