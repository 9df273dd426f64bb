"""radnode asks DCMTK: dcmqrscp for studies, and wlmscpfs for a worklist."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian
from support.archives import dataset_bytes
from support.destinations import program
from support.dimse_server import running
from support.instances import make_instance, write_part10
from support.peers import free_port, require

from radnode.archive.archive import Archive
from radnode.cli.main import main

STUDY = "1.2.3.4"
CONFIGURATION = """\
MaxPDUSize = 16384
MaxAssociations = 8
HostTable BEGIN
here = (RADNODE, 127.0.0.1, {here})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
PACS {folder} RW (9, 1024mb) ANY
AETable END
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A study of three images in two series, by SOP instance."""
    folder = tmp_path_factory.mktemp("files")
    return {
        uid: write_part10(
            make_instance(StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.{number % 2}", SOPInstanceUID=uid),
            folder / f"{uid}.dcm",
        )
        for number, uid in ((number, f"{STUDY}.0.{number}") for number in range(3))
    }


@pytest.fixture(scope="module")
def asked(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """dcmqrscp with that study as a target, and where this node keeps what is moved to it."""
    folder, root, port = tmp_path_factory.mktemp("pacs"), tmp_path_factory.mktemp("here"), free_port()
    with Archive.open(root) as archive, running(archive) as server:
        configuration = folder / "dcmqrscp.cfg"
        configuration.write_text(CONFIGURATION.format(here=server.port, folder=folder))
        with program([require("dcmqrscp"), "-c", str(configuration), str(port)], port, folder):
            target = f"PACS@127.0.0.1:{port}"
            assert main(["send", target, *map(str, files.values())]) == 0
            yield target, root


def test_it_is_searched_at_every_level(asked: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    target, _ = asked
    for level, keys, matches in (
        ("patient", ["PatientID=12345678", "PatientName"], 1),
        ("study", ["PatientName=DOE*", "0020,000D"], 1),
        ("series", [f"StudyInstanceUID={STUDY}", "Modality"], 2),
        ("image", [f"StudyInstanceUID={STUDY}", f"SeriesInstanceUID={STUDY}.0", "SOPInstanceUID"], 2),
    ):
        assert main(["find", target, "--level", level, "--json", *keys]) == 0
        answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [answer["QueryRetrieveLevel"] for answer in answers] == [level.upper()] * matches


def test_what_it_has_comes_by_get_and_by_move(
    asked: tuple[str, Path], files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, root = asked
    assert main(["get", target, f"StudyInstanceUID={STUDY}", "--into", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "0000: 3 completed, 0 failed, 0 with a warning\n"
    got = {path.stem: dataset_bytes(path) for path in tmp_path.iterdir()}
    sent = {uid: path.read_bytes() for uid, path in files.items()}
    assert {uid: sent[uid].endswith(got[uid]) for uid in sent} == dict.fromkeys(sent, True)
    assert main(["move", target, "--level", "series", f"StudyInstanceUID={STUDY}", f"SeriesInstanceUID={STUDY}.0"]) == 0
    assert "2 completed" in capsys.readouterr().out
    assert len(list((root / "studies").rglob("*.dcm"))) == 2


def test_a_worklist_is_searched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, port = tmp_path / "RIS", free_port()
    folder.mkdir()
    (folder / "lockfile").touch()
    for modality in ("CT", "MR"):
        write_worklist_file(folder / f"{modality}.wl", modality)
    with program([require("wlmscpfs"), "-dfp", str(tmp_path), str(port)], port, tmp_path):
        words = ["find", f"RIS@127.0.0.1:{port}", "--worklist", "PatientID"]
        assert main([*words, "ScheduledProcedureStepSequence.Modality=CT"]) == 0
    assert capsys.readouterr().out == "ID-CT\tCT\n"


def write_worklist_file(path: Path, modality: str) -> None:
    step = Dataset()
    step.Modality = modality
    step.ScheduledStationAETitle = "ROOM1"
    step.ScheduledProcedureStepStartDate = "20260102"
    step.ScheduledProcedureStepStartTime = "0800"
    step.ScheduledPerformingPhysicianName = ""
    step.ScheduledProcedureStepDescription = "SCAN"
    step.ScheduledProcedureStepID = "1"
    entry = Dataset()
    entry.PatientID = f"ID-{modality}"
    entry.PatientName = "DOE^JOHN"
    entry.AccessionNumber = "A1"
    entry.StudyInstanceUID = "1.2.3"
    entry.RequestedProcedureID = "R1"
    entry.RequestedProcedureDescription = "SCAN"
    entry.ScheduledProcedureStepSequence = Sequence([step])
    entry.file_meta = FileMetaDataset()
    entry.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    entry.file_meta.MediaStorageSOPClassUID = UID("1.2.276.0.7230010.3.1.0.1")
    entry.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.9")
    entry.save_as(path, enforce_file_format=True)
