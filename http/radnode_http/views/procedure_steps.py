"""What modalities report of performed procedure steps, and whether the archive holds what they made."""

import asyncio

from aiohttp import web

from radnode.archive.archive import Archive
from radnode.model.errors import NotFound
from radnode.model.uid import InvalidUID, parse_uid
from radnode.work.completeness import completeness_of
from radnode.work.procedure_steps import ProcedureStep, ProcedureSteps, StepFilter
from radnode_http.answers.answer import answered
from radnode_http.answers.worklist import CompletenessAnswer, ProcedureStepAnswer, ProcedureStepsAnswer
from radnode_http.errors import DISABLED, Refusal
from radnode_http.keys import ARCHIVE, WORK
from radnode_http.params.query import parse_query
from radnode_http.params.worklist import ProcedureStepParameters

UNKNOWN_STEP = "Unknown procedure step"
NO_UID = "The study's UID is no UID"
MOST_MISSING = 1000
"""Missing instances that one answer names."""
MOST_BYTES = 4 << 20
"""Bytes of reports that one answer holds; one report that is larger is an answer of its own."""


async def list_steps(request: web.Request) -> web.Response:
    """GET /api/dicom/procedure-steps."""
    wanted = parse_query(ProcedureStepParameters, request.query, may_be_empty=("study_uid", "cursor"))
    return await asyncio.to_thread(_listed, _steps(request), wanted)


def _listed(known: ProcedureSteps, wanted: ProcedureStepParameters) -> web.Response:
    """Beside the event loop: modalities name thousands of instances in each step."""
    which = StepFilter(wanted.study_uid, wanted.status)
    page = known.page(which, limit=wanted.limit, most_bytes=MOST_BYTES, cursor=wanted.cursor)
    shown = tuple(_shown(step) for step in page.steps)
    return answered(ProcedureStepsAnswer(count=len(shown), steps=shown, next=page.next))


async def one_step(request: web.Request) -> web.Response:
    """GET /api/dicom/procedure-steps/{sop_instance_uid}."""
    try:
        step = await asyncio.to_thread(_steps(request).step, request.match_info["sop_instance_uid"])
    except NotFound:
        raise Refusal(404, UNKNOWN_STEP) from None
    return answered(_shown(step))


async def completeness(request: web.Request) -> web.Response:
    """GET /api/dicom/studies/{study_uid}/completeness."""
    try:
        study = parse_uid(request.match_info["study_uid"])
    except InvalidUID:
        raise Refusal(400, NO_UID) from None
    return answered(await asyncio.to_thread(_completeness, request.app[ARCHIVE], _steps(request), study))


def _steps(request: web.Request) -> ProcedureSteps:
    work = request.app.get(WORK)
    if work is None:
        raise Refusal(503, DISABLED)
    return ProcedureSteps(work)


def _completeness(archive: Archive, steps: ProcedureSteps, study: str) -> CompletenessAnswer:
    told = completeness_of(archive, steps, study)
    return CompletenessAnswer(
        study_uid=study,
        complete=told.complete,
        expected=told.expected,
        present=told.expected - len(told.missing),
        missing=told.missing[:MOST_MISSING],
        evidence="mpps" if told.steps else None,
        procedure_steps=told.steps,
    )


def _shown(step: ProcedureStep) -> ProcedureStepAnswer:
    return ProcedureStepAnswer(
        sop_instance_uid=step.sop_instance,
        status=step.status,
        study_uids=step.studies,
        instances=step.instances,
        created=step.created,
        changed=step.changed,
        attributes=dict(step.document),
    )
