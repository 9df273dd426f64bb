"""Transcoding from threads with real processes: crash, time limit, cancellation, many at once, hostile files."""

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
from support.instances import bundled, make_instance, write_part10
from support.pictures import image_of
from support.transcoded import transcoded, transfer_syntax_of

from radnode.instance.encodings import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.instance.part10 import dataset_offset
from radnode.instance.transcoding.targets import JPEG_2000_LOSSLESS, RLE_LOSSLESS, targets
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.model.errors import CannotTranscode, NotFound
from radnode.model.uid import UID

CT = bundled("CT_small.dcm")
COMPRESSED = bundled("MR_small_jp2klossless.dcm")


@pytest.fixture(scope="module")
def transcoder() -> Iterator[Transcoder]:
    """One for all tests: each finds it working, whatever the ones before did to it."""
    with closing(Transcoder(processes=1, timeout=30)) as transcoder:
        yield transcoder
    assert not workers()


@pytest.fixture
def others() -> set[int]:
    """The processes that there were before the test."""
    return workers()


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that takes seconds to encode: noise, 3000 x 3000."""
    noise = np.random.default_rng(1).integers(0, 2**16, (3000, 3000), dtype=np.uint16)
    return write_part10(image_of(noise), tmp_path_factory.mktemp("slow") / "slow.dcm")


def result(transcoder: Transcoder, path: Path, target: UID, is_wanted: Callable[[], bool] = lambda: True) -> bytes:
    with transcoder.transcoded(path, target, is_wanted=is_wanted) as found:
        return os.pread(found.descriptor, found.count + 1, 0)


def expected(path: Path, target: UID, folder: Path) -> bytes:
    data = transcoded(path, target, folder).read_bytes()
    return data[dataset_offset(data)[1] :]


def workers() -> set[int]:
    """The living transcoding processes of this one."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, owner = (entry / "stat").read_text().rpartition(") ")[2].split()[:2]
            is_worker = b"radnode.instance.transcoding.transcode_worker" in (entry / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if is_worker and owner == str(os.getpid()) and state != "Z":
            found.add(int(entry.name))
    return found


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)


def is_reading(path: Path) -> bool:
    return any(str(path) in Path(f"/proc/{worker}/maps").read_text() for worker in workers())


def test_small_changes_need_no_process(others: set[int], tmp_path: Path) -> None:
    with closing(Transcoder()) as transcoder:
        assert result(transcoder, CT, IMPLICIT_VR_LITTLE_ENDIAN) == expected(CT, IMPLICIT_VR_LITTLE_ENDIAN, tmp_path)
        assert workers() == others


def test_data_sets_and_refusals_cross_the_socket(transcoder: Transcoder, tmp_path: Path) -> None:
    for target in targets(transfer_syntax_of(COMPRESSED)):
        assert result(transcoder, COMPRESSED, target) == expected(COMPRESSED, target, tmp_path)
    frames = write_part10(make_instance(NumberOfFrames="2"), tmp_path / "two.dcm")
    with pytest.raises(CannotTranscode, match="less pixel data"):
        result(transcoder, frames, RLE_LOSSLESS)
    with pytest.raises(NotFound):
        result(transcoder, tmp_path / "missing.dcm", RLE_LOSSLESS)
    (tmp_path / "text.dcm").write_text("no DICOM at all")
    with pytest.raises(CannotTranscode, match="no DICOM preamble"):
        result(transcoder, tmp_path / "text.dcm", RLE_LOSSLESS)


def test_many_at_once_get_each_their_own(others: set[int], tmp_path: Path) -> None:
    wanted = [(path, target) for path in (CT, COMPRESSED, bundled("SC_rgb_rle.dcm")) for target in targets_of(path)]
    with closing(Transcoder(processes=2)) as transcoder:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda one: result(transcoder, *one), wanted))
        assert found == [expected(*one, tmp_path) for one in wanted]
        assert len(workers() - others) == 2
    assert workers() == others
    with pytest.raises(CannotTranscode, match="stopping"):
        result(transcoder, COMPRESSED, RLE_LOSSLESS)


def targets_of(path: Path) -> tuple[UID, ...]:
    return targets(transfer_syntax_of(path))


def test_what_takes_too_long_is_given_up(slow: Path, others: set[int], tmp_path: Path) -> None:
    with closing(Transcoder(processes=1, timeout=1.5)) as transcoder:
        started = monotonic()
        with pytest.raises(CannotTranscode, match=r"took longer than 1\.5 s"):
            result(transcoder, slow, JPEG_2000_LOSSLESS)
        assert monotonic() - started < 10
        assert workers() == others
        assert result(transcoder, CT, RLE_LOSSLESS) == expected(CT, RLE_LOSSLESS, tmp_path)


def test_a_crash_in_the_middle_costs_one_object(transcoder: Transcoder, slow: Path) -> None:
    before = result(transcoder, CT, RLE_LOSSLESS)
    with ThreadPoolExecutor(1) as threads:
        crashed = threads.submit(result, transcoder, slow, JPEG_2000_LOSSLESS)
        until(lambda: is_reading(slow))
        (worker,) = workers()
        os.kill(worker, signal.SIGABRT)
        with pytest.raises(CannotTranscode, match="the decoder crashed"):
            crashed.result()
    assert result(transcoder, CT, RLE_LOSSLESS) == before


def test_a_process_that_died_idle_costs_nothing(transcoder: Transcoder) -> None:
    before = result(transcoder, CT, RLE_LOSSLESS)
    (worker,) = workers()
    os.kill(worker, signal.SIGKILL)
    until(lambda: Path(f"/proc/{worker}/stat").read_text().rpartition(") ")[2].startswith("Z"))
    assert result(transcoder, CT, RLE_LOSSLESS) == before


def test_what_is_not_wanted_any_more_ends_soon(transcoder: Transcoder, slow: Path) -> None:
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        given_up = threads.submit(
            result, transcoder, slow, JPEG_2000_LOSSLESS, is_wanted=lambda: not cancelled.is_set()
        )
        until(lambda: is_reading(slow))
        cancelled.set()
        with pytest.raises(CannotTranscode, match="no longer wanted"):
            given_up.result()
    assert not workers()


def test_closing_ends_what_is_being_done(slow: Path, others: set[int]) -> None:
    with closing(Transcoder()) as transcoder, ThreadPoolExecutor(1) as threads:
        ended = threads.submit(result, transcoder, slow, JPEG_2000_LOSSLESS)
        until(lambda: is_reading(slow))
        transcoder.close()
        with pytest.raises(CannotTranscode):
            ended.result()
    assert workers() == others


@pytest.mark.parametrize(
    "name",
    ["JPGExtended.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPEGLSNearLossless_16.dcm", "693_J2KI.dcm", "MR_small_RLE.dcm"],
)
def test_hostile_files_fail_alone(name: str, transcoder: Transcoder, tmp_path: Path) -> None:
    """Bytes at random places are others: each object is transcoded or refused, and the next good one is fine."""
    whole = bundled(name).read_bytes()
    chance = random.Random(name)
    refusals = []
    for number in range(12):
        broken = bytearray(whole)
        for _ in range(number + 1):
            broken[chance.randrange(400, len(broken))] = chance.randrange(256)
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(broken[: chance.choice((len(broken), len(broken) - 100))])
        try:
            result(transcoder, path, EXPLICIT_VR_LITTLE_ENDIAN)
        except CannotTranscode as refusal:
            refusals.append(str(refusal))
    assert refusals
    assert str(tmp_path) not in "".join(refusals)
    assert result(transcoder, CT, RLE_LOSSLESS)
