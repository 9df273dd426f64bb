"""Peers by REST: who they are, whether they answer, and what they have."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from support.archives import store
from support.dimse_server import peer_of, running
from support.finding import provider, without_end
from support.instances import make_instance
from support.odd_acceptor import acceptor, received
from support.rest import Rest, as_bearer, checked, make_token, serving_with_peers

from radnode.archive.archive import Archive
from radnode.sections.asking import AskingSettings
from radnode.settings import Peer
from radnode_http.answers.peers import EchoAnswer, PeersAnswer, QueryAnswer

STUDIES = [
    ("1.2.1", "DOE^JOHN", "11", "CT", "20250101", "A1"),
    ("1.2.2", "DOE^JANE", "12", "MR", "20250202", "A2"),
    ("1.2.3", "MÜLLER^DOERTE", "13", "DX", "20250303", "A3"),
]
NOBODY = Peer(title="NOBODY", host="127.0.0.1", port=1)


def fill(archive: Archive) -> None:
    for number, (study, name, patient, modality, day, accession) in enumerate(STUDIES):
        store(
            archive,
            make_instance(
                SpecificCharacterSet="ISO_IR 100",
                StudyInstanceUID=study,
                SeriesInstanceUID=f"{study}.1",
                SOPInstanceUID=f"{study}.1.{number}",
                PatientName=name,
                PatientID=patient,
                Modality=modality,
                StudyDate=day,
                AccessionNumber=accession,
            ),
        )


@pytest.fixture(scope="module")
async def rest(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rest]:
    """A server with a real node as its peer PACS, and NOBODY, who is not there."""
    folder = tmp_path_factory.mktemp("peers")
    with Archive.open(folder / "pacs") as pacs:
        fill(pacs)
        with running(pacs) as server:
            peers = peer_of(server).model_copy(update={"title": "RADNODE"}), NOBODY, peer_of(server, "WRONG")
            async with serving_with_peers(folder / "here", *peers) as it:
                yield it


async def found(rest: Rest, **filters: Any) -> QueryAnswer:
    async with rest.session.post("/api/dicom/peers/RADNODE/query", json=filters) as answer:
        return await checked(answer, QueryAnswer)


async def test_peers_are_listed_for_who_may_write(rest: Rest) -> None:
    async with rest.session.get("/api/dicom/peers") as answer:
        listed = await checked(answer, PeersAnswer)
    assert [(peer.title, peer.host, peer.tls) for peer in listed.peers][1] == ("NOBODY", "127.0.0.1", False)
    assert "store" in listed.peers[0].allow
    reader = as_bearer(make_token("dicom:read"))
    for method, path in (("GET", ""), ("POST", "/RADNODE/echo"), ("POST", "/RADNODE/query")):
        refusal = await rest.refused(method, f"/api/dicom/peers{path}", 403, headers=reader)
        assert refusal == "Scope dicom:write is required"


async def test_echo_tells_the_status_and_how_long_it_took(rest: Rest) -> None:
    async with rest.session.post("/api/dicom/peers/RADNODE/echo") as answer:
        echoed = await checked(answer, EchoAnswer)
    assert (echoed.success, echoed.status) == (True, "0000")
    assert 0 < echoed.milliseconds < 10_000


@pytest.mark.parametrize("verb", ["echo", "query"])
async def test_who_cannot_be_called_is_told_apart(rest: Rest, verb: str) -> None:
    base = "/api/dicom/peers"
    assert await rest.refused("POST", f"{base}/STRANGER/{verb}", 404) == "Unknown peer"
    assert "cannot connect" in await rest.refused("POST", f"{base}/NOBODY/{verb}", 502)
    assert "called AE title not recognised" in await rest.refused("POST", f"{base}/WRONG/{verb}", 502)
    assert await rest.refused("GET", f"{base}/RADNODE/{verb}", 405) == "Method Not Allowed"


@pytest.mark.parametrize(
    ("filters", "studies"),
    [
        ({}, ["1.2.1", "1.2.2", "1.2.3"]),
        ({"patient_id": "12"}, ["1.2.2"]),
        ({"patient_name": "john doe"}, ["1.2.1"]),
        ({"patient_name": "doe"}, ["1.2.1", "1.2.2", "1.2.3"]),
        ({"patient_name": "DOE^J*"}, ["1.2.1", "1.2.2"]),
        ({"patient_name": "müller"}, ["1.2.3"]),
        ({"modality": "MR"}, ["1.2.2"]),
        ({"modality": "CT,MR"}, ["1.2.1", "1.2.2"]),
        ({"modality": "XR"}, ["1.2.3"]),
        ({"modality": "RT"}, []),
        ({"study_date_from": "20250202"}, ["1.2.2", "1.2.3"]),
        ({"study_date_to": "20250202", "study_date_from": "20250102"}, ["1.2.2"]),
        ({"accession_number": "A3", "patient_id": ""}, ["1.2.3"]),
        ({"study_uid": "1.2.1"}, ["1.2.1"]),
        ({"study_uid": "1.2.9"}, []),
    ],
)
async def test_studies_are_found_by_the_guides_filters(rest: Rest, filters: dict[str, str], studies: list[str]) -> None:
    answer = await found(rest, **filters)
    assert sorted(match.study_uid for match in answer.matches) == studies
    assert answer.is_complete
    async with rest.session.post("/api/dicom/peers/RADNODE/query", params=filters) as again:
        assert await checked(again, QueryAnswer) == answer


async def test_every_level_is_answered_in_the_guides_words(rest: Rest) -> None:
    (study,) = (await found(rest, patient_id="13")).matches
    assert (study.patient_name, study.study_date, study.modality) == ("MÜLLER^DOERTE", "20250303", "DX")
    assert (study.series_count, study.instance_count, study.accession_number) == ("1", "1", "A3")
    (patient,) = (await found(rest, level="patient", patient_name="jane")).matches
    assert (patient.patient_id, patient.study_uid) == ("12", "")
    (series,) = (await found(rest, level="series", study_uid="1.2.3", modality="DX")).matches
    assert (series.series_uid, series.modality, series.instance_count) == ("1.2.3.1", "DX", "1")
    (image,) = (await found(rest, level="image", study_uid="1.2.3", series_uid="1.2.3.1")).matches
    assert (image.sop_instance_uid, image.instance_number) == ("1.2.3.1.2", "1")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"level": "room"}, "Field level must be patient, study, series or image"),
        ({"level": "series"}, "study_uid is required at level series"),
        ({"level": "image", "study_uid": "1.2"}, "series_uid is required at level image"),
        ({"level": "patient", "modality": "CT"}, "modality is no filter at level patient"),
        ({"study_uid": "1.2\\1.3"}, "Field study_uid must be a UID"),
        ({"patient_id": "1\\2"}, "Field patient_id must not hold a backslash"),
        ({"patient_id": 12}, "Field patient_id must be a text"),
        ({"study_date_from": "20251301"}, "Field study_date_from must be a real date, written YYYYMMDD"),
        ({"study_date_from": "20250102", "study_date_to": "20250101"}, "study_date_from must not be after"),
        ({"limit": 1001}, "Field limit must be a whole number from 1 to 1000"),
        ({"limit": True}, "Field limit must be a whole number from 1 to 1000"),
        ({"patient": "X"}, "Unknown field patient"),
        ([], "Request body must be a JSON object"),
    ],
)
async def test_a_bad_filter_is_named(rest: Rest, body: Any, why: str) -> None:
    assert (await rest.refused("POST", "/api/dicom/peers/RADNODE/query", 400, json=body)).startswith(why)


async def test_filters_stand_in_one_place(rest: Rest) -> None:
    url = "/api/dicom/peers/RADNODE/query"
    assert "not in both" in await rest.refused("POST", f"{url}?patient_id=1", 400, json={"limit": 1})
    assert await rest.refused("POST", url, 400, data=b"{") == "Invalid JSON body"
    assert await rest.refused("POST", f"{url}?patient=1", 400) == "Unknown parameter patient"


def say_nothing(sock: socket.socket) -> bytes:
    said = received(sock)
    while more := sock.recv(4096):
        said += more
    return said


async def test_a_silent_peer_is_504(tmp_path: Path) -> None:
    with acceptor(say_nothing) as address:
        peer = Peer(title="SILENT", host=address.host, port=address.port)
        async with serving_with_peers(tmp_path, peer, asking=AskingSettings(timeout=0.3)) as rest:
            refusal = await rest.refused("POST", "/api/dicom/peers/SILENT/echo", 504)
    assert refusal == "SILENT: the peer was silent too long"


async def test_what_a_peer_says_of_its_failure_is_not_passed_on(tmp_path: Path) -> None:
    def refuse(event: Any) -> Iterator[Any]:
        status = Dataset()
        status.Status = 0xA700
        status.ErrorComment = "DOE^JOHN is locked"
        yield status, None

    with provider(refuse) as peer:
        async with serving_with_peers(tmp_path, peer) as rest:
            assert await rest.refused("POST", "/api/dicom/peers/PYNET/query", 502) == "PYNET answered A700"


async def test_the_limit_ends_the_search_at_the_peer(tmp_path: Path) -> None:
    heard: list[bool] = []
    with provider(without_end(heard)) as peer:
        async with serving_with_peers(tmp_path, peer) as rest:
            answer = await rest.session.post("/api/dicom/peers/PYNET/query", json={"limit": 3})
            page = await checked(answer, QueryAnswer)
    assert [match.patient_id for match in page.matches] == ["0", "1", "2"]
    assert not page.is_complete
    assert heard == [True]


async def test_no_more_than_some_calls_are_made_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=20) as deaf:
        peer = Peer(title="DEAF", host="127.0.0.1", port=deaf.getsockname()[1])
        async with serving_with_peers(tmp_path, peer) as rest:
            calls = [asyncio.create_task(rest.session.post("/api/dicom/peers/DEAF/echo")) for _ in range(10)]
            refused = [(await call).status for call in islice(asyncio.as_completed(calls), 2)]
            deaf.close()  # which ends the calls that were made
            statuses = [answer.status for answer in await asyncio.gather(*calls)]
    assert refused == [503] * 2
    assert sorted(statuses) == [502] * 8 + [503] * 2
