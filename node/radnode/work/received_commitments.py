"""What peers ask us to commit to: kept until they have our report."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from radnode.model.commitment import Reason, Reference
from radnode.model.errors import OutOfResources
from radnode.model.uid import UID
from radnode.work.commitments import (
    GIVEN_UP,
    KEPT,
    OPEN,
    REPORTED,
    Transaction,
    end,
    forget_ended,
    insert,
    new,
    objects_of,
    select,
    set_reasons,
)
from radnode.work.work_file import WorkFile

MOST_OPEN = 4_000_000
"""Objects in all open transactions; two hundred megabytes or four."""
MOST_OF_ONE = 1_000_000
"""Of these, those of one peer, so that it does not keep the others from theirs."""
MOST_TRANSACTIONS = 20_000
"""Open transactions of one peer."""
_PAGE, _AT_ONCE = 500, 1000
_TOLERANCE = 60.0  # seconds
_OPEN_ONES = """
SELECT coalesce(sum(objects), 0), coalesce(sum(objects) FILTER (WHERE peer = :peer), 0),
       count(*) FILTER (WHERE peer = :peer)
FROM commitments WHERE due IS NOT NULL AND NOT asked_by_us
"""


class ReceivedCommitments:
    """Every change is on the disk on return; every method may raise OutOfResources.

    A transaction is due when it is to be seen to; who works on one makes it due only later, so that nobody else does.
    """

    def __init__(self, work: WorkFile, *, clock: Callable[[], float] = time.time) -> None:
        self._work = work
        self._now = clock

    def receive(self, peer: str, uid: UID, references: Sequence[Reference], *, busy: float) -> int:
        """Take a request, due in `busy` seconds; one that comes again before it was reported is the same transaction.

        A transaction UID that is in use for something else is received too: to be reported as that, object by object.
        """
        with self._work.writing() as connection:
            same = select(connection, "uid = ? AND state = ? AND NOT asked_by_us", uid, OPEN)
            for one in same:
                if one.peer == peer and {held for held, _ in objects_of(connection, one.id)} == set(references):
                    connection.execute("UPDATE commitments SET due = ? WHERE id = ?", (self._now() + busy, one.id))
                    return one.id
            objects, own, transactions = connection.execute(_OPEN_ONES, {"peer": peer}).fetchone()
            if objects + len(references) > MOST_OPEN or own + len(references) > MOST_OF_ONE:
                raise OutOfResources("Too many objects wait for their commitment")
            if transactions >= MOST_TRANSACTIONS:
                raise OutOfResources("Too many requests wait for their report")
            reason = Reason.DUPLICATE_TRANSACTION if same else None
            row = new(peer, uid, self._now(), due_in=busy, objects=len(references), asked_by_us=False)
            return insert(connection, row, ((reference, reason) for reference in references))

    def find(self, identity: int) -> Transaction:
        """One transaction."""
        with self._work.reading() as connection:
            return select(connection, "id = ?", identity)[0]

    def due(self) -> list[Transaction]:
        """Some of those that are to be seen to now, the longest due first."""
        with self._work.reading() as connection:
            return select(connection, "NOT asked_by_us AND due <= ? ORDER BY due LIMIT ?", self._now(), _AT_ONCE)

    def unchecked(self, identity: int) -> Iterator[Mapping[int, Reference]]:
        """The objects that have no reason yet, by their place, in pages; ask again for those that were left out."""
        sql = """
        SELECT place, sop_class, sop_instance FROM commitment_objects
        WHERE commitment = ? AND reason IS NULL AND place > ? ORDER BY place LIMIT ?
        """
        last = -1
        while True:
            with self._work.reading() as connection:
                rows = connection.execute(sql, (identity, last, _PAGE)).fetchall()
            if not rows:
                return
            last = rows[-1]["place"]
            yield {row["place"]: Reference(UID(row["sop_class"]), UID(row["sop_instance"])) for row in rows}

    def checked(self, identity: int, reasons: Mapping[int, int]) -> None:
        """Keep what became of objects, by their place."""
        if reasons:
            with self._work.writing() as connection:
                set_reasons(connection, identity, reasons)

    def results(self, identity: int) -> Mapping[Reference, int] | None:
        """What became of every object, once all are checked; None where it is not open any more.

        Then somebody else has reported it, and what went well is not remembered.
        """
        with self._work.reading() as connection:
            found = {
                reference: Reason.PROCESSING_FAILURE if reason is None else reason
                for reference, reason in objects_of(connection, identity)
            }
            return found if select(connection, "id = ? AND state = ?", identity, OPEN) else None

    def busy(self, identity: int, seconds: float) -> None:
        """Somebody works on it: nobody else is to see to it for so long. With 0 it is due at once."""
        with self._work.writing() as connection:
            connection.execute(
                "UPDATE commitments SET due = ? WHERE id = ? AND state = ?", (self._now() + seconds, identity, OPEN)
            )

    def postpone(self, identity: int, seconds: float, why: str) -> None:
        """The report could not be brought: try again in so many seconds."""
        with self._work.writing() as connection:
            connection.execute(
                "UPDATE commitments SET due = ?, attempts = attempts + 1, why = ? WHERE id = ? AND state = ?",
                (self._now() + seconds, why, identity, OPEN),
            )

    def heed_clock(self, longest: float) -> int:
        """What is to wait for more than `longest` seconds was received while the clock was ahead: due now; how many."""
        now = self._now()
        with self._work.writing() as connection:
            return connection.execute(
                "UPDATE commitments SET since = min(since, ?), due = ? WHERE NOT asked_by_us AND due > ?",
                (now, now, now + longest + _TOLERANCE),
            ).rowcount

    def reported(self, identity: int) -> None:
        """The peer has its report."""
        self._end(identity, REPORTED)

    def give_up(self, identity: int, why: str) -> None:
        """The peer will not have its report."""
        self._end(identity, GIVEN_UP, why)

    def forget_ended(self) -> None:
        """Forget what ended long ago, also what we have asked for ourselves."""
        with self._work.writing() as connection:
            forget_ended(connection, self._now() - KEPT)

    def _end(self, identity: int, state: str, why: str = "") -> None:
        """Of its objects only those remain that were not committed to."""
        with self._work.writing() as connection:
            end(connection, identity, state, self._now(), why)
            connection.execute(
                "DELETE FROM commitment_objects WHERE commitment = ? AND coalesce(reason, 0) = 0", (identity,)
            )
