"""GET /api/dicom/list: stored files, the newest first, a page at a time."""

import asyncio

from aiohttp import web

from radnode.archive.listing import FileFilter, FileRow
from radnode.model.instant import utc_text
from radnode_http.answers.answer import ListAnswer, ListedFile, answered
from radnode_http.keys import ARCHIVE
from radnode_http.params.query import ListParameters, parse_list


async def list_files(request: web.Request) -> web.Response:
    """One page of the files that match every filter."""
    wanted = parse_list(request.query)
    page = await asyncio.to_thread(
        request.app[ARCHIVE].list_files, _filter(wanted), limit=wanted.limit, cursor=wanted.cursor
    )
    files = tuple(_listed(row) for row in page.files)
    return answered(ListAnswer(count=len(files), files=files, total=page.total, next=page.next))


def _filter(wanted: ListParameters) -> FileFilter:
    return FileFilter(
        patient_id=wanted.patient_id,
        patient_name=wanted.patient_name,
        modality=wanted.modality,
        study_date_from=wanted.study_date_from,
        study_date_to=wanted.study_date_to,
    )


def _listed(row: FileRow) -> ListedFile:
    return ListedFile(
        file_path=str(row.path),
        patient_id=row.patient_id,
        patient_name=row.patient_name,
        study_uid=row.path.study,
        series_uid=row.path.series,
        modality=row.modality,
        study_date=row.study_date,
        study_description=row.study_description,
        uploaded_at=utc_text(row.arrived // 10**9),
    )
