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
