"""From the table of endpoints to aiohttp's router: right and wrong methods, and paths that hold slashes."""

from collections.abc import Iterable
from itertools import groupby

from aiohttp import web
from aiohttp.typedefs import Handler

from radnode_http.endpoints.endpoint import FILE_PATH, Endpoint
from radnode_http.errors import DISABLED, Refusal
from radnode_http.keys import ARCHIVE, CALLER

ANY = "{file_path:(?s:.*)}"
"""Anything at all, line breaks too: what is no path of a file is for the one who parses it to refuse."""
DELETE_PATH = f"/api/dicom/{FILE_PATH}"
"""The template that every path under /api/dicom fits."""


def add_endpoints(app: web.Application, endpoints: Iterable[Endpoint]) -> None:
    """Route every endpoint; on its path other methods are 405, so that no wider template swallows them."""
    for path, group in groupby(
        sorted(endpoints, key=lambda endpoint: endpoint.path), key=lambda endpoint: endpoint.path
    ):
        resource = app.router.add_resource(path.replace(FILE_PATH, ANY))
        allowed: list[str] = []
        for endpoint in group:
            allowed += endpoint.methods
            handler = guarded(endpoint)
            for method in endpoint.methods:
                resource.add_route(method, handler, expect_handler=leave_waiting)
        resource.add_route("*", _other_methods(path, allowed), expect_handler=leave_waiting)


def guarded(endpoint: Endpoint) -> Handler:
    """The endpoint's view behind its scope (403) and, where it needs one, the archive (503)."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if endpoint.scope is not None and not request[CALLER].may(endpoint.scope):
            raise Refusal(403, f"Scope {endpoint.scope.value} is required")
        if endpoint.needs_archive and ARCHIVE not in request.app:
            raise Refusal(503, DISABLED)
        return await endpoint.view(request)

    return handle


async def leave_waiting(request: web.Request) -> None:
    """No 100 Continue yet: only who reads the body asks for it, after everything else was checked."""
    del request


def _other_methods(path: str, allowed: list[str]) -> Handler:
    async def refuse(request: web.Request) -> web.StreamResponse:
        # Under the widest template only what looks like a file is known; the rest is a route that there is not.
        if path == DELETE_PATH and not request.match_info["file_path"].startswith("studies/"):
            raise Refusal(404, "Not Found")
        raise Refusal(405, "Method Not Allowed", {"Allow": ", ".join(sorted(allowed))})

    return refuse
