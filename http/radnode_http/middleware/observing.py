"""Every request has a name, a line in the log and a place in the metrics; no path, query or patient is in any."""

import re
import secrets
import time

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from radnode_http.keys import CALLER, REQUEST_ID
from radnode_http.metrics import observe_request

_SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger()


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Name the request, answer it, and write one line about it."""
    request[REQUEST_ID] = request_id(request.headers.get("X-Request-ID"))
    started = time.perf_counter()
    with structlog.contextvars.bound_contextvars(request_id=request[REQUEST_ID]):
        response = await handler(request)
        seconds = time.perf_counter() - started
        _write(request, response, seconds)
    observe_request(request.method, route_of(request), response.status, seconds)
    return response


def request_id(wished: str | None) -> str:
    """The client's name for the request, where it is a short plain word; else one of our own."""
    return wished if wished is not None and _SAFE.fullmatch(wished) else secrets.token_hex(8)


def route_of(request: web.Request) -> str:
    """The template of the route that answers: never the path itself, which names studies and may hold anything."""
    resource = request.match_info.route.resource
    return "unknown" if resource is None else resource.canonical


def _write(request: web.Request, response: web.StreamResponse, seconds: float) -> None:
    caller = request.get(CALLER)
    _log.info(
        "request",
        method=request.method[:16],
        route=route_of(request),
        status=response.status,
        ms=round(seconds * 1000, 1),
        bytes=response.content_length or 0,
        subject=caller.subject if caller else None,
    )
