"""What comes by C-GET: as it is stored, whatever its class, and told as a whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from support.archives import dataset_bytes, store, store_file
from support.dimse_server import peer_of, running
from support.instances import bundled, make_instance

from radnode.archive.archive import Archive
from radnode.dimse.contexts import STORAGE_CLASSES
from radnode.dimse.scu import Caller, CallFailed, Folder, Progress, get
from radnode.dimse.scu.storage_contexts import ROOM, contexts_for
from radnode.model.level import Level
from radnode.settings import Peer

STUDY = "1.2.3.4"
IMPLICIT = "1.2.840.10008.1.2"
COMPRESSED = ("JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm", "examples_ybr_color.dcm", "MR_small_RLE.dcm")


@pytest.fixture
def filled(archive: Archive) -> tuple[Archive, dict[str, bytes]]:
    """An archive with files in several transfer syntaxes, each a study of its own; data sets by SOP instance."""
    kept: dict[str, bytes] = {}
    for name in COMPRESSED:
        stored = store_file(archive, bundled(name).read_bytes())
        kept[stored.header.study] = dataset_bytes(archive.locate(stored.path))
    stored = store(archive, make_instance(IMPLICIT, StudyInstanceUID=STUDY))
    kept[stored.header.study] = dataset_bytes(archive.locate(stored.path))
    return archive, kept


def last_of(steps: Iterator[Progress]) -> Progress:
    *_, last = steps
    return last


def test_objects_come_in_the_transfer_syntax_that_they_are_stored_in(
    filled: tuple[Archive, dict[str, bytes]], tmp_path: Path
) -> None:
    archive, kept = filled
    with running(archive) as server:
        keys = {"StudyInstanceUID": "\\".join(kept)}
        last = last_of(get(peer_of(server), Caller(), Level.STUDY, keys, Folder(tmp_path)))
    assert (last.status, last.completed, last.failed) == (0, len(kept), 0)
    came = {str(dcmread(path, stop_before_pixels=True).StudyInstanceUID): path for path in tmp_path.iterdir()}
    assert {study: dataset_bytes(path) for study, path in came.items()} == kept


def test_classes_beyond_one_association_come_over_another(tmp_path: Path) -> None:
    proposed = [[one for one, _ in contexts] for contexts in contexts_for(())]
    assert {one for classes in proposed for one in classes} == STORAGE_CLASSES
    assert max(map(len, proposed)) <= ROOM
    usual, rare = proposed[0][0], proposed[1][0]
    caller = Peer(title="RADNODE", host="127.0.0.1", port=1, allow=("get", "store"))  # but not find
    with Archive.open(tmp_path / "archive") as archive, running(archive, peers=(caller,)) as server:
        for number, sop_class in enumerate((usual, usual, rare)):
            store(archive, make_instance(StudyInstanceUID=STUDY, SOPClassUID=sop_class, SOPInstanceUID=f"1.2.{number}"))
        (tmp_path / "files").mkdir()
        keys = {"StudyInstanceUID": STUDY}
        steps = list(get(peer_of(server), Caller(), Level.STUDY, keys, Folder(tmp_path / "files")))
    assert (steps[-1].status, steps[-1].completed, steps[-1].failed) == (0, 3, 0)
    assert all(step.is_pending for step in steps[:-1])
    assert len(list((tmp_path / "files").iterdir())) == 3


def test_a_peer_that_may_not_be_asked_is_told_as_such(tmp_path: Path) -> None:
    caller = Peer(title="RADNODE", host="127.0.0.1", port=1, allow=("echo",))
    with Archive.open(tmp_path) as archive, running(archive, peers=(caller,)) as server:
        steps = get(peer_of(server), Caller(), Level.STUDY, {"StudyInstanceUID": STUDY}, Folder(tmp_path))
        with pytest.raises(CallFailed, match="does not accept"):
            last_of(steps)


@pytest.mark.parametrize(
    ("first", "more", "whole"),
    [
        ((0xB000, 2, 3, 0), (0xB000, 3, 2, 0), (0, 5, 0, 0)),
        ((0xB000, 2, 3, 1), (0xB000, 1, 5, 1), (0xB000, 3, 1, 2)),
        ((0xA702, 0, 3, 0), (0xA702, 0, 3, 0), (0xA702, 0, 3, 0)),
        ((0xB000, 2, 1, 1), (0, 0, 3, 1), (0xB000, 2, 0, 2)),
        ((0xB000, 2, 3, 0), (0xFE00, 1, 0, 0), (0xFE00, 3, 2, 0)),
    ],
)
def test_counts_of_two_associations_are_told_as_one(
    first: tuple[int, int, int, int], more: tuple[int, int, int, int], whole: tuple[int, int, int, int]
) -> None:
    def made(counts: tuple[int, int, int, int]) -> Progress:
        status, completed, failed, warning = counts
        return Progress(status, 0, completed, failed, warning)

    assert made(first).followed_by(made(more)) == made(whole)
