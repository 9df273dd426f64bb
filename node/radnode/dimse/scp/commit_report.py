"""N-EVENT-REPORT of the Storage Commitment Push Model (PS3.4 J.3.3): what peers report that we have asked."""

from radnode.dimse.commitment import limit_for
from radnode.dimse.commitment_messages import commitment_in, refusal_of, take_report
from radnode.dimse.scp.service import Performed, concluded
from radnode.dimse.upper.association import Association, Request
from radnode.model.commitment import Reason
from radnode.settings import Service
from radnode.work.asked_commitments import AskedCommitments


class CommitReportProvider:
    """Keeps reports, on associations that the reporting side begins."""

    service: Service = "commit"

    def __init__(self, asked: AskedCommitments, max_objects: int) -> None:
        self._asked = asked
        self._most = max_objects

    def perform(self, association: Association, request: Request) -> Performed:
        """Keep a report, and only then say so."""
        detail: dict[str, object] = {}
        status, comment = concluded(association, request, lambda: self._take(association, request, detail), refusal_of)
        return Performed(status, detail | ({"comment": comment} if comment else {}))

    def _take(self, association: Association, request: Request, detail: dict[str, object]) -> None:
        data_set = association.data_set(limit_for(self._most))
        told = commitment_in(request.command, data_set, request.context.transfer_syntax, self._most)
        failed = sum(reason != Reason.COMMITTED for reason in told.results.values())
        detail |= {"transaction": told.transaction, "objects": len(told.results), "failed": failed}
        take_report(self._asked, told)
