"""The C-STORE sub-operations of a C-GET or C-MOVE, as they are counted (PS3.4 C.4.2.1, C.4.3.1; PS3.7 9.1.3, 9.1.4)."""

from collections import Counter

from radnode.dimse.encoding import encode_elements
from radnode.dimse.scu.values import Sent
from radnode.dimse.status import Status, error_comment
from radnode.dimse.upper.command import Element
from radnode.model.uid import UID

_FAILED_LIST = 0x00080058
_LIST_LIMIT = 65534  # bytes that an explicit length of 16 bits can count, for a UI: at least a thousand UIDs
_MOST = 0xFFFF  # what a US can count
_REASONS = 5  # different ones that the log is told


class SubOperations:
    """How many were completed, have failed, or ended with a warning, of those counted beforehand."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.completed = self.failed = self.warning = 0
        self.reasons: Counter[str] = Counter()
        self._failed_uids: list[str] = []
        self._room = _LIST_LIMIT

    @property
    def remaining(self) -> int:
        """Those that are not over yet. Objects can come and go after they were counted."""
        return max(0, self.total - self.completed - self.failed - self.warning)

    def count(self, sent: Sent) -> None:
        """One is over."""
        if sent.status == 0:
            self.completed += 1
        elif sent.is_stored:
            self.warning += 1
        else:
            self.failed += 1
            self._note(sent)

    def fail_rest(self, why: str) -> None:
        """What remains has failed as well."""
        self.reasons[why] += self.remaining
        self.failed += self.remaining

    def status(self) -> Status:
        """How it all ended (C.4.2.1.5, C.4.3.1.4)."""
        if not self.failed and not self.warning:
            return Status.SUCCESS
        return Status.SOME_FAILED if self.completed or self.warning else Status.UNABLE_TO_PERFORM

    def comment(self) -> str:
        """Why most of those failed that did."""
        return error_comment(self.reasons.most_common(1)[0][0]) if self.reasons else ""

    def told(self) -> dict[str, object]:
        """For the log: nothing in it names a patient."""
        counts = {"instances": self.total, "completed": self.completed, "failed": self.failed, "warning": self.warning}
        return counts | ({"reasons": dict(self.reasons.most_common(_REASONS))} if self.reasons else {})

    def counters(self, *, with_remaining: bool) -> dict[int, int | str]:
        """The elements of a response. What remains is told while something may: pending, and cancelled (C.4.2.1.6)."""
        counted: dict[int, int | str] = {
            Element.COMPLETED: min(self.completed, _MOST),
            Element.FAILED: min(self.failed, _MOST),
            Element.WARNING: min(self.warning, _MOST),
        }
        return {Element.REMAINING: min(self.remaining, _MOST), **counted} if with_remaining else counted

    def failed_list(self, transfer_syntax: UID) -> bytes | None:
        """The data set with the Failed SOP Instance UID List, as far as it fits; None where nothing has failed."""
        if not self._failed_uids:
            return None
        value = "\\".join(self._failed_uids).encode("ascii", "replace")
        return encode_elements({_FAILED_LIST: ("UI", value)}, transfer_syntax)

    def _note(self, sent: Sent) -> None:
        self._room -= len(sent.sop_instance) + 1
        if self._room >= 0:
            self._failed_uids.append(sent.sop_instance)
        why = sent.comment if sent.status is None else f"answered with {sent.status:04X}"
        self.reasons[why] += 1
