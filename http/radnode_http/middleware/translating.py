"""The outer edge: whatever went wrong inside becomes a status and {"detail": "..."}."""

import asyncio
import traceback

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from radnode.model.errors import OutOfResources, RadnodeError, TooBusy
from radnode_http.answers.answer import problem
from radnode_http.errors import CLIENT_GONE, INTERNAL, Disconnected, Refusal, refusal_of

_log = structlog.get_logger()
_READING = ("GET", "HEAD")


@web.middleware
async def translate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with JSON in every case; a connection whose request was not read to its end is closed behind it."""
    try:
        return await handler(request)
    except Refusal as refusal:
        response = problem(refusal.status, refusal.detail)
        response.headers.update(refusal.headers)
    except RadnodeError as error:
        response = _radnode_problem(request, error)
    except web.HTTPException as answer:
        response = _http_problem(answer)
    except Disconnected:
        response = problem(CLIENT_GONE, "The client closed the connection")
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 the outermost edge of a request
        response = _fault(error)
    if not request.content.is_eof():
        response.force_close()
    return response


def _radnode_problem(request: web.Request, error: RadnodeError) -> web.Response:
    refusal = refusal_of(error)
    if refusal.status >= 500 and not isinstance(error, TooBusy):  # many at once, each of which has its own line
        _log.error("request_failed", error=type(error).__name__)
    # Nothing is to be stored by a GET: what it lacks is the index, for now.
    status = 503 if isinstance(error, OutOfResources) and request.method in _READING else refusal.status
    response = problem(status, refusal.detail)
    response.headers.update(refusal.headers)
    return response


def _http_problem(answer: web.HTTPException) -> web.Response:
    response = problem(answer.status, answer.reason)
    if "Allow" in answer.headers:
        response.headers["Allow"] = answer.headers["Allow"]
    return response


def _fault(error: Exception) -> web.Response:
    """500. The log gets where it happened, never the error's words, which may be a patient's."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("request_failed", error=type(error).__name__, traceback=where)
    return problem(500, INTERNAL)
