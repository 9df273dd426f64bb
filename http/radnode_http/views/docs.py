"""The API's description: for programs (OpenAPI 3.1) and for people."""

from aiohttp import web

from radnode_http.keys import DOCS_PAGE, DOCS_POLICY, DOCUMENT

FRESH = "no-cache"
"""May be kept, but is asked for again; there is nothing of patients in it."""


async def openapi(request: web.Request) -> web.Response:
    """GET /api/openapi.json."""
    headers = {"Cache-Control": FRESH}
    return web.Response(body=request.app[DOCUMENT], content_type="application/json", headers=headers)


async def page(request: web.Request) -> web.Response:
    """GET /api/docs."""
    headers = {"Cache-Control": FRESH, "Content-Security-Policy": request.app[DOCS_POLICY]}
    return web.Response(text=request.app[DOCS_PAGE], content_type="text/html", headers=headers)
