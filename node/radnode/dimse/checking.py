"""Checking the objects of a commitment, step by step, so that others can be heard in between."""

from collections.abc import Generator

import structlog

from radnode.archive.archive import Archive
from radnode.archive.verifying import verifying
from radnode.dimse.commitment_metrics import CommitmentMetrics
from radnode.model.commitment import Reason, Results
from radnode.model.redaction import redact
from radnode.work.received_commitments import ReceivedCommitments

log = structlog.get_logger()


def checking(
    archive: Archive, commitments: ReceivedCommitments, identity: int, metrics: CommitmentMetrics
) -> Generator[None, None, None]:
    """Check the objects that were not yet; what was found is kept also where it is closed early. OutOfResources."""
    for page in commitments.unchecked(identity):
        reasons: dict[int, int] = {}
        try:
            for place, reference in page.items():
                verdict = yield from verifying(archive, reference)
                reasons[place] = verdict.reason
                metrics.checked(verdict.reason)
                if verdict.damage:
                    log.error("object_damaged", sop_instance=redact(reference.sop_instance), why=verdict.damage)
                yield
        finally:
            commitments.checked(identity, reasons)


def as_now(archive: Archive, results: Results) -> Results:
    """What is to be reported of objects that may have been checked long ago, where it could not be brought until now.

    One that was deleted since is not committed to. Raises OutOfResources.
    """
    return {
        reference: Reason.NO_SUCH_INSTANCE
        if reason == Reason.COMMITTED and archive.holding(reference.sop_instance) is None
        else reason
        for reference, reason in results.items()
    }
