"""Pictures that are kept: whole or not at all, gone with their object, never more than there is room for."""

import os
import random
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest
from support.archives import make_archive, rows, store
from support.instances import make_instance

from radnode.archive import picture_shelves
from radnode.archive.archive import Archive
from radnode.archive.check import Check
from radnode.archive.layout import Layout
from radnode.archive.picture_cache import PictureCache
from radnode.archive.picture_places import SHELVES, forget_pictures, pictures_of
from radnode.archive.picture_shelves import Shelves, entries_of
from radnode.archive.picture_sweeping import ROUNDS, sweep_pictures
from radnode.archive.recovery import recover
from radnode.instance.pictures.picture import Facts, Picture, PictureWish
from radnode.instance.pictures.picture_key import picture_key, renderer
from radnode.model.errors import NotFound
from radnode.model.file_path import FilePath

MADE = Picture(bytes(range(256)) * 40, Facts(voi="window 40/400"))
KEY = "0" * 32
PLENTY = 2**30


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with make_archive(tmp_path / "storage") as archive:
        yield archive


@pytest.fixture
def cache(archive: Archive) -> PictureCache:
    return PictureCache(archive, limit=PLENTY, reserve=0)


def stored(archive: Archive, number: int = 1, **overrides: Any) -> FilePath:
    return store(archive, make_instance(SOPInstanceUID=f"1.2.{number}", **overrides)).path


def keep(cache: PictureCache, path: FilePath, key: str) -> bool:
    """Keep a picture of what is current at `path`."""
    return cache.keep(cache._archive.standing(path), key, MADE)


def kept(archive: Archive) -> list[Path]:
    return sorted(file for file in archive.layout.pictures.rglob("*") if file.is_file())


def test_what_is_kept_is_found_also_by_another_process(archive: Archive, cache: PictureCache) -> None:
    path = stored(archive)
    assert cache.find(path, KEY) is None
    assert keep(cache, path, KEY)
    assert cache.find(path, KEY) == MADE
    child = os.fork()
    if not child:
        os._exit(0 if PictureCache(archive, limit=PLENTY, reserve=0).find(path, KEY) == MADE else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert cache.find(path, "1" * 32) is None
    (file,) = kept(archive)
    assert S_IMODE(file.stat().st_mode) == 0o640
    assert {S_IMODE(folder.stat().st_mode) for folder in (file.parent, file.parent.parent)} == {0o750}


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 200, -1])
def test_a_cut_entry_is_no_picture(archive: Archive, cache: PictureCache, length: int) -> None:
    path = stored(archive)
    keep(cache, path, KEY)
    (file,) = kept(archive)
    file.write_bytes(file.read_bytes()[:length])
    assert cache.find(path, KEY) is None
    assert kept(archive) == []
    assert keep(cache, path, KEY)
    assert cache.find(path, KEY) == MADE


def test_a_changed_or_moved_entry_is_no_picture(archive: Archive, cache: PictureCache) -> None:
    path, dice = stored(archive), random.Random(1)
    for _ in range(50):
        keep(cache, path, KEY)
        (file,) = kept(archive)
        entry = bytearray(file.read_bytes())
        entry[dice.randrange(len(entry))] ^= 1 << dice.randrange(8)
        file.write_bytes(entry)
        assert cache.find(path, KEY) is None
    keep(cache, path, KEY)
    (file,) = kept(archive)
    file.rename(file.with_name("1" * 32))
    assert cache.find(path, "1" * 32) is None
    (pictures_of(archive.layout, path) / KEY).mkdir(parents=True)
    assert cache.find(path, KEY) is None
    assert not keep(cache, path, KEY)


def test_pictures_go_with_their_object_however_it_goes(archive: Archive, cache: PictureCache) -> None:
    first, other = stored(archive), stored(archive, 2)
    for path in (first, other):
        keep(cache, path, KEY)
        keep(cache, path, "1" * 32)
    second = stored(archive, PatientComments="a conflict")
    assert cache.find(first, KEY) is None
    keep(cache, second, KEY)
    archive.forget(second)
    assert [file.parent.name for file in kept(archive)] == [other.name] * 2
    archive.forget(other)
    assert kept(archive) == []


def test_a_picture_that_is_made_while_its_object_goes_is_not_kept(archive: Archive, cache: PictureCache) -> None:
    path = stored(archive)
    standing = archive.standing(path)
    archive.forget(path)
    assert not cache.keep(standing, KEY, MADE)
    assert not pictures_of(archive.layout, path).exists()


def test_no_picture_of_a_damaged_file_outlives_the_damage(archive: Archive, cache: PictureCache) -> None:
    path = stored(archive)
    file, damaged = archive.layout.current(path), archive.standing(path)
    whole = file.read_bytes()
    for damage in (lambda: file.write_bytes(whole[:-2]), file.unlink):
        damage()
        assert keep(cache, path, KEY)
        assert stored(archive) == path  # sent again, which mends it
        assert file.read_bytes() == whole
        assert cache.find(path, KEY) is None
    assert not cache.keep(damaged, KEY, MADE)  # it was being made of the damaged file meanwhile
    assert keep(cache, path, KEY)


