import threading
from contextlib import suppress
from pathlib import Path

import pytest
from sqlite_utils import Database

from radnode.model.errors import OutOfResources
from radnode.work import schema
from radnode.work.work_file import WorkFile


def test_it_is_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "work.sqlite"
    for _ in range(2):
        with WorkFile.open(path) as work, work.reading() as connection:
            assert schema.is_current(Database(connection))
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_was_written_is_there_for_the_next_one_and_what_failed_is_not(tmp_path: Path) -> None:
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        with work.writing() as connection:
            connection.execute("CREATE TABLE notes (text TEXT)")
            connection.execute("INSERT INTO notes VALUES ('kept')")
        with suppress(RuntimeError), work.writing() as connection:
            connection.execute("INSERT INTO notes VALUES ('lost')")
            raise RuntimeError
    with WorkFile.open(tmp_path / "work.sqlite") as work, work.reading() as connection:
        assert [row["text"] for row in connection.execute("SELECT text FROM notes")] == ["kept"]


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    with WorkFile.open(tmp_path / "work.sqlite") as work:
        with work.writing() as connection:
            connection.execute("CREATE TABLE counts (value INTEGER)")
            connection.execute("INSERT INTO counts VALUES (0)")

        def count() -> None:
            for _ in range(10):
                with work.writing() as connection:
                    (value,) = connection.execute("SELECT value FROM counts").fetchone()
                    connection.execute("UPDATE counts SET value = ?", (value + 1,))

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with work.reading() as connection:
            assert connection.execute("SELECT value FROM counts").fetchone()[0] == 40


def test_a_file_of_a_newer_radnode_is_refused(tmp_path: Path) -> None:
    with WorkFile.open(tmp_path / "work.sqlite") as work, work.writing() as connection:
        connection.execute("INSERT INTO parts (name, version) VALUES ('unheard of', 1)")
    with pytest.raises(OutOfResources, match="newer radnode"):
        WorkFile.open(tmp_path / "work.sqlite")


def test_what_is_no_database_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "work.sqlite"
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 40)
    with pytest.raises(OutOfResources, match="damaged"):
        WorkFile.open(path)
    assert path.read_bytes().startswith(b"something else")


def test_what_would_be_written_to_a_file_that_was_removed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "work.sqlite"
    with WorkFile.open(path) as work:
        with work.reading() as connection:
            assert connection.execute("SELECT count(*) FROM queue_items").fetchone()[0] == 0
        path.unlink()
        with pytest.raises(OutOfResources, match="removed or replaced"), work.writing():
            pass
        with work.reading(), pytest.raises(OutOfResources), work.reading():  # the second needs a new connection
            pass
        with WorkFile.open(path), pytest.raises(OutOfResources, match="removed or replaced"), work.writing():
            pass


def test_who_serves_goes_on_without_a_file_and_finds_it_once_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "work.sqlite"
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 40)
    with WorkFile.for_serving(path) as work:
        for _ in range(2):
            with pytest.raises(OutOfResources, match="damaged"), work.writing():
                pass
        path.rename(tmp_path / "aside")
        with work.writing() as connection:
            assert schema.is_current(Database(connection))


def test_who_serves_goes_on_beside_a_file_of_a_newer_radnode(tmp_path: Path) -> None:
    path = tmp_path / "work.sqlite"
    with WorkFile.open(path) as work, work.writing() as connection:
        connection.execute("INSERT INTO parts (name, version) VALUES ('unheard of', 1)")
    with WorkFile.for_serving(path) as work:
        with pytest.raises(OutOfResources, match="newer radnode"), work.reading():
            pass
        path.unlink()
        with work.reading() as connection:
            assert schema.is_current(Database(connection))
