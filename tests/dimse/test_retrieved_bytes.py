"""What is retrieved is what was stored, byte for byte in the data set, in every transfer syntax that is stored."""

from collections.abc import Iterator

import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian
from support.archives import dataset_bytes, make_archive, store_bytes
from support.dimse_server import CT, peer_of, running
from support.instances import REMOVED, deflate, encode_dataset, make_instance
from support.retrieving import getting, stored_files

from radnode.archive.archive import Archive
from radnode.dimse.contexts import TRANSFER_SYNTAXES
from radnode.dimse.scu import Caller, move
from radnode.instance.encodings import DEFLATED
from radnode.model.level import Level
from radnode.settings import DicomSettings

PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
SYNTAXES = sorted(TRANSFER_SYNTAXES["store"])
STUDY = "1.2.3"


def encoded(number: int, syntax: str) -> bytes:
    """A data set that is in this syntax as far as a node looks at it: no codestream is a real one."""
    uid = f"{STUDY}.1.{number}"
    made = make_instance(StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.1", SOPInstanceUID=uid, PixelData=REMOVED)
    if syntax in PLAIN:
        made.PixelData = bytes(range(256)) + number.to_bytes(2, "little")
        made["PixelData"].VR = "OW"
        return encode_dataset(made, syntax)
    if syntax in DEFLATED:
        return deflate(encode_dataset(made, ExplicitVRLittleEndian))
    made.PixelData = encapsulate([bytes((number, 1, 2, 3)) * 50, b"\xff\xd8" + bytes(99)])
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return encode_dataset(made, ExplicitVRLittleEndian)


@pytest.fixture(scope="module")
def stored(archive: Archive) -> dict[str, bytes]:
    """By SOP Instance UID."""
    found = {}
    for number, syntax in enumerate(SYNTAXES):
        made = make_instance(syntax, SOPInstanceUID=f"{STUDY}.1.{number}")
        found[f"{STUDY}.1.{number}"] = encoded(number, syntax)
        store_bytes(archive, made, found[f"{STUDY}.1.{number}"])
    return found


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("elsewhere")) as archive:
        yield archive


def test_there_are_all_kinds_of_syntaxes() -> None:
    assert len(SYNTAXES) > 40
    assert {*PLAIN, DeflatedExplicitVRLittleEndian} < set(SYNTAXES)


def test_by_get(archive: Archive, stored: dict[str, bytes]) -> None:
    with running(archive) as server, getting(server, *((CT, syntax) for syntax in SYNTAXES)) as getter:
        found = getter.get(level="STUDY", study=STUDY)
    assert found.last.status == 0
    assert found.objects == stored


def test_by_move(archive: Archive, stored: dict[str, bytes], elsewhere: Archive) -> None:
    with (
        running(elsewhere, dicom=DicomSettings(ae_title="THERE")) as there,
        running(archive, peers=(peer_of(there, "THERE"),)) as server,
    ):
        *_, last = move(peer_of(server), Caller(), Level.STUDY, {"StudyInstanceUID": STUDY}, "THERE")
    assert (last.status, last.completed) == (0, len(stored))
    assert sorted(map(dataset_bytes, stored_files(elsewhere))) == sorted(stored.values())