@pytest.mark.parametrize("damaged", [True, False])
def test_a_repair_removes_the_pictures_of_what_it_takes_out(archive: Archive, damaged: bool) -> None:
    path = stored(archive)
    keep(PictureCache(archive, limit=PLENTY, reserve=0), path, KEY)
    file = archive.layout.current(path)
    if damaged:
        file.write_bytes(file.read_bytes()[:-2])
    else:
        file.unlink()
    archive.close()
    for _ in Check(archive.layout.root).run(repair=True):
        pass
    assert kept(archive) == []


def test_whatever_comes_between_no_picture_outlives_its_object(archive: Archive, cache: PictureCache) -> None:
    path = stored(archive)

    def come_and_go() -> None:
        for _ in range(30):
            archive.forget(path)
            assert stored(archive) == path

    def keep_on(key: str) -> None:
        while not ended.is_set():
            with suppress(NotFound):
                keep(cache, path, key)
            cache.find(path, key)

    ended = threading.Event()
    with ThreadPoolExecutor(4) as threads:
        keeping = [threads.submit(keep_on, str(number) * 32) for number in range(3)]
        try:
            come_and_go()
            archive.forget(path)
        finally:
            ended.set()
        for each in keeping:
            each.result()
    assert kept(archive) == []


def test_what_a_crash_leaves_is_swept_and_nothing_else(archive: Archive, cache: PictureCache) -> None:
    here, gone = stored(archive), replace(stored(archive, 2), name="f" * 32)
    keep(cache, here, KEY)
    shutil.copytree(pictures_of(archive.layout, here), pictures_of(archive.layout, gone))
    unfinished = pictures_of(archive.layout, here) / f"{KEY}.0123.part"
    unfinished.touch()
    assert sum(sweep_pictures(archive, turn, limit=PLENTY, reserve=0) for turn in range(ROUNDS)) == 1
    assert [file.name for file in kept(archive)] == [KEY, unfinished.name]
    os.utime(unfinished, (0, 0))
    for turn in range(ROUNDS):
        assert sweep_pictures(archive, turn, limit=PLENTY, reserve=0) == 0
    assert cache.find(here, KEY) == MADE
    assert not unfinished.exists()


@pytest.mark.parametrize(("limit", "reserve"), [(0, 0), (PLENTY, 2**60)])
def test_without_room_what_was_kept_goes(archive: Archive, cache: PictureCache, limit: int, reserve: int) -> None:
    path = stored(archive)
    keep(cache, path, KEY)
    full = PictureCache(archive, limit=limit, reserve=reserve)
    assert not keep(full, path, "1" * 32)
    sweep_pictures(archive, 1, limit=limit, reserve=reserve)
    assert not archive.layout.pictures.exists()
    assert full.find(path, KEY) is None


