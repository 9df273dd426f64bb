"""Clinical summaries: of a file, of a study."""

import asyncio
from functools import partial
from pathlib import Path

from aiohttp import web

from radnode.archive.archive import Archive
from radnode.instance.words.provenance import read_origins, traced
from radnode.instance.words.study_data import Sections, study_data, traced_study
from radnode.instance.words.study_file import read_study_files
from radnode.instance.words.study_summary import study_text
from radnode.instance.words.summary import summarize
from radnode.model.uid import UID
from radnode_http.answers.answer import StudySummaryAnswer, SummaryAnswer, answered
from radnode_http.blocking import to_its_end
from radnode_http.bodies import small_body
from radnode_http.errors import NO_STUDY, Disconnected, Refusal
from radnode_http.keys import ARCHIVE, SUMMING_UP
from radnode_http.metrics import PARSE_DURATION
from radnode_http.params.query import SummaryFlags, parse_flags
from radnode_http.views.stored import parse, read_stored, wanted_path, wanted_uid

MAX_FLAGS = 64 * 1024
"""Bytes of a summary's JSON body."""
AT_ONCE, PLACES = 1, 32
"""How many studies are looked at, and how many are wanted in all: each keeps the interpreter from everybody else."""
BUSY = "too many studies are being summed up"


async def clinical_summary(request: web.Request) -> web.Response:
    """POST /api/dicom/clinical-summary/{file_path}."""
    path = wanted_path(request)
    flags = parse_flags(await small_body(request, MAX_FLAGS))
    summary = _traced_summary if flags.include_provenance else _summary
    read = partial(summary, file_path=str(path), flags=flags)
    return answered(await asyncio.to_thread(read_stored, request.app[ARCHIVE], path, read))


async def study_summary(request: web.Request) -> web.Response:
    """POST /api/dicom/clinical-summary/study/{study_uid}."""
    study = wanted_uid(request, "study_uid", NO_STUDY)
    flags = parse_flags(await small_body(request, MAX_FLAGS))
    async with request.app[SUMMING_UP].place() as turn, turn:
        if request.transport is None:
            raise Disconnected
        return answered(await to_its_end(_study_summary, request.app[ARCHIVE], study, flags))


def _study_summary(archive: Archive, study: UID, flags: SummaryFlags) -> StudySummaryAnswer:
    facts = archive.study_facts(study)
    if facts is None:
        raise Refusal(404, NO_STUDY)
    wanted = Sections(flags.include_patient_info, flags.include_study_info, flags.include_technical_params)
    files = [*read_study_files((archive.layout.current(path), path) for path in facts.files)]
    data, provenance = study_data(facts, files, wanted)
    told = traced_study(data, provenance) if flags.include_provenance else data
    return StudySummaryAnswer(summary=study_text(data, wanted), structured_data=told)


def _summary(path: Path, *, file_path: str, flags: SummaryFlags) -> SummaryAnswer:
    del file_path  # nothing is told of it
    made = summarize(parse(path), **flags.sections)
    return SummaryAnswer(summary=made.summary, structured_data=made.structured_data)


def _traced_summary(path: Path, *, file_path: str, flags: SummaryFlags) -> SummaryAnswer:
    with PARSE_DURATION.time():
        metadata, origins = read_origins(path, file_path)
    made = summarize(metadata, **flags.sections)
    return SummaryAnswer(summary=made.summary, structured_data=traced(made.structured_data, origins))
