"""The index: transactions, damage, forks, and many writers at once."""

import multiprocessing
import os
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlite_utils import Database

from radnode.archive.archive import Archive
from radnode.archive.index import Index
from radnode.archive.schema import MIGRATIONS, migrate
from radnode.model.errors import OutOfResources

ADD = "INSERT INTO superseded (sop_instance, path, sha256, size, superseded_at) VALUES ('1', ?, '', 0, 0)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


def count(index: Index) -> int:
    return int(next(index.rows("SELECT count(*) FROM superseded"))[0])


def test_a_write_that_fails_leaves_nothing(path: Path) -> None:
    with closing(Index(path)) as index:
        index.migrate()
        with suppress(KeyError), index.writing() as connection:
            connection.execute(ADD, ("a",))
            raise KeyError
        assert count(index) == 0
        with index.writing() as connection:
            connection.execute(ADD, ("a",))
        assert count(index) == 1


def test_it_is_durable_and_migrated_once(path: Path) -> None:
    for _ in range(2):
        with closing(Index(path)) as index:
            index.migrate()
            with index.reading() as connection:
                settings = [
                    connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
                ]
            assert settings == ["wal", 1]  # the flush is the writer's own: see test_order_of_flushes
            assert len(list(index.rows("SELECT * FROM migrations"))) == len(MIGRATIONS)


@pytest.mark.parametrize("content", [b"this is no database, but a text" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_index_is_refused_and_names_the_remedy(tmp_path: Path, content: bytes) -> None:
    Archive.open(tmp_path).close()
    (tmp_path / ".radnode" / "index.sqlite").write_bytes(content)
    with pytest.raises(OutOfResources, match="radnode check --repair"):
        Archive.open(tmp_path)


def test_a_reader_half_way_does_not_stand_in_the_way_of_its_own_thread(path: Path) -> None:
    with closing(Index(path)) as index:
        index.migrate()
        for name in "abc":
            with index.writing() as connection:
                connection.execute(ADD, (name,))
        reader = index.rows("SELECT path FROM superseded ORDER BY id")
        assert next(reader)[0] == "a"
        with index.writing() as connection:
            connection.execute(ADD, ("d",))
        assert [row[0] for row in reader] == ["b", "c"]


def test_closing_closes_connections_of_other_threads_too(path: Path) -> None:
    index = Index(path)
    index.migrate()
    thread = threading.Thread(target=lambda: count(index))
    thread.start()
    thread.join()
    index.close()
    with pytest.raises(OutOfResources, match="closed"):
        count(index)
    assert not path.with_name("index.sqlite-wal").exists()


def test_a_forked_child_reads_and_writes_by_itself(path: Path) -> None:
    with closing(Index(path)) as index:
        index.migrate()
        with index.writing() as connection:
            connection.execute(ADD, ("parent",))
            child = os.fork()
            if not child:
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        child = os.fork()
        if not child:
            with index.writing() as connection:
                connection.execute(ADD, ("child",))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert count(index) == 2


def write_many(path: Path, worker: int, times: int) -> None:
    with closing(Index(path)) as index:
        index.migrate()
        for number in range(times):
            with index.writing() as connection:
                before = connection.execute("SELECT value FROM counters WHERE name = 'files'").fetchone()[0]
                connection.execute(ADD, (f"{worker}/{number}",))
                connection.execute("UPDATE counters SET value = ? WHERE name = 'files'", (before + 1,))


def test_eight_processes_open_and_write_one_new_index_without_an_error(path: Path) -> None:
    context = multiprocessing.get_context("fork")  # eight interpreters would take longer than the test
    workers = [context.Process(target=write_many, args=(path, worker, 40)) for worker in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8
    with closing(Index(path)) as index:
        assert count(index) == 320
        assert next(index.rows("SELECT value FROM counters WHERE name = 'files'"))[0] == 320


def test_a_writer_that_hangs_is_not_waited_for_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radnode.archive.sqlite_file.BUSY_TIMEOUT", 0.05)
    with closing(Index(path)) as one, closing(Index(path)) as other:
        one.migrate()
        with one.writing(), pytest.raises(OutOfResources, match="busy"), other.writing():
            pass
        with other.writing() as connection:
            connection.execute(ADD, ("a",))


def test_a_foreign_writer_is_waited_for_by_sqlite(path: Path) -> None:
    with closing(Index(path)) as index:
        index.migrate()
        with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            done = threading.Event()

            def write() -> None:
                with index.writing() as connection:
                    connection.execute(ADD, ("a",))
                done.set()

            thread = threading.Thread(target=write)
            thread.start()
            foreign.execute("COMMIT")
            thread.join()
        assert done.is_set()
        assert count(index) == 1


def test_migrating_again_does_nothing(path: Path) -> None:
    with closing(Index(path)) as index:
        index.migrate()
        with index.writing() as connection:
            migrate(Database(connection))
        assert len(list(index.rows("SELECT * FROM migrations"))) == len(MIGRATIONS)
