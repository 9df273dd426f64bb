"""Receiving: one name for one object through every door, and nothing left of what is refused."""

import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian
from support.archives import (
    EXPLICIT,
    assert_sound,
    dataset_bytes,
    digest,
    image_files,
    make_archive,
    rows,
    store,
    store_bytes,
    store_file,
    temporary_files,
)
from support.instances import INSTANCE, REMOVED, SERIES, STUDY, encode_dataset, make_instance, write_part10

from radnode.archive.archive import Archive
from radnode.archive.receiving import Receiving
from radnode.archive.stored import Outcome
from radnode.model.errors import InvalidIdentity, Mismatch, NotDicom, RadnodeError, TooLarge, Truncated
from radnode.model.uid import UID


def test_the_file_has_the_contracts_name_content_and_modes(tmp_path: Path) -> None:
    dataset = make_instance()
    encoded = encode_dataset(dataset)
    with make_archive(tmp_path / "a") as archive:
        stored = store(archive, dataset)
    expected = digest(encoded)
    assert str(stored.path) == f"studies/{STUDY}/{SERIES}/{expected[:32]}.dcm"
    file = tmp_path / "a" / str(stored.path)
    assert dataset_bytes(file) == encoded
    assert file.stat().st_mode & 0o7777 == 0o640
    folders = [path for path in (tmp_path / "a").rglob("*") if path.is_dir()]
    assert {path.stat().st_mode & 0o7777 for path in (tmp_path / "a", *folders)} == {0o750}
    assert stored.outcome is Outcome.NEW
    assert stored.header.sop_instance == INSTANCE
    (row,) = rows(tmp_path / "a", "SELECT * FROM instances")
    assert (row["sha256"], row["size"], row["transfer_syntax"]) == (expected, file.stat().st_size, EXPLICIT)
    assert_sound(tmp_path / "a")


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with make_archive(tmp_path / "a") as archive:
            stored = store(archive, make_instance())
    finally:
        os.umask(before)
    file = tmp_path / "a" / str(stored.path)
    assert [path.stat().st_mode & 0o777 for path in (file, file.parent, file.parent.parent)] == [0o640, 0o750, 0o750]


def test_one_object_through_both_doors_is_one_file_and_one_row(tmp_path: Path) -> None:
    dataset = make_instance()
    dataset.file_meta.ImplementationVersionName = "SOMEBODY_ELSE"
    write_part10(dataset, tmp_path / "one.dcm")
    with make_archive(tmp_path / "a") as archive:
        first = store_file(archive, (tmp_path / "one.dcm").read_bytes(), fragment=7)
        second = store(archive, dataset, fragment=100_000)
    assert (first.outcome, second.outcome, first.path) == (Outcome.NEW, Outcome.SAME, second.path)
    assert len(image_files(tmp_path / "a")) == 1
    assert_sound(tmp_path / "a")


