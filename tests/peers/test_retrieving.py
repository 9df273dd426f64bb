"""Retrieving by other people's programs, and to them: what is stored arrives byte for byte in the data set."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelGet,
)
from support.archives import make_archive, store, store_file
from support.destinations import dcmqrscp, storescp
from support.dimse_server import Running, running
from support.instances import bundled, make_instance
from support.orthanc import TITLE as ORTHANC
from support.orthanc import Orthanc
from support.peers import run
from support.pynet import steady
from support.retrieving import fill, stored_files

from radnode.archive.archive import Archive
from radnode.instance.part10 import dataset_offset
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.settings import Peer

COMPRESSED = ("MR_small_RLE.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm", "ExplVR_BigEnd.dcm")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        fill(archive, "1.1", {"1.1.1": 3, "1.1.2": 2})
        for name in COMPRESSED:
            store_file(archive, bundled(name).read_bytes(), fragment=1 << 20)
        yield archive


@pytest.fixture(scope="module")
def server(archive: Archive) -> Iterator[Running]:
    transcoder = Transcoder()
    with running(archive, transcoder=transcoder) as server:
        yield server
    transcoder.close()


def to(server: Running) -> list[str]:
    return ["-aec", "RADNODE", "127.0.0.1", str(server.port)]


def at(port: int, title: str) -> Peer:
    return Peer(title=title, host="127.0.0.1", port=port)


def data_set_of(content: bytes) -> tuple[str, bytes]:
    """Transfer syntax and data set of a Part 10 file."""
    syntax, offset = dataset_offset(content)
    return syntax, content[offset:]


def data_sets(files: list[Path]) -> set[tuple[str, bytes]]:
    return {data_set_of(path.read_bytes()) for path in files}


def of_study(archive: Archive, *studies: str) -> set[tuple[str, bytes]]:
    files = [path for path in stored_files(archive) if not studies or path.parts[-3] in studies]
    return data_sets(files)


STUDY_KEYS = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.1")


def test_getscu(server: Running, archive: Archive, tmp_path: Path) -> None:
    said = run("getscu", "-v", "--bit-preserving", "-od", tmp_path, *STUDY_KEYS, *to(server)).stdout
    assert "Completed Suboperations" in said or "Success" in said
    assert data_sets(list(tmp_path.iterdir())) == of_study(archive, "1.1")


def test_getscu_of_single_images_and_of_nothing(server: Running, tmp_path: Path) -> None:
    keys = ["-k", "QueryRetrieveLevel=IMAGE", "-k", "SOPInstanceUID=1.1.1.1\\1.1.2.2"]
    run("getscu", "-P", "-od", tmp_path, *keys, *to(server))
    assert len(list(tmp_path.iterdir())) == 2
    said = run("getscu", "-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=9.9", *to(server)).stdout
    assert "Success" in said


@pytest.mark.parametrize(
    ("option", "name"),
    [("+xr", "MR_small_RLE.dcm"), ("+xw", "JPEG2000.dcm"), ("+x=", "JPEG2000.dcm"), ("+xs", "ExplVR_BigEnd.dcm")],
)
def test_getscu_whatever_it_prefers(server: Running, tmp_path: Path, option: str, name: str) -> None:
    """It names all that it takes in one context, and gets what is stored in any way."""
    wanted = dcmread(bundled(name))
    keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={wanted.StudyInstanceUID}"]
    run("getscu", option, "--bit-preserving", "-od", tmp_path, *keys, *to(server))
    (path,) = tmp_path.iterdir()
    assert not dcmread(path).file_meta.TransferSyntaxUID.is_compressed
    assert (dcmread(path).pixel_array == wanted.pixel_array).all()


def test_movescu_to_storescp_and_to_dcmqrscp(archive: Archive, tmp_path: Path) -> None:
    scp, qr = tmp_path / "scp", tmp_path / "qr"
    patient = dcmread(bundled(COMPRESSED[0])).PatientID
    with (
        storescp(scp, "STORESCP", "+xa") as first,
        dcmqrscp(qr, "QRSCP") as second,
        running(archive, peers=(at(first, "STORESCP"), at(second, "QRSCP"))) as server,
    ):
        for title in ("STORESCP", "QRSCP"):
            said = run("movescu", "-v", "-aem", title, *STUDY_KEYS, *to(server)).stdout
            assert "Received Final Move Response (Success)" in said
        keys = ("-P", "-k", "QueryRetrieveLevel=PATIENT", "-k", f"PatientID={patient}")
        run("movescu", "-aem", "STORESCP", *keys, *to(server))
        unknown = run("movescu", "-v", "-aem", "NOBODY", *STUDY_KEYS, *to(server), check=False).stdout
        assert "MoveDestinationUnknown" in unknown.replace(" ", "")
    arrived = data_sets(list(scp.iterdir()))
    assert of_study(archive, "1.1") < arrived <= of_study(archive)
    in_archive = [path for path in (qr / "files").iterdir() if path.suffix == ".dcm"]
    assert data_sets(in_archive) == of_study(archive, "1.1")


def test_movescu_cancels(archive: Archive, tmp_path: Path) -> None:
    with make_archive(tmp_path / "many") as many:
        fill(many, "1.1", {"1.1.1": 60})
        with storescp(tmp_path / "scp", "STORESCP") as port, running(many, peers=(at(port, "STORESCP"),)) as server:
            said = run(
                "movescu", "-v", "--cancel", "3", "-aem", "STORESCP", *STUDY_KEYS, *to(server), check=False
            ).stdout
    assert "Cancel" in said
    assert len(list((tmp_path / "scp").iterdir())) < 60


def test_pynetdicom_gets(server: Running, archive: Archive) -> None:
    received: list[Any] = []

    def handle(event: evt.Event) -> int:
        received.append(event.encoded_dataset(include_meta=False))
        return 0

    entity = AE("PYNET")
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    entity.add_requested_context(CTImageStorage, "1.2.840.10008.1.2.1")
    role = build_role(CTImageStorage, scp_role=True)
    association = steady(
        entity.associate(
            "127.0.0.1", server.port, ae_title="RADNODE", ext_neg=[role], evt_handlers=[(evt.EVT_C_STORE, handle)]
        )
    )
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", "1.1"
    *_, (status, _) = association.send_c_get(query, StudyRootQueryRetrieveInformationModelGet)
    association.release()
    assert (status.Status, status.NumberOfCompletedSuboperations) == (0, 5)
    assert set(received) == {data for _, data in of_study(archive, "1.1")}


def test_pynetdicom_moves_to_pynetdicom(archive: Archive) -> None:
    received: list[Any] = []

    def handle(event: evt.Event) -> int:
        received.append(event.encoded_dataset(include_meta=False))
        return 0

    there = AE("THERE")
    there.add_supported_context(CTImageStorage)
    listening = there.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, handle)])
    assert listening is not None
    with running(archive, peers=(at(listening.server_address[1], "THERE"),)) as server:
        entity = AE("PYNET")
        entity.add_requested_context(PatientRootQueryRetrieveInformationModelMove)
        association = steady(entity.associate("127.0.0.1", server.port, ae_title="RADNODE"))
        query = Dataset()
        query.QueryRetrieveLevel, query.PatientID = "PATIENT", "P1"
        *_, (status, _) = association.send_c_move(query, "THERE", PatientRootQueryRetrieveInformationModelMove)
        association.release()
    listening.shutdown()
    assert (status.Status, status.NumberOfCompletedSuboperations) == (0, 5)
    assert set(received) == {data for _, data in of_study(archive, "1.1")}


def test_orthanc_queries_us_has_it_moved_to_itself_and_takes_every_kind(archive: Archive, tmp_path: Path) -> None:
    studies = "\\".join(sorted({path.parts[-3] for path in stored_files(archive)}))
    with (
        Orthanc(tmp_path) as other,
        running(archive, peers=(at(other.port, ORTHANC),)) as server,
    ):
        other.knows("radnode", "RADNODE", server.port)
        query = other.post("/modalities/radnode/query", {"Level": "Study", "Query": {"PatientID": "P1"}})["ID"]
        assert other.get(f"/queries/{query}/answers") == ["0"]
        other.post(f"/queries/{query}/retrieve", {"TargetAet": ORTHANC, "Synchronous": True})
        assert {data_set_of(content) for content in other.instances()} == of_study(archive, "1.1")
        keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={studies}"]
        said = run("movescu", "-v", "-aem", ORTHANC, *keys, *to(server)).stdout
        assert "Received Final Move Response (Success)" in said
        # Orthanc writes some of them anew, as its toolkit does; what they are stays.
        stored = [path.read_bytes() for path in stored_files(archive)]
        assert {kind_of(content) for content in other.instances()} == {kind_of(content) for content in stored}


def kind_of(content: bytes) -> tuple[str, str]:
    dataset = dcmread(BytesIO(content), stop_before_pixels=True)
    return dataset.file_meta.TransferSyntaxUID, dataset.SOPInstanceUID


def test_a_file_that_is_gone_fails_alone_for_getscu(tmp_path: Path) -> None:
    with make_archive(tmp_path / "archive") as archive:
        for number in (1, 2, 3):
            store(archive, make_instance(StudyInstanceUID="1.1", SOPInstanceUID=f"1.1.{number}"))
        stored_files(archive)[0].unlink()
        (tmp_path / "out").mkdir()
        with running(archive) as server:
            said = run("getscu", "-v", "-od", tmp_path / "out", *STUDY_KEYS, *to(server), check=False).stdout
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert "Warning" in said
