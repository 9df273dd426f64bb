"""The table of jobs."""

from sqlite_utils import Database


def _make_table(db: Database) -> None:
    db.execute("""
        CREATE TABLE jobs (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            peer TEXT NOT NULL,
            study TEXT NOT NULL,
            series TEXT NOT NULL,
            sop_instance TEXT NOT NULL,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            remaining INTEGER NOT NULL DEFAULT 0,
            completed INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0,
            warning INTEGER NOT NULL DEFAULT 0,
            error TEXT NOT NULL DEFAULT '',
            created REAL NOT NULL,
            started REAL,
            ended REAL
        )""")
    db.execute("CREATE INDEX jobs_by_state ON jobs (state, number)")


STEPS = (_make_table,)
