"""The tables of the send queue."""

from sqlite_utils import Database

OPEN, DONE = "state <> 'done'", "state = 'done'"
"""As the partial indexes have them: a query that is to use one says it in these words."""


def _make_tables(db: Database) -> None:
    db.execute("""
        CREATE TABLE queue_items (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            destination TEXT NOT NULL,
            digest TEXT NOT NULL,
            study TEXT NOT NULL,
            series TEXT NOT NULL,
            sop_instance TEXT NOT NULL,
            rule TEXT NOT NULL,
            quiet REAL NOT NULL,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            due REAL NOT NULL,
            error TEXT NOT NULL,
            enqueued REAL NOT NULL,
            changed REAL NOT NULL,
            UNIQUE (digest, destination)
        )""")
    db.execute(f"CREATE INDEX queue_open ON queue_items (destination, state, due, id) WHERE {OPEN}")
    db.execute(f"CREATE INDEX queue_done ON queue_items (changed) WHERE {DONE}")
    db.execute("CREATE INDEX queue_studies ON queue_items (destination, study, enqueued) WHERE quiet > 0")
    db.execute("""
        CREATE TABLE queue_destinations (
            title TEXT PRIMARY KEY,
            attempts INTEGER NOT NULL,
            due REAL NOT NULL,
            error TEXT NOT NULL
        )""")


def _count_renewals(db: Database) -> None:
    """How often an item was queued anew, each time soon after the time before: objects may go round in a circle."""
    db.execute("ALTER TABLE queue_items ADD COLUMN renewals INTEGER NOT NULL DEFAULT 0")


STEPS = (_make_tables, _count_renewals)
