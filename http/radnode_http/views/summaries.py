"""Clinical summaries: of a file, of a study."""

import asyncio
from functools import partial
from pathlib import Path

from aiohttp import web

from radnode.instance.provenance import read_origins, traced
from radnode.instance.summary import summarize
from radnode_http.answers import SummaryAnswer, answered
from radnode_http.bodies import small_body
from radnode_http.keys import ARCHIVE
from radnode_http.metrics import PARSE_DURATION
from radnode_http.params import SummaryFlags, parse_flags
from radnode_http.views.stored import parse, read_stored, wanted_path

MAX_FLAGS = 64 * 1024
"""Bytes of a summary's JSON body."""


async def clinical_summary(request: web.Request) -> web.Response:
    """POST /api/dicom/clinical-summary/{file_path}."""
    path = wanted_path(request)
    flags = parse_flags(await small_body(request, MAX_FLAGS))
    summary = _traced_summary if flags.include_provenance else _summary
    read = partial(summary, file_path=str(path), flags=flags)
    return answered(await asyncio.to_thread(read_stored, request.app[ARCHIVE], path, read))


def _summary(path: Path, *, file_path: str, flags: SummaryFlags) -> SummaryAnswer:
    del file_path  # nothing is told of it
    made = summarize(parse(path), **flags.sections)
    return SummaryAnswer(summary=made.summary, structured_data=made.structured_data)


def _traced_summary(path: Path, *, file_path: str, flags: SummaryFlags) -> SummaryAnswer:
    with PARSE_DURATION.time():
        metadata, origins = read_origins(path, file_path)
    made = summarize(metadata, **flags.sections)
    return SummaryAnswer(summary=made.summary, structured_data=traced(made.structured_data, origins))
