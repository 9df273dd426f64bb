"""Typed keys of what the application and each request carry."""

from asyncio import Semaphore

from aiohttp import web

from radnode.archive.archive import Archive
from radnode.archive.spooling import SpoolRoom
from radnode.settings import Settings
from radnode.work.routing import Router
from radnode.work.work_file import WorkFile
from radnode.work.worklist import Worklist
from radnode_http.auth import Caller, Verifier
from radnode_http.peer_calls import PeerCalls
from radnode_http.pictures import Pictures
from radnode_http.render_pool import RenderPool
from radnode_http.retrieving import Retrieving
from radnode_http.storing import Storing
from radnode_http.turns import Turns
from radnode_http.uploading import Uploading

ARCHIVE = web.AppKey("ARCHIVE", Archive)
"""The archive; missing where archive.enabled is false."""
WORK = web.AppKey("WORK", WorkFile)
"""What the node has to do; missing where archive.enabled is false."""
ROUTER = web.AppKey("ROUTER", Router)
"""Queues what rules send on; missing where WORK is."""
WORKLIST = web.AppKey("WORKLIST", Worklist)
"""What modalities are to do; missing where WORK is."""
SETTINGS = web.AppKey("SETTINGS", Settings)
"""The settings in force."""
VERIFIER = web.AppKey("VERIFIER", Verifier)
"""What tokens are checked with."""
RENDER_POOL = web.AppKey("RENDER_POOL", RenderPool)
"""The processes that make pictures."""
PICTURES = web.AppKey("PICTURES", Pictures)
"""What finds pictures, or has them made; missing where ARCHIVE is."""
SUMMING_UP = web.AppKey("SUMMING_UP", Turns)
"""Whose turn it is to have a study summed up."""
DEIDENTIFYING = web.AppKey("DEIDENTIFYING", Turns)
"""Whose turn it is to have a file de-identified."""
PEER_CALLS = web.AppKey("PEER_CALLS", PeerCalls)
"""What calls peers."""
RETRIEVING = web.AppKey("RETRIEVING", Retrieving)
"""What runs retrievals; missing where WORK is."""
UPLOADING = web.AppKey("UPLOADING", Uploading)
"""What stores uploads as jobs; missing where WORK is."""
STORING = web.AppKey("STORING", Storing)
"""What stores uploads of several files; missing where ARCHIVE is."""
SPOOL_ROOM = web.AppKey("SPOOL_ROOM", SpoolRoom)
"""How much of uploads may lie on the disk until it is stored."""
BULK_TURNS = web.AppKey("BULK_TURNS", Semaphore)
"""Held by each step of work in bulk, so that it leaves threads to others; missing where ARCHIVE is."""
DOCUMENT = web.AppKey("DOCUMENT", bytes)
"""The OpenAPI document, encoded."""
DOCS_PAGE = web.AppKey("DOCS_PAGE", str)
"""The page that shows it."""
DOCS_POLICY = web.AppKey("DOCS_POLICY", str)
"""The Content-Security-Policy of that page."""
OPEN_PATHS = web.AppKey("OPEN_PATHS", frozenset[str])
"""Route templates that need no token."""

REQUEST_ID = web.RequestKey("REQUEST_ID", str)
"""Names the request in logs and to the client."""
CALLER = web.RequestKey("CALLER", Caller)
"""Who sent the request; missing where no token was needed."""
