"""What we ask peers to commit to: kept until they have reported, on whatever association that comes."""

import time
from collections.abc import Callable, Sequence

from radnode.model.commitment import Reason, Reference, Results
from radnode.model.uid import UID
from radnode.work.commitments import (
    ANSWERED,
    GIVEN_UP,
    OPEN,
    REFUSED,
    end,
    insert,
    new,
    objects_of,
    select,
    set_reasons,
)
from radnode.work.work_file import WorkFile

_UNTOLD = Reason.PROCESSING_FAILURE  # who does not speak of an object has not committed to it


class AskedCommitments:
    """Every change is on the disk on return; every method may raise OutOfResources."""

    def __init__(self, work: WorkFile, *, clock: Callable[[], float] = time.time) -> None:
        self._work = work
        self._now = clock

    def ask(self, peer: str, uid: UID, references: Sequence[Reference], *, patience: float) -> None:
        """Take note, before the peer hears of it, of what it is asked; its report is waited for `patience` seconds."""
        row = new(peer, uid, self._now(), due_in=patience, objects=len(references), asked_by_us=True)
        with self._work.writing() as connection:
            insert(connection, row, ((reference, None) for reference in references))

    def take(self, uid: UID, results: Results) -> bool:
        """Keep what a peer reports; False where nobody asked for it. A report that comes again changes nothing.

        Nor does one of a request that counts as refused: its objects were asked for anew, or their sender was told.
        """
        with self._work.writing() as connection:
            found = select(connection, "uid = ? AND asked_by_us", uid)
            for one in found:
                if one.state in (ANSWERED, REFUSED):
                    continue
                told: dict[UID, int] = {}
                for reference, reason in results.items():
                    told[reference.sop_instance] = told.get(reference.sop_instance, Reason.COMMITTED) or reason
                reasons = (told.get(held.sop_instance, _UNTOLD) for held, _ in objects_of(connection, one.id))
                set_reasons(connection, one.id, dict(enumerate(reasons)))
                end(connection, one.id, ANSWERED, self._now())
            return bool(found)

    def refuse(self, uid: UID, why: str) -> None:
        """The peer did not take the request, so nothing of its objects is to be remembered."""
        with self._work.writing() as connection:
            for one in select(connection, "uid = ? AND asked_by_us AND state = ?", uid, OPEN):
                end(connection, one.id, REFUSED, self._now(), why)
                connection.execute("DELETE FROM commitment_objects WHERE commitment = ?", (one.id,))

    def results(self, uid: UID) -> Results | None:
        """What the peer reported; None while it has not."""
        with self._work.reading() as connection:
            for one in select(connection, "uid = ? AND asked_by_us AND state = ?", uid, ANSWERED):
                return {reference: reason or Reason.COMMITTED for reference, reason in objects_of(connection, one.id)}
        return None

    def give_up_overdue(self) -> int:
        """Wait no longer for what is overdue; how many transactions that were."""
        with self._work.writing() as connection:
            overdue = select(connection, "asked_by_us AND due <= ?", self._now())
            for one in overdue:
                end(connection, one.id, GIVEN_UP, self._now(), "the peer has not reported")
            return len(overdue)
