"""The worklist and performed procedure steps by REST."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.instances import encode_part10, make_instance
from support.modality import STEP, began, ended
from support.rest import Rest, as_bearer, make_token, open_archive, rest_settings, serving
from support.worklists import STUDY, TODAY, entry_of

from radnode.dimse.nested_encoding import encode_nested
from radnode.instance.nested import data_set_of
from radnode.model.uid import UID
from radnode.sections.worklist import WorklistSettings
from radnode.work.procedure_steps import ProcedureSteps
from radnode.work.work_file import WorkFile
from radnode_http.views.procedure_steps import MOST_BYTES
from radnode_http.views.worklist import MAX_ENTRY

WORKLIST = "/api/dicom/worklist"
STEPS = "/api/dicom/procedure-steps"
SEQUENCE = "ScheduledProcedureStepSequence"
ENTRY: dict[str, Any] = {
    "PatientName": "Müller^Jörg",
    "PatientID": "4711",
    "StudyInstanceUID": STUDY,
    SEQUENCE: [{"Modality": "CT", "ScheduledProcedureStepStartDate": TODAY, "ScheduledProcedureStepID": "S1"}],
}


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[WorkFile]:
    (tmp_path / "storage" / ".radnode").mkdir(parents=True)
    work = await asyncio.to_thread(WorkFile.open, tmp_path / "storage" / ".radnode" / "work.sqlite")
    yield work
    await asyncio.to_thread(work.close)


@pytest.fixture
async def rest(tmp_path: Path, work: WorkFile) -> AsyncIterator[Rest]:
    (tmp_path / "files").mkdir()
    root = tmp_path / "storage"
    settings = rest_settings(root).model_copy(update={"worklist": WorklistSettings(folder=tmp_path / "files")})
    async with open_archive(root) as archive, serving(archive, settings, work=work) as it:
        yield it


async def got(rest: Rest, method: str, url: str, status: int = 200, **options: Any) -> Any:
    async with rest.session.request(method, url, **options) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_an_entry_is_added_shown_replaced_and_removed(rest: Rest) -> None:
    added = await got(rest, "POST", WORKLIST, 201, json=ENTRY)
    assert (added["status"], added["file"]) == ("SCHEDULED", "")
    assert added["attributes"]["PatientName"] == "Müller^Jörg"
    assert added["attributes"]["RequestedProcedureID"]
    url = f"{WORKLIST}/{added['id']}"
    assert await got(rest, "GET", url) == added
    assert await got(rest, "GET", WORKLIST) == {"count": 1, "entries": [added], "next": None}
    changed = await got(rest, "PUT", url, json={**ENTRY, "PatientID": "0815"})
    assert changed["attributes"] == {**added["attributes"], "PatientID": "0815"}
    assert await got(rest, "DELETE", url) == {"success": True}
    for method in ("GET", "DELETE"):
        assert await rest.refused(method, url, 404) == "Unknown worklist entry"
    assert await rest.refused("PUT", url, 404, json=ENTRY) == "Unknown worklist entry"


async def test_a_step_may_be_written_flat(rest: Rest) -> None:
    flat = {key: value for key, value in ENTRY.items() if key != SEQUENCE} | ENTRY[SEQUENCE][0]
    flat = await got(rest, "POST", WORKLIST, 201, json=flat)
    nested = await got(rest, "POST", WORKLIST, 201, json=ENTRY)
    flat["attributes"].pop("RequestedProcedureID")
    nested["attributes"].pop("RequestedProcedureID")
    assert flat["attributes"] == nested["attributes"]


async def test_entries_come_by_pages(rest: Rest) -> None:
    ids = [(await got(rest, "POST", WORKLIST, 201, json=ENTRY))["id"] for _ in range(3)]
    first = await got(rest, "GET", f"{WORKLIST}?limit=2")
    second = await got(rest, "GET", f"{WORKLIST}?limit=2&cursor={first['next']}")
    assert [entry["id"] for entry in first["entries"] + second["entries"]] == ids
    assert second["next"] is None
    assert await rest.refused("GET", f"{WORKLIST}?cursor=nothing", 404) == "Unknown worklist entry"
    assert "limit" in await rest.refused("GET", f"{WORKLIST}?limit=0", 400)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "Invalid JSON body"),
        (b"[]", "Request body must be a JSON object"),
        (b"", "Invalid JSON body"),
        (b'{"PatientID": "1"}', "Modality must have a value|StartDate must have a value"),
        (b'{"PatientID": "1", "Bogus": "x"}', "Bogus is no DICOM keyword"),
        (b'{"PatientID": {"a": 1}}', "PatientID must be a text"),
        (b'{"PatientBirthDate": "19990231", "PatientID": "1"}', "PatientBirthDate must be a date"),
        (b'{"a":' * 5000, "Invalid JSON body"),
    ],
)
async def test_what_is_no_entry_is_refused(rest: Rest, body: bytes, detail: str) -> None:
    said = await rest.refused("POST", WORKLIST, 400, data=body)
    assert any(one in said for one in detail.split("|")), said


async def test_a_body_beyond_the_limit_is_refused(rest: Rest) -> None:
    assert str(MAX_ENTRY) in await rest.refused("POST", WORKLIST, 413, data=b" " * (MAX_ENTRY + 1))


@pytest.mark.parametrize(
    ("method", "url", "scope"),
    [
        ("GET", WORKLIST, "dicom:write"),
        ("POST", WORKLIST, "dicom:read dicom:delete"),
        ("PUT", f"{WORKLIST}/x", "dicom:read"),
        ("DELETE", f"{WORKLIST}/x", "dicom:read dicom:write"),
        ("GET", STEPS, "dicom:write"),
        ("GET", "/api/dicom/studies/1.2/completeness", "dicom:write"),
    ],
)
async def test_each_needs_its_scope(rest: Rest, method: str, url: str, scope: str) -> None:
    await rest.refused(method, url, 403, headers=as_bearer(make_token(scope)))
    await rest.refused(method, url, 401, headers=as_bearer("none"))


async def test_entries_of_files_are_shown_and_are_the_files(rest: Rest, tmp_path: Path) -> None:
    (tmp_path / "files" / "one.wl").write_bytes(encode_nested(data_set_of(entry_of()), UID("1.2.840.10008.1.2")))
    (entry,) = (await got(rest, "GET", WORKLIST))["entries"]
    assert entry["file"] == "one.wl"
    assert "file" in await rest.refused("DELETE", f"{WORKLIST}/{entry['id']}", 409)
    assert "file" in await rest.refused("PUT", f"{WORKLIST}/{entry['id']}", 409, json=ENTRY)
    (tmp_path / "files" / "one.wl").unlink()
    async with asyncio.timeout(10):
        while (await got(rest, "GET", WORKLIST))["count"]:
            pass
    await rest.refused("GET", f"{WORKLIST}/{entry['id']}", 404)


async def test_procedure_steps_are_shown_and_change_the_worklist(rest: Rest, work: WorkFile) -> None:
    added = await got(rest, "POST", WORKLIST, 201, json=ENTRY)
    steps = ProcedureSteps(work)
    await asyncio.to_thread(steps.create, UID(STEP), began())
    assert (await got(rest, "GET", f"{WORKLIST}/{added['id']}"))["status"] == "STARTED"
    shown = await got(rest, "GET", f"{STEPS}/{STEP}")
    assert (shown["status"], shown["study_uids"], shown["instances"]) == ("IN PROGRESS", [STUDY], [])
    assert shown["attributes"]["PerformedStationAETitle"] == "CT1"
    await asyncio.to_thread(steps.change, UID(STEP), ended("1.2.1"))
    assert (await got(rest, "GET", f"{WORKLIST}/{added['id']}"))["status"] == "COMPLETED"
    wanted = {"": 1, f"?study_uid={STUDY}": 1, "?study_uid=1.2.99": 0, "?status=COMPLETED": 1,
              "?status=IN%20PROGRESS": 0, f"?study_uid={STUDY}&status=COMPLETED&limit=5": 1}  # fmt: skip
    for query, count in wanted.items():
        assert (await got(rest, "GET", STEPS + query))["count"] == count, query
    assert "status" in await rest.refused("GET", f"{STEPS}?status=DONE", 400)
    assert "study_uid" in await rest.refused("GET", f"{STEPS}?study_uid=x", 400)
    assert await rest.refused("GET", f"{STEPS}/1.2.99", 404) == "Unknown procedure step"


async def test_procedure_steps_come_by_pages(rest: Rest, work: WorkFile) -> None:
    names = [f"{STEP}.{number}" for number in range(5)]
    for name in names:
        await asyncio.to_thread(ProcedureSteps(work).create, UID(name), began())
    await asyncio.to_thread(came_at_once, work, names[3:])
    assert await paged(rest, f"{STEPS}?limit=2") == [[names[2], names[1]], [names[0], names[3]], [names[4]]]
    assert await paged(rest, f"{STEPS}?limit=5&study_uid={STUDY}&status=IN%20PROGRESS") == [
        [names[2], names[1], names[0], names[3], names[4]]
    ]
    for bad in ("nonsense", "1-x", "-1-1.2", "99999999999999999999-1.2", "%00", "1-1.2%0A"):
        assert "cursor" in await rest.refused("GET", f"{STEPS}?cursor={bad}", 400), bad


async def test_an_answer_about_procedure_steps_has_a_limit_of_bytes(rest: Rest, work: WorkFile) -> None:
    names = [f"{STEP}.{number}" for number in range(4)]
    sizes = (MOST_BYTES // 2, MOST_BYTES + 1, MOST_BYTES // 3, MOST_BYTES // 3)
    for name, size in zip(names, sizes, strict=True):
        much = began(CommentsOnThePerformedProcedureStep="x" * size)
        await asyncio.to_thread(ProcedureSteps(work).create, UID(name), much)
    assert await paged(rest, STEPS) == [[names[3], names[2]], [names[1]], [names[0]]]


def came_at_once(work: WorkFile, names: list[str]) -> None:
    """Let these procedure steps have come at one time, long ago."""
    with work.writing() as connection:
        sql = "UPDATE procedure_steps SET created = 1764000000000000007 WHERE sop_instance = ?"
        connection.executemany(sql, [(name,) for name in names])


async def paged(rest: Rest, url: str) -> list[list[str]]:
    """The UIDs of the procedure steps, page by page."""
    pages, cursor = [], ""
    while True:
        page = await got(rest, "GET", url + ("&" if "?" in url else "?") + f"cursor={cursor}")
        assert page["count"] == len(page["steps"])
        pages.append([step["sop_instance_uid"] for step in page["steps"]])
        if page["next"] is None:
            return pages
        cursor = page["next"]


async def test_a_study_is_complete_once_all_that_was_made_is_held(rest: Rest, work: WorkFile) -> None:
    url = f"/api/dicom/studies/{STUDY}/completeness"
    nothing = await got(rest, "GET", url)
    assert (nothing["complete"], nothing["evidence"], nothing["expected"]) == (False, None, 0)
    steps = ProcedureSteps(work)
    await asyncio.to_thread(steps.create, UID(STEP), began())
    series = {"PerformedSeriesSequence": ended("1.2.1")["PerformedSeriesSequence"]}
    await asyncio.to_thread(steps.change, UID(STEP), series)
    for name in ("1.2.1", "1.2.2"):
        instance = make_instance(StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.1", SOPInstanceUID=name)
        await rest.stored(encode_part10(instance))
    running = await got(rest, "GET", url)
    assert (running["complete"], running["evidence"], running["missing"]) == (False, "mpps", [])
    await asyncio.to_thread(steps.change, UID(STEP), ended("1.2.1", "1.2.2", "1.2.3"))
    missing = await got(rest, "GET", url)
    assert missing == {
        "study_uid": STUDY, "complete": False, "expected": 3, "present": 2, "missing": ["1.2.3"], "evidence": "mpps",
        "procedure_steps": [STEP],
    }  # fmt: skip
    last = make_instance(StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.1", SOPInstanceUID="1.2.3")
    await rest.stored(encode_part10(last))
    whole = await got(rest, "GET", url)
    assert (whole["complete"], whole["present"], whole["missing"]) == (True, 3, [])
    assert "UID" in await rest.refused("GET", "/api/dicom/studies/x/completeness", 400)