def test_without_room_they_go_from_another_disk_too(archive: Archive, cache: PictureCache, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    archive.layout.pictures.symlink_to(tmp_path / "elsewhere")
    path = stored(archive)
    assert keep(cache, path, KEY)
    assert cache.find(path, KEY) == MADE
    sweep_pictures(archive, 0, limit=0, reserve=0)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_the_keeping_only(archive: Archive, cache: PictureCache) -> None:
    path = stored(archive)
    archive.layout.pictures.touch()
    assert not keep(cache, path, KEY)
    assert cache.find(path, KEY) is None
    forget_pictures(archive.layout, path)
    archive.forget(path)


def test_recovery_finishes_the_removal_of_pictures(archive: Archive, cache: PictureCache, tmp_path: Path) -> None:
    path = stored(archive)
    keep(cache, path, KEY)
    pictures = pictures_of(archive.layout, path)
    shutil.copytree(pictures, tmp_path / "pictures")
    archive.forget(path)
    shutil.copytree(tmp_path / "pictures", pictures)
    note = archive.layout.incoming / "dead" / f"{path.study}_{path.series}_{path.name}_0.trash"
    note.parent.mkdir()
    note.touch()
    recover(archive.layout, archive.index)
    assert rows(archive.layout.root, "SELECT * FROM instances") == []
    assert not pictures.exists()


def put(layout: Layout, name: str, key: str, size: int, age: float) -> int:
    """Lay an entry on its shelf; the shelf."""
    file = layout.pictures / name[:2] / name / key
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    os.utime(file, (time.time() - age,) * 2)
    return int(name[:2], 16)


def everything(layout: Layout) -> dict[str, int]:
    found = (entry for number in range(SHELVES) for entry in entries_of(layout, number))
    return {f"{entry.file.parent.name}/{entry.file.name}": entry.room for entry in found}


def test_the_least_recently_used_go_when_it_is_too_much(tmp_path: Path) -> None:
    layout, dice = Layout(tmp_path), random.Random(2)
    shelves = Shelves(layout, 100 * 8192)
    names = [dice.randbytes(16).hex() for _ in range(300)]
    for age, name in enumerate(reversed(names)):
        put(layout, name, KEY, 4000, age=1000.0 - age)
    shelves.put(put(layout, names[0], "1" * 32, 4000, age=0), 4000)
    left = everything(layout)
    assert f"{names[0]}/{'1' * 32}" in left
    assert sum(left.values()) <= 100 * 8192
    assert len(left) >= 90
    assert {name for name in names if f"{name}/{KEY}" in left} == set(names[: len(left) - 1])
    assert {folder.name for folder in layout.pictures.glob("*/*")} == {name.partition("/")[0] for name in left}


def test_of_very_many_about_the_oldest_go_and_few_shelves_are_looked_at(tmp_path: Path) -> None:
    layout, dice = Layout(tmp_path), random.Random(3)
    shelves = Shelves(layout, 2000 * 8192)
    for age in range(2000):
        put(layout, dice.randbytes(16).hex(), KEY, 10, age=age)
    for _ in range(1000):
        shelves.put(put(layout, dice.randbytes(16).hex(), "2" * 32, 10, age=0), 10)
        assert sum(shelves._rooms) <= 2000 * 8192
    left = everything(layout)
    assert sum(left.values()) == sum(shelves._rooms)
    assert len(left) >= 1700
    assert sum(name.endswith("2" * 32) for name in left) > 900


def test_nobody_counts_or_removes_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_shelves, "_LONGEST", 0.0)
    layout, dice = Layout(tmp_path), random.Random(4)
    shelves = Shelves(layout, 500 * 8192)
    for _ in range(1000):
        put(layout, dice.randbytes(16).hex(), KEY, 10, age=9)
    taken = []
    for _ in range(SHELVES + 9):
        shelves.put(put(layout, dice.randbytes(16).hex(), KEY, 10, age=0), 10)
        taken.append(sum(shelves._rooms))
    counted = [after - before for before, after in pairwise(taken[:SHELVES])]
    assert 0 < max(counted) < 30 * 8192
    removed = [before - after for before, after in pairwise(taken[SHELVES:])]
    assert 100 * 8192 < max(removed) < 200 * 8192
    assert sum(everything(layout).values()) == taken[-1] <= 500 * 8192


def test_what_other_processes_removed_is_noticed(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    shelves = Shelves(layout, 10 * 8192)
    for number in range(10):
        shelves.put(put(layout, f"{number:02x}" + "0" * 30, KEY, 10, age=0), 10)
    shutil.rmtree(layout.pictures)
    shelves.put(put(layout, "ff" + "0" * 30, KEY, 10, age=0), 10)
    assert list(everything(layout)) == ["ff" + "0" * 30 + "/" + KEY]


def test_a_use_is_noted_at_most_once_an_hour(archive: Archive, cache: PictureCache) -> None:
    path = stored(archive)
    keep(cache, path, KEY)
    (file,) = kept(archive)
    for age, noted in ((4000.0, True), (1000.0, False)):
        os.utime(file, (time.time() - age,) * 2)
        before = file.stat().st_mtime
        cache.find(path, KEY)
        assert (file.stat().st_mtime > before) is noted


def test_a_picture_that_would_take_most_of_the_room_is_not_kept(archive: Archive) -> None:
    small = PictureCache(archive, limit=20_000, reserve=0)
    assert not keep(small, stored(archive), KEY)
    assert kept(archive) == []


def test_equal_wishes_have_one_key_and_others_another() -> None:
    digest, maker = "ab" * 32, renderer()

    def key(wish: PictureWish) -> str:
        return picture_key(maker, digest, wish)

    plain = key(PictureWish())
    assert plain == key(PictureWish(quality=3)) == key(PictureWish(enlarge=True))
    assert key(PictureWish(window=(0, 4))) == key(PictureWish(window=(0.0, 4.0)))
    assert key(PictureWish(window="Bone ")) == key(PictureWish(window="bone"))
    others = [
        PictureWish(format="jpeg"),
        PictureWish(format="jpeg", quality=3),
        PictureWish(frame=2),
        PictureWish(frame=None),
        PictureWish(window="auto"),
        PictureWish(window=(1, 2)),
        PictureWish(window=(2, 1)),
        PictureWish(width=5),
        PictureWish(height=5),
        PictureWish(width=5, enlarge=True),
        PictureWish(invert=True),
        PictureWish(overlays=True),
    ]
    keys = {plain, picture_key(maker, "cd" * 32, PictureWish()), picture_key("2", digest, PictureWish())}
    assert len(keys | {key(wish) for wish in others}) == 3 + len(others)
    assert "pillow=" in maker
