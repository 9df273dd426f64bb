"""C-FIND, Modality Worklist (PS3.4 K.6.1): one answer for each scheduled procedure step; C-CANCEL is heeded between."""

from radnode.dimse.nested_encoding import encode_nested
from radnode.dimse.query_options import options_in_force
from radnode.dimse.scp.service import Performed
from radnode.dimse.status import Refusal, Status, refusal_of
from radnode.dimse.upper.association import Association, Request
from radnode.dimse.worklist_identifier import WorklistIdentifier, parse_worklist_identifier
from radnode.instance.nested import data_set_of
from radnode.model.errors import RadnodeError
from radnode.model.uid import UID
from radnode.sections.query import QuerySettings
from radnode.sections.worklist import Hide
from radnode.settings import Service
from radnode.work.worklist import Worklist
from radnode.work.worklist_matching import HIDDEN

IDENTIFIER_LIMIT = 1 << 20  # bytes
BATCH = 50  # answers, between which a C-CANCEL is looked for


class WorklistProvider:
    """Answers queries from the worklist."""

    service: Service = "worklist"

    def __init__(self, worklist: Worklist, hide: Hide, settings: QuerySettings) -> None:
        """Steps that `hide` names are answered to nobody."""
        self._worklist = worklist
        self._settings = settings
        self._hidden = HIDDEN[hide]

    def perform(self, association: Association, request: Request) -> Performed:
        """Send a pending response for each matching step, then the last one."""
        detail: dict[str, object] = {"matches": 0}
        status, comment = Status.SUCCESS, ""
        try:
            status = self._answer(association, request, self._identifier(association, request), detail)
        except RadnodeError as error:
            refusal = refusal_of(error)
            status, comment = refusal.status, refusal.comment
        except Refusal as refusal:
            status, comment = refusal.status, refusal.comment
        association.skip_data_set()
        association.respond(request, status, comment=comment)
        return Performed(status, detail | ({"comment": comment} if comment else {}))

    def _identifier(self, association: Association, request: Request) -> WorklistIdentifier:
        data = association.data_set(IDENTIFIER_LIMIT)
        if data is None:
            raise Refusal(Status.OUT_OF_RESOURCES, f"the identifier is longer than {IDENTIFIER_LIMIT} bytes")
        if request.sop_class != request.context.abstract_syntax:
            raise Refusal(Status.SOP_CLASS_NOT_SUPPORTED, "SOP class is not that of the presentation context")
        options = options_in_force(self._settings, request.context.options)
        return parse_worklist_identifier(data, UID(request.context.transfer_syntax), self._hidden, options)

    def _answer(
        self, association: Association, request: Request, asked: WorklistIdentifier, detail: dict[str, object]
    ) -> Status:
        """Send the matches; success, or cancelled. Raises Refusal behind the last one that may be sent."""
        found = self._worklist.matching(asked.query)
        sent = found[: self._settings.max_matches or None]
        pending = Status.PENDING_WITH_UNSUPPORTED_KEYS if asked.has_unsupported_keys else Status.PENDING
        transfer_syntax = UID(request.context.transfer_syntax)
        for start in range(0, len(sent), BATCH):
            if association.is_cancelled(request):
                return Status.CANCELLED
            steps = self._worklist.steps(sent[start : start + BATCH])
            answers = [
                encode_nested(asked.answer(data_set_of(step)), transfer_syntax, asked.character_set) for step in steps
            ]
            association.respond_pending(request, pending, answers)
            detail["matches"] = start + len(answers)
        if len(sent) < len(found):
            raise Refusal(Status.OUT_OF_RESOURCES, f"more than {self._settings.max_matches} matches")
        return Status.SUCCESS
