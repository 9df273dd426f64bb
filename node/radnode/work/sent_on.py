"""What was sent on and still has to be committed to by who got it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from radnode.model.uid import UID
from radnode.work.work_file import WorkFile

_UNASKED = """
SELECT sent.id, sent.sop_instance, sent.digest, sent.changed
FROM queue_items sent LEFT JOIN commitment_asked_for asked ON asked.item = sent.id
WHERE sent.state = 'done' AND sent.changed > ? AND sent.destination = ? AND sent.rule IN ({rules})
      AND (asked.changed IS NULL OR asked.changed < sent.changed)
ORDER BY sent.changed LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class SentOn:
    """An object of the send queue that its destination has taken, and when (seconds since 1970)."""

    item: int
    sop_instance: UID
    digest: str
    changed: float


class SentOnObjects:
    """Every method may raise OutOfResources."""

    def __init__(self, work: WorkFile) -> None:
        self._work = work

    def unasked(self, destination: str, rules: Collection[str], since: float, limit: int) -> list[SentOn]:
        """The first objects that these rules sent there after `since`, and that it was not asked to commit to."""
        sql = _UNASKED.format(rules=", ".join("?" * len(rules)))
        with self._work.reading() as connection:
            rows = connection.execute(sql, (since, destination, *rules, limit)).fetchall()
        return [SentOn(row["id"], UID(row["sop_instance"]), row["digest"], row["changed"]) for row in rows]

    def asked(self, sent: Iterable[SentOn]) -> None:
        """The destination was asked to commit to these, or they are none of its concern any more."""
        with self._work.writing() as connection:
            connection.executemany(
                "INSERT INTO commitment_asked_for VALUES (?, ?)"
                " ON CONFLICT (item) DO UPDATE SET changed = excluded.changed",
                [(one.item, one.changed) for one in sent],
            )

    def forget(self) -> None:
        """Forget what the send queue has forgotten."""
        with self._work.writing() as connection:
            connection.execute("DELETE FROM commitment_asked_for WHERE item NOT IN (SELECT id FROM queue_items)")
