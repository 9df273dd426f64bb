"""The tables of jobs."""

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


def _keep_uploads(db: Database) -> None:
    # Of an upload: how many bytes lie on the disk for it, what they are called, and what has become of each file.
    db.execute("ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'retrieval'")
    db.execute("ALTER TABLE jobs ADD COLUMN size INTEGER NOT NULL DEFAULT 0")
    db.execute("DROP INDEX jobs_by_state")
    db.execute("CREATE INDEX jobs_by_state ON jobs (kind, state, number)")
    for table, further in (("job_uploads", "error TEXT NOT NULL"), ("job_results", "file_path TEXT, error TEXT")):
        db.execute(f"""
            CREATE TABLE {table} (
                job TEXT NOT NULL,
                place INTEGER NOT NULL,
                file_name TEXT NOT NULL,
                {further},
                PRIMARY KEY (job, place)
            ) WITHOUT ROWID""")
    db.execute("""
        CREATE TRIGGER job_is_forgotten AFTER DELETE ON jobs BEGIN
            DELETE FROM job_uploads WHERE job = old.id;
            DELETE FROM job_results WHERE job = old.id;
        END""")


STEPS = (_make_table, _keep_uploads)