@pytest.mark.parametrize("transfer_syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_the_bytes_stay_as_they_came(tmp_path: Path, transfer_syntax: str) -> None:
    dataset = make_instance(transfer_syntax)
    with make_archive(tmp_path / "a") as archive:
        stored = store(archive, dataset)
    file = tmp_path / "a" / str(stored.path)
    assert dataset_bytes(file) == encode_dataset(dataset)
    assert stored.path.name == digest(encode_dataset(dataset), transfer_syntax)[:32]
    assert dcmread(file).file_meta.TransferSyntaxUID == transfer_syntax


def test_the_pad_byte_of_a_deflated_set_is_kept_but_names_nothing(tmp_path: Path) -> None:
    dataset = make_instance(DeflatedExplicitVRLittleEndian)
    plain = zlib.compressobj(9, zlib.DEFLATED, -15)
    dataset_plain = make_instance()
    stream = plain.compress(encode_dataset(dataset_plain)) + plain.flush()
    with make_archive(tmp_path / "a") as archive:
        bare = store_bytes(archive, dataset, stream)
        padded = store_bytes(archive, dataset, stream + b"\0")
        archive.forget(bare.path)
        again = store_bytes(archive, dataset, stream + b"\0")
    assert bare.path.name == digest(stream, DeflatedExplicitVRLittleEndian)[:32]
    assert (padded.path, padded.outcome, again.path) == (bare.path, Outcome.SAME, bare.path)
    assert dataset_bytes(tmp_path / "a" / str(again.path)) == stream + b"\0"


@pytest.mark.parametrize("claimed", ["1.2.3", "1.2.826.0.1.3680043.10.543.9.9.9", "no uid", ""])
def test_a_file_meta_that_lies_is_written_anew(tmp_path: Path, claimed: str) -> None:
    dataset = make_instance()
    right = make_instance()
    write_part10(dataset, tmp_path / "one.dcm")
    content = (tmp_path / "one.dcm").read_bytes()
    start = content.index(INSTANCE.encode())
    length = len(INSTANCE) + len(INSTANCE) % 2
    padded = claimed.encode().ljust(length, b"\0")
    lying = content[:start] + padded + content[start + length :]
    with make_archive(tmp_path / "a") as archive:
        stored = store_file(archive, lying)
        assert store(archive, right).outcome is Outcome.SAME
    file = tmp_path / "a" / str(stored.path)
    assert dcmread(file).file_meta.MediaStorageSOPInstanceUID == INSTANCE
    assert dataset_bytes(file) == encode_dataset(right)
    assert_sound(tmp_path / "a")


def test_the_original_name_is_kept(tmp_path: Path) -> None:
    write_part10(make_instance(), tmp_path / "one.dcm")
    with make_archive(tmp_path / "a") as archive:
        store_file(archive, (tmp_path / "one.dcm").read_bytes(), file_name="IM0001.dcm")
    assert rows(tmp_path / "a", "SELECT original_name FROM instances") == [{"original_name": "IM0001.dcm"}]


def _announce(archive: Archive, **said: str) -> Receiving:
    dataset = make_instance()
    known = {"sop_class": dataset.SOPClassUID, "sop_instance": dataset.SOPInstanceUID}
    return archive.receive(EXPLICIT, **{**known, **said})


@pytest.mark.parametrize("said", [{"sop_class": "1.2.840.10008.5.1.4.1.1.4"}, {"sop_instance": "1.2.3"}])
def test_another_object_than_the_announced_is_a_mismatch(tmp_path: Path, said: dict[str, str]) -> None:
    with make_archive(tmp_path / "a") as archive:
        receiving = _announce(archive, **said)
        receiving.write(encode_dataset(make_instance()))
        with pytest.raises(Mismatch):
            receiving.commit()
    assert_sound(tmp_path / "a")


@pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID"])
def test_an_announced_uid_that_is_none_is_refused_at_once(tmp_path: Path, keyword: str) -> None:
    name = {"SOPClassUID": "sop_class", "SOPInstanceUID": "sop_instance"}[keyword]
    with make_archive(tmp_path / "a") as archive, pytest.raises(InvalidIdentity) as caught:
        _announce(archive, **{name: "../../etc"})
    assert caught.value.keyword == keyword


@pytest.mark.parametrize(
    ("override", "error"),
    [
        ({"StudyInstanceUID": REMOVED}, InvalidIdentity),
        ({"SeriesInstanceUID": ""}, InvalidIdentity),
        ({"StudyInstanceUID": "../../../tmp"}, InvalidIdentity),
        ({"SeriesInstanceUID": "1..2"}, InvalidIdentity),
    ],
)
def test_a_bad_identity_is_refused_and_leaves_nothing(
    tmp_path: Path, override: dict[str, Any], error: type[RadnodeError]
) -> None:
    with make_archive(tmp_path / "a") as archive:
        with pytest.raises(error):
            store(archive, make_instance(**override))
        assert temporary_files(tmp_path / "a") == []
    assert_sound(tmp_path / "a")


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", NotDicom), (b"hello, I am no data set at all", NotDicom), (encode_dataset(make_instance())[:-1], Truncated)],
)
def test_what_is_no_whole_data_set_is_refused(tmp_path: Path, content: bytes, error: type[RadnodeError]) -> None:
    with make_archive(tmp_path / "a") as archive:
        with pytest.raises(error):
            store_bytes(archive, make_instance(), content)
        assert temporary_files(tmp_path / "a") == []
    assert_sound(tmp_path / "a")


@pytest.mark.parametrize(
    "content", [b"", b"short", bytes(200), bytes(128) + b"DICM", bytes(128) + b"DICM\2\0\0\0UL\4\0"]
)
def test_what_is_no_part_10_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with make_archive(tmp_path / "a") as archive:
        with pytest.raises(NotDicom):
            store_file(archive, content)
        assert temporary_files(tmp_path / "a") == []


def test_the_limit_itself_passes_and_one_byte_more_does_not(tmp_path: Path) -> None:
    write_part10(make_instance(), tmp_path / "one.dcm")
    content = (tmp_path / "one.dcm").read_bytes()
    with make_archive(tmp_path / "a") as archive:
        with pytest.raises(TooLarge):
            store_file(archive, content, limit=len(content) - 1)
        assert temporary_files(tmp_path / "a") == []
        assert store_file(archive, content, limit=len(content)).outcome is Outcome.NEW


def test_abort_leaves_nothing_and_may_be_repeated(tmp_path: Path) -> None:
    with make_archive(tmp_path / "a") as archive:
        receiving = _announce(archive)
        receiving.write(b"abc")
        assert receiving.received == 3
        assert len(temporary_files(tmp_path / "a")) == 1
        receiving.abort()
        receiving.abort()
        assert temporary_files(tmp_path / "a") == []
    assert_sound(tmp_path / "a")


def test_closing_leaves_incoming_empty(tmp_path: Path) -> None:
    with make_archive(tmp_path / "a") as archive:
        store(archive, make_instance())
    assert list((tmp_path / "a" / ".radnode" / "incoming").iterdir()) == []


def test_fragments_of_any_size_make_the_same_file(tmp_path: Path) -> None:
    with make_archive(tmp_path / "a") as archive:
        outcomes = [store(archive, make_instance(), fragment=size).outcome for size in (1, 13, 5000)]
    assert outcomes == [Outcome.NEW, Outcome.SAME, Outcome.SAME]


def test_uids_with_leading_zeros_are_kept(tmp_path: Path) -> None:
    with make_archive(tmp_path / "a") as archive:
        stored = store(archive, make_instance(StudyInstanceUID="1.02.003"))
    assert stored.path.study == UID("1.02.003")
    assert (tmp_path / "a" / "studies" / "1.02.003").is_dir()
