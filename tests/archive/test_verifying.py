"""Verifying objects: by their bytes, whatever their transfer syntax, and whatever happens to them meanwhile."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian
from support.archives import image_files, make_archive, store
from support.instances import INSTANCE, STUDY, make_instance

from radnode.archive.archive import Archive
from radnode.archive.verifying import Pieces, Verdict, verifying
from radnode.model.commitment import Reason, Reference
from radnode.model.file_path import FilePath
from radnode.model.uid import UID

CT = UID("1.2.840.10008.5.1.4.1.1.2")
REFERENCE = Reference(CT, UID(INSTANCE))


def verify(archive: Archive, reference: Reference = REFERENCE) -> Verdict:
    return finish(verifying(archive, reference))


def finish(steps: Pieces) -> Verdict:
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            verdict: Verdict = ended.value
            return verdict


def only_file(root: Path) -> Path:
    (name,) = image_files(root)
    return root / name


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", DeflatedExplicitVRLittleEndian])
def test_what_is_as_it_was_stored_is_good(tmp_path: Path, syntax: str) -> None:
    with make_archive(tmp_path) as archive:
        store(archive, make_instance(syntax))
        assert verify(archive) == Verdict(Reason.COMMITTED)
        assert verify(archive, Reference(CT, UID("1.2.3"))) == Verdict(Reason.NO_SUCH_INSTANCE)
        assert verify(archive, Reference(UID("1.2.3"), UID(INSTANCE))) == Verdict(Reason.CLASS_INSTANCE_CONFLICT)


def flip(content: bytes, at: int) -> bytes:
    spoilt = bytearray(content)
    spoilt[at] ^= 1
    return bytes(spoilt)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "another digest": lambda content: flip(content, len(content) - 1),
    "another size": lambda content: content[:-2],
    "no DICOM": lambda content: b"\1" * len(content),
    "names another object": lambda content: content.replace(INSTANCE.encode(), INSTANCE[:-1].encode() + b"9", 1),
    "ends within its meta": lambda content: content[:160],
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_file_is_not_committed_to_and_what_is_wrong_is_told(tmp_path: Path, what: str) -> None:
    with make_archive(tmp_path) as archive:
        store(archive, make_instance())
        file = only_file(tmp_path)
        spoilt = DAMAGES[what](file.read_bytes())
        file.write_bytes(spoilt)
        verdict = verify(archive)
    assert verdict.reason == Reason.PROCESSING_FAILURE
    assert verdict.damage
    assert INSTANCE not in verdict.damage


def test_a_file_that_cannot_be_read_is_an_answer(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        store(archive, make_instance())
        file = only_file(tmp_path)
        size = file.stat().st_size
        file.unlink()
        assert verify(archive) == Verdict(Reason.PROCESSING_FAILURE, "its file is missing")
        file.mkdir()
        assert verify(archive).reason == Reason.PROCESSING_FAILURE
        file.rmdir()
        file.symlink_to("/proc/self/mem")
        assert size != file.stat().st_size
        assert verify(archive).reason == Reason.PROCESSING_FAILURE


def test_an_object_that_is_replaced_or_removed_meanwhile_is_looked_at_again(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        store(archive, make_instance(PixelData=b"\1\0" * 192))
        old = only_file(tmp_path)
        old.write_bytes(flip(old.read_bytes(), -1))
        steps = verifying(archive, REFERENCE)
        next(steps)  # has read the first version, which is damaged
        store(archive, make_instance(PixelData=b"\2\0" * 192))
        assert finish(steps) == Verdict(Reason.COMMITTED)
        archive.forget(FilePath(UID(STUDY), *_series_and_name(tmp_path)))
        assert verify(archive) == Verdict(Reason.NO_SUCH_INSTANCE)


def _series_and_name(root: Path) -> tuple[UID, str]:
    file = only_file(root)
    return UID(file.parent.name), file.stem
