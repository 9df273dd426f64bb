"""DCMTK's own tools against radnode: what a modality and a workstation would do."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from support.dimse_server import Running, running
from support.instances import STUDY, bundled, make_instance, write_part10
from support.peers import require, run
from support.queried_archive import code

from radnode.archive.archive import Archive
from radnode.settings import DicomSettings

OUTCOME = re.compile(
    r"^[IWEF]: (?:Sending file: (?P<file>.*)|Received Store Response \((?P<response>.*)\))", re.MULTILINE
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive") as archive:
        yield archive


@pytest.fixture
def server(archive: Archive) -> Iterator[Running]:
    with running(archive) as server:
        yield server


def to(server: Running) -> list[str]:
    return ["-aec", "RADNODE", "127.0.0.1", str(server.port)]


def stored_files(archive: Archive) -> list[Path]:
    return sorted((archive.layout.root / "studies").rglob("*.dcm"))


def matches(output: str) -> int:
    return len(re.findall(r"^I: Find Response: \d+ \(Pending", output, re.MULTILINE))


def test_echoscu(server: Running) -> None:
    assert "Received Echo Response (Success)" in run("echoscu", "-v", *to(server)).stdout
    wrong = run("echoscu", "-aec", "WRONG", "127.0.0.1", str(server.port), check=False)
    assert wrong.returncode != 0
    assert "Called AE Title Not Recognized" in wrong.stdout


def test_storescu_of_a_folder_of_mixed_files(server: Running, archive: Archive, tmp_path: Path) -> None:
    """Every valid file 0000, every invalid one its own status; what was answered 0000 is there, and nothing else is."""
    folder = tmp_path / "mixed"
    (folder / "below").mkdir(parents=True)
    good = {}
    for number in range(3):
        path = folder / "below" / f"good{number}.dcm"
        write_part10(make_instance(SOPInstanceUID=f"1.2.3.{number}"), path)
        good[path.name] = "Success"
    write_part10(make_instance(SOPInstanceUID="1.2.4.1", StudyInstanceUID=""), folder / "no_study.dcm")
    write_part10(make_instance(SOPInstanceUID="1.2.4.2", SeriesInstanceUID=""), folder / "no_series.dcm")
    expected = good | {
        "no_study.dcm": "Error: CannotUnderstand",
        "no_series.dcm": "Error: CannotUnderstand",
    }
    (folder / "notes.txt").write_text("no DICOM at all")
    output = run("storescu", "-v", "+sd", "+r", "-nh", *to(server), folder, check=False).stdout
    outcomes = {Path(path).name: outcome for path, outcome in outcomes_of(output).items()}
    assert outcomes == expected
    assert len(stored_files(archive)) == 3


def outcomes_of(output: str) -> dict[str, str]:
    """File -> what the response said, of what storescu sent."""
    outcomes: dict[str, str] = {}
    sending = ""
    for found in OUTCOME.finditer(output):
        if found["file"]:
            sending = found["file"]
        else:
            outcomes[sending] = found["response"]
    return outcomes


def test_storescu_of_pydicoms_folder_has_the_due_outcome_for_each_file(server: Running, archive: Archive) -> None:
    folder = bundled("CT_small.dcm").parent
    output = run("storescu", "-v", "-nh", "-R", "+sd", "+r", *to(server), folder, check=False).stdout
    outcomes = outcomes_of(output)
    assert len(outcomes) > 60
    assert {path: outcome for path, outcome in outcomes.items() if (outcome == "Success") != is_whole(Path(path))} == {}
    assert "Association Aborted" not in output
    identities = {str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in stored_files(archive)}
    search = run("findscu", "-v", "-S", "-k", "QueryRetrieveLevel=IMAGE", "-k", "SOPInstanceUID", *to(server)).stdout
    assert matches(search) == len(stored_files(archive)) == len(identities)


def is_whole(path: Path) -> bool:
    """Whether the object has all it needs to be kept."""
    dataset = dcmread(path, stop_before_pixels=True, force=True)  # storescu sends bare data sets too
    identity = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    return all(dataset.get(keyword) for keyword in identity)


@pytest.mark.parametrize(
    ("proposal", "files"),
    [
        ("-xi", ["CT_small.dcm", "MR_small_implicit.dcm"]),
        ("-xe", ["CT_small.dcm", "MR_small.dcm"]),
        ("-xb", ["MR_small_bigendian.dcm", "MR_small.dcm"]),
        ("-xd", ["CT_small.dcm"]),
        ("-xs", ["SC_rgb_jpeg_gdcm.dcm"]),
        ("-xy", ["SC_rgb_jpeg_dcmtk.dcm"]),
        ("-xr", ["MR_small_RLE.dcm"]),
        ("-xt", ["MR_small_jpeg_ls_lossless.dcm"]),
        ("-xv", ["MR_small_jp2klossless.dcm"]),
        ("-xw", ["JPEG2000.dcm"]),
        ("-xx", ["JPGExtended.dcm"]),
    ],
)
def test_storescu_in_each_transfer_syntax(server: Running, archive: Archive, proposal: str, files: list[str]) -> None:
    output = run("storescu", "-v", proposal, *to(server), *map(bundled, files), check=False).stdout
    sent = output.count("Received Store Response (Success)")
    assert sent == len(files)
    stored = {dcmread(path).SOPInstanceUID for path in stored_files(archive)}
    assert stored == {dcmread(bundled(name)).SOPInstanceUID for name in files}
    for path in stored_files(archive):
        subprocess.run([require("dcmdump"), "-q", "+E", path], check=True, stdout=subprocess.DEVNULL)


def test_findscu_at_every_level(server: Running) -> None:
    run("storescu", *to(server), bundled("CT_small.dcm"), bundled("MR_small.dcm"))
    levels = {
        "-P": ["PATIENT", "STUDY", "SERIES", "IMAGE"],
        "-S": ["STUDY", "SERIES", "IMAGE"],
    }
    for model, names in levels.items():
        for name in names:
            output = run(
                "findscu", "-v", model, "-k", f"QueryRetrieveLevel={name}", "-k", "PatientName=*", *to(server)
            ).stdout
            assert matches(output) == 2, (model, name)
            assert "(0008,0005) CS [ISO_IR 100" in output
    output = run(
        "findscu", "-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "Modality", "-k", "PatientID=1CT1", *to(server)
    ).stdout
    assert matches(output) == 1
    refused = run(
        "findscu",
        "-v",
        "-S",
        "-k",
        "QueryRetrieveLevel=STUDY",
        "-k",
        "StudyInstanceUID=1.2.*",
        *to(server),
        check=False,
    )
    assert "DataSetDoesNotMatchSOPClass" in refused.stdout or "IdentifierDoesNotMatchSOPClass" in refused.stdout


def test_findscu_asks_for_what_stands_in_a_sequence(server: Running, tmp_path: Path) -> None:
    codes = [code("C1", "99A"), code("C2", "99B")]
    run("storescu", *to(server), write_part10(make_instance(ProcedureCodeSequence=codes), tmp_path / "coded.dcm"))
    for scheme, expected in (("99B", 1), ("99A", 0)):
        inside = (
            "-k",
            "ProcedureCodeSequence[0].CodeValue=C2",
            "-k",
            f"ProcedureCodeSequence[0].CodingSchemeDesignator={scheme}",
        )
        output = run("findscu", "-v", "-S", "-k", "QueryRetrieveLevel=STUDY", *inside, *to(server)).stdout
        assert matches(output) == expected
        assert output.count("(0008,0100) SH [C2]") == 1 + expected, "asked, and answered with the item that matches"
        assert "[C1]" not in output


MANY_KEYS = {
    "QueryRetrieveLevel": "IMAGE",
    "StudyInstanceUID": "",
    "SeriesInstanceUID": "",
    "SOPInstanceUID": "",
    "PatientName": "*",
    "Rows": "",
    "InstanceAvailability": "",
    "SoftwareVersions": "",
    "SmallestImagePixelValue": "",
    "FrameIncrementPointer": "",
    "TimezoneOffsetFromUTC": "",
    "0008,0001": "",
    "0009,0010": "MAKER",
    "0009,1001": "",
    "RequestAttributesSequence": "",
    "ReferencedStudySequence[0].ReferencedSOPInstanceUID": "",
}


@pytest.mark.parametrize("proposal", ["-xi", "-xe", "-xb"])
def test_findscu_reads_answers_to_keys_of_every_kind(server: Running, tmp_path: Path, proposal: str) -> None:
    run("storescu", *to(server), bundled("CT_small.dcm"))
    keys = [word for name, value in MANY_KEYS.items() for word in ("-k", f"{name}={value}" if value else name)]
    output = run("findscu", "-v", "-S", proposal, "-X", "-od", tmp_path, *keys, *to(server)).stdout
    assert not re.search("^[WEF]:", output, re.MULTILINE)
    answer = run("dcmdump", tmp_path / "rsp0001.dcm").stdout
    asked = [name.partition("[")[0] for name in MANY_KEYS]
    assert [name for name in asked if name not in answer and f"({name})" not in answer] == []
    stored = dcmread(bundled("CT_small.dcm"))
    for value in (f"US {stored.Rows} ", "[MAKER]", "[ONLINE]", f"[{stored.SOPInstanceUID}]", f"[{stored.PatientName}]"):
        assert value in answer


def test_dcmsend_of_a_folder(server: Running, archive: Archive, tmp_path: Path) -> None:
    for number in range(5):
        write_part10(make_instance(SOPInstanceUID=f"1.2.3.{number}"), tmp_path / f"{number}.dcm")
    output = run("dcmsend", "-v", "+sd", *to(server), tmp_path).stdout
    assert "with status SUCCESS  : 5" in output
    assert len(stored_files(archive)) == 5


def test_findscu_cancels(server: Running, archive: Archive) -> None:
    for number in range(30):
        instance = make_instance(SOPInstanceUID=f"1.2.3.{number}")
        with archive.receive_file() as receiving:
            path = archive.layout.root / f"{number}.tmp"
            write_part10(instance, path)
            receiving.write(path.read_bytes())
            receiving.commit()
            path.unlink()
    output = run(
        "findscu",
        "-v",
        "-S",
        "--cancel",
        "2",
        "-k",
        "QueryRetrieveLevel=IMAGE",
        "-k",
        f"StudyInstanceUID={STUDY}",
        *to(server),
    ).stdout
    assert 2 <= matches(output) <= 30
    assert re.search(r"Final Find Response \((Cancel|Success)", output)


def test_a_sender_with_nagles_algorithm_is_not_slowed_down(server: Running, tmp_path: Path) -> None:
    """Without prompt ACKs each instance would cost such a sender 40 ms and more."""
    for number in range(50):
        write_part10(make_instance(SOPInstanceUID=f"1.2.3.{number}"), tmp_path / f"{number}.dcm")
    files = [tmp_path / f"{number}.dcm" for number in range(50)]
    output = run("storescu", "-v", *to(server), *files, environment={"TCP_NODELAY": "0"}).stdout
    assert output.count("Received Store Response (Success)") == 50


def test_storescu_is_rejected_beyond_the_limit(archive: Archive) -> None:
    with running(archive, dicom=DicomSettings(accept_unknown_sop_classes=True, max_object_size=1000)) as server:
        output = run("storescu", "-v", *to(server), bundled("CT_small.dcm"), check=False).stdout
    assert "Refused: OutOfResources" in output
