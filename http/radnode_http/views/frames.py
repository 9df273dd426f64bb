"""The frames of one stored file."""

import asyncio
from dataclasses import asdict

from aiohttp import web

from radnode_http.answers.answer import answered
from radnode_http.answers.frames import FramesAnswer
from radnode_http.keys import ARCHIVE, RENDER_POOL
from radnode_http.params.query import NoParameters, parse_query
from radnode_http.views.stored import wanted_path


async def frames(request: web.Request) -> web.Response:
    """GET /api/dicom/frames/{file_path}."""
    path = wanted_path(request)
    parse_query(NoParameters, request.query)  # a frame or window would not be heeded
    file = await asyncio.to_thread(request.app[ARCHIVE].locate, path)
    facts = await request.app[RENDER_POOL].frames(file, is_wanted=lambda: request.transport is not None)
    return answered(FramesAnswer(**asdict(facts)))
