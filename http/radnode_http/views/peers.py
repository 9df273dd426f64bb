"""Peers: who they are, whether they answer, what they have, and getting it here."""

from typing import TypeVar

from aiohttp import web
from multidict import MultiMapping
from pydantic import BaseModel

from radnode.settings import Peer
from radnode.work.jobs import Wanted
from radnode_http.answers.answer import answered
from radnode_http.answers.peers import EchoAnswer, KnownPeer, PeersAnswer, QueryAnswer
from radnode_http.blocking import to_its_end
from radnode_http.bodies import small_body
from radnode_http.errors import Refusal
from radnode_http.keys import PEER_CALLS, SETTINGS
from radnode_http.params.peers import PeerQuery, RetrieveRequest
from radnode_http.params.query import parse_body, parse_query
from radnode_http.peer_queries import level_of
from radnode_http.views.jobs import retrieving, shown

MAX_BODY = 64 * 1024
"""Bytes of a JSON body."""
UNKNOWN_PEER = "Unknown peer"
M = TypeVar("M", bound=BaseModel)


async def list_peers(request: web.Request) -> web.Response:
    """GET /api/dicom/peers."""
    peers = request.app[SETTINGS].peers
    known = tuple(
        KnownPeer(title=peer.title, host=peer.host, port=peer.port, tls=peer.tls, allow=peer.allow) for peer in peers
    )
    return answered(PeersAnswer(count=len(known), peers=known))


async def echo(request: web.Request) -> web.Response:
    """POST /api/dicom/peers/{title}/echo."""
    echoed = await request.app[PEER_CALLS].echo(_peer(request))
    return answered(
        EchoAnswer(
            success=echoed.status == 0, status=f"{echoed.status:04X}", milliseconds=round(echoed.milliseconds, 1)
        )
    )


async def query(request: web.Request) -> web.Response:
    """POST /api/dicom/peers/{title}/query: the filters stand in the query string or in a JSON body."""
    peer = _peer(request)
    body = await small_body(request, MAX_BODY)
    wanted = _given(PeerQuery, request.query, body)
    level = level_of(wanted)
    matches, is_complete = await request.app[PEER_CALLS].query(peer, level, wanted)
    return answered(
        QueryAnswer(level=wanted.level, count=len(matches), is_complete=is_complete, matches=tuple(matches))
    )


async def retrieve(request: web.Request) -> web.Response:
    """POST /api/dicom/peers/{title}/retrieve: a job that does it."""
    peer = _peer(request)
    body = await small_body(request, MAX_BODY)
    wanted = _given(RetrieveRequest, request.query, body)
    if wanted.sop_instance_uid and not wanted.series_uid:
        raise Refusal(400, "series_uid is required with sop_instance_uid")
    ordered = Wanted(wanted.study_uid, wanted.series_uid or "", wanted.sop_instance_uid or "")
    job = await to_its_end(retrieving(request).add, peer, ordered)
    answer = answered(shown(job), status=202)
    answer.headers["Location"] = f"/api/dicom/jobs/{job.id}"
    return answer


def _peer(request: web.Request) -> Peer:
    title = request.match_info["title"]
    for peer in request.app[SETTINGS].peers:
        if peer.title == title:
            return peer
    raise Refusal(404, UNKNOWN_PEER)


def _given(model: type[M], query: MultiMapping[str], body: bytes) -> M:
    if not body.strip():
        return parse_query(model, query)
    if query:
        raise Refusal(400, "Parameters stand in the query string or in the body, not in both")
    return parse_body(model, body)
