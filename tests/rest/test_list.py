from datetime import UTC, datetime
from typing import Any

import pytest
from support.instances import REMOVED, encode_part10, make_instance
from support.rest import Rest, checked

from radnode_http.answers.answer import ListAnswer

LIST = "/api/dicom/list"


async def listed(rest: Rest, **parameters: Any) -> ListAnswer:
    async with rest.session.get(LIST, params=parameters) as answer:
        return await checked(answer, ListAnswer)


def instance(number: int, **overrides: Any) -> bytes:
    own = {
        "StudyInstanceUID": f"1.2.{number}",
        "SeriesInstanceUID": f"1.2.{number}.1",
        "SOPInstanceUID": f"1.2.{number}.1.1",
    }
    return encode_part10(make_instance(**own, **overrides))


async def test_a_stored_file_is_listed_as_the_guide_shows_it(rest: Rest) -> None:
    before = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    path = await rest.stored(encode_part10(make_instance()))
    found = await listed(rest)
    assert (found.count, found.total, found.next) == (1, 1, None)
    row = found.files[0].model_dump()
    uploaded_at = datetime.fromisoformat(row.pop("uploaded_at"))
    assert before <= uploaded_at <= datetime.now(UTC).replace(tzinfo=None)
    assert row == {
        "file_path": path,
        "patient_id": "12345678",
        "patient_name": "DOE^JOHN",
        "study_uid": "1.2.826.0.1.3680043.10.543.1",
        "series_uid": "1.2.826.0.1.3680043.10.543.1.1",
        "modality": "CT",
        "study_date": "20251106",
        "study_description": "CT CHEST W CONTRAST",
    }


async def test_an_empty_archive_lists_nothing(rest: Rest) -> None:
    assert (await listed(rest)).model_dump(mode="json") == {
        "success": True,
        "count": 0,
        "files": [],
        "total": 0,
        "next": None,
    }


async def test_filters_are_anded_and_empty_ones_filter_nothing(rest: Rest) -> None:
    await rest.stored(instance(1, PatientID="A", PatientName="DOE^JOHN", Modality="CT", StudyDate="20250101"))
    await rest.stored(instance(2, PatientID="B", PatientName="Müller^Jürgen", Modality="MR", StudyDate="20250201"))
    await rest.stored(instance(3, PatientID="C", PatientName="Smith^Jane", Modality="DX", StudyDate="20250301"))
    await rest.stored(instance(4, PatientID=REMOVED, PatientName="", Modality="RTPLAN", StudyDate=REMOVED))
    wanted: list[tuple[dict[str, str], set[str]]] = [
        ({}, {"A", "B", "C", ""}),
        ({"patient_id": "A"}, {"A"}),
        ({"patient_id": "a"}, set()),
        ({"patient_name": "john doe"}, {"A"}),
        ({"patient_name": "muller"}, {"B"}),
        ({"patient_name": "*^J*"}, {"A", "B", "C"}),
        ({"modality": "CT,MR"}, {"A", "B"}),
        ({"modality": "XR"}, {"C"}),
        ({"modality": "RT"}, {""}),
        ({"study_date_from": "20250201"}, {"B", "C"}),
        ({"study_date_to": "20250201"}, {"A", "B"}),
        ({"study_date_from": "20250201", "study_date_to": "20250201"}, {"B"}),
        ({"patient_id": "A", "modality": "MR"}, set()),
        ({"patient_id": "", "patient_name": "", "modality": "", "cursor": ""}, {"A", "B", "C", ""}),
        ({"study_date_from": "", "study_date_to": ""}, {"A", "B", "C", ""}),
    ]
    for parameters, identities in wanted:
        found = await listed(rest, **parameters)
        assert {file.patient_id for file in found.files} == identities, parameters
        assert found.count == found.total == len(identities)


async def test_pages_follow_each_other_without_gap_or_repetition(rest: Rest) -> None:
    stored = [await rest.stored(instance(number)) for number in range(1, 8)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = await listed(rest, limit=3, cursor=cursor)
        assert page.total == len(stored)
        assert page.count == len(page.files) <= 3
        seen += [file.file_path for file in page.files]
        if page.next is None:
            break
        cursor = page.next
    assert sorted(seen) == sorted(stored)
    everything = (await listed(rest, limit=1000)).files
    assert [file.file_path for file in everything] == seen
    assert [file.uploaded_at for file in everything] == sorted((file.uploaded_at for file in everything), reverse=True)


BAD = [
    ("limit=0", "limit"),
    ("limit=1001", "limit"),
    ("limit=-1", "limit"),
    ("limit=%2B5", "limit"),
    ("limit=1.5", "limit"),
    ("limit=1e2", "limit"),
    ("limit=1_0", "limit"),
    ("limit=abc", "limit"),
    ("limit=", "limit"),
    ("limit=%D9%A1", "limit"),
    ("limit=99999999999999999999", "limit"),
    ("limit=5&limit=5", "limit"),
    ("study_date_from=2025", "study_date_from"),
    ("study_date_from=20250230", "study_date_from"),
    ("study_date_from=2025-1-1", "study_date_from"),
    ("study_date_to=20251301", "study_date_to"),
    ("study_date_to=2025010%D9%A1", "study_date_to"),
    ("study_date_to=00000101", "study_date_to"),
    ("study_date_from=20250102&study_date_to=20250101", "study_date_from"),
    ("cursor=nonsense", "cursor"),
    ("cursor=%00", "cursor"),
    ("patient_id=A&patient_id=B", "patient_id"),
    ("patient_id=%00", "patient_id"),
    ("patient_name=DOE%00*", "patient_name"),
    ("modality=CT%00", "modality"),
    ("foo=1", "foo"),
    ("Limit=5", "Limit"),
    ("patient_ID=5", "patient_ID"),
    ("offset=5", "offset"),
    ("=5", ""),
]


async def test_a_bad_parameter_is_named(rest: Rest) -> None:
    for query, name in BAD:
        status, answer = await rest.target("GET", f"{LIST}?{query}")
        assert status == 400, query
        assert name in answer["detail"], (query, answer)


@pytest.mark.parametrize("query", ["limit=1", "limit=1000", "limit=0005", "study_date_from=20240229", ""])
async def test_good_parameters_are_taken(rest: Rest, query: str) -> None:
    assert (await rest.target("GET", f"{LIST}?{query}"))[0] == 200
