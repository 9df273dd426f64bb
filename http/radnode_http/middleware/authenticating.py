"""Before anything else is said about a request, its sender shows a token; only listed routes are open."""

from aiohttp import web
from aiohttp.typedefs import Handler

from radnode_http.auth import bearer_token
from radnode_http.keys import CALLER, OPEN_PATHS, VERIFIER


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request in with a good token, or without one on an open route; else Refusal (401)."""
    if needs_token(request):
        token = bearer_token(request.headers.getall("Authorization", []))
        request[CALLER] = request.app[VERIFIER].caller(token)
    return await handler(request)


def needs_token(request: web.Request) -> bool:
    """Every known route but the open ones, and under /api the unknown ones too, so that nobody learns what is there."""
    resource = request.match_info.route.resource
    if resource is not None:
        return resource.canonical not in request.app[OPEN_PATHS]
    return request.path == "/api" or request.path.startswith("/api/")
