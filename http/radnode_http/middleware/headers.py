"""Headers that stand on every answer, and those of Cross-Origin Resource Sharing (the Fetch standard)."""

from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler

from radnode_http.answers.deidentify import WARNINGS_HEADER
from radnode_http.keys import REQUEST_ID, SETTINGS
from radnode_http.picture_headers import RENDER_HEADERS

ALLOW_METHODS = "GET, HEAD, POST, PUT, DELETE"
_CONDITIONS = ("If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range")
ALLOW_HEADERS = ", ".join(("Authorization", "Content-Type", *_CONDITIONS, "X-Request-ID"))
_OF_FILES = ("Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Location")
EXPOSE_HEADERS = ", ".join(("X-Request-ID", "Retry-After", *_OF_FILES, WARNINGS_HEADER, *RENDER_HEADERS.values()))
PREFLIGHT_AGE = "600"


async def decorate(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler of on_response_prepare: no sniffing, no caching of patient data, the request's name, CORS."""
    headers = response.headers
    headers["Server"] = "radnode"
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Cache-Control", "no-store")
    if REQUEST_ID in request:
        headers["X-Request-ID"] = request[REQUEST_ID]
    origins = request.app[SETTINGS].http.cors_origins
    if not origins:
        return
    if "*" not in origins:
        headers.add("Vary", "Origin")
    allowed = allowed_origin(request.headers.get("Origin"), origins)
    if allowed is not None:
        headers["Access-Control-Allow-Origin"] = allowed
        headers["Access-Control-Expose-Headers"] = EXPOSE_HEADERS


def allowed_origin(origin: str | None, origins: Sequence[str]) -> str | None:
    """What Access-Control-Allow-Origin says to a page from `origin`; None for one that may not read answers."""
    if origin is None:
        return None
    if "*" in origins:
        return "*"
    return origin if origin in origins else None


@web.middleware
async def preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a browser's question before the request proper, which carries no token; no route is told by the answer."""
    asking = "Origin" in request.headers and "Access-Control-Request-Method" in request.headers
    if request.method != "OPTIONS" or not asking:
        return await handler(request)
    response = web.Response(status=204)
    origins = request.app[SETTINGS].http.cors_origins
    if allowed_origin(request.headers.get("Origin"), origins) is not None:
        response.headers["Access-Control-Allow-Methods"] = ALLOW_METHODS
        response.headers["Access-Control-Allow-Headers"] = ALLOW_HEADERS
        response.headers["Access-Control-Max-Age"] = PREFLIGHT_AGE
    return response
