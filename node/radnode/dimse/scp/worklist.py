"""C-FIND, Modality Worklist (PS3.4 K.6.1): one answer for each scheduled procedure step; C-CANCEL is heeded between."""

from radnode.dimse.nested_encoding import encode_nested
from radnode.dimse.query_options import options_in_force
from radnode.dimse.scp.find import BATCH
from radnode.dimse.scp.identifiers import identifier_of
from radnode.dimse.scp.service import Performed, concluded
from radnode.dimse.status import Refusal, Status
from radnode.dimse.upper.association import Association, Request
from radnode.dimse.worklist_identifier import WorklistIdentifier, parse_worklist_identifier
from radnode.instance.nested import data_set_of
from radnode.model.errors import Abandoned
from radnode.model.uid import UID
from radnode.sections.query import QuerySettings
from radnode.sections.worklist import Hide
from radnode.settings import Service
from radnode.work.worklist import Worklist
from radnode.work.worklist_matching import HIDDEN


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
        status, comment = concluded(association, request, lambda: self._answer(association, request, detail))
        return Performed(status, detail | ({"comment": comment} if comment else {}))

    def _identifier(self, association: Association, request: Request) -> WorklistIdentifier:
        data = identifier_of(association, request, if_too_long=Status.OUT_OF_RESOURCES)
        options = options_in_force(self._settings, request.context.options)
        return parse_worklist_identifier(data, UID(request.context.transfer_syntax), self._hidden, options)

    def _answer(self, association: Association, request: Request, detail: dict[str, object]) -> None:
        """Send the matches. Raises Abandoned where they were cancelled, Refusal where they are too many."""
        asked = self._identifier(association, request)
        found = self._worklist.matching(asked.query)
        sent = found[: self._settings.max_matches or None]
        pending = Status.PENDING_WITH_UNSUPPORTED_KEYS if asked.has_unsupported_keys else Status.PENDING
        transfer_syntax = UID(request.context.transfer_syntax)
        for start in range(0, len(sent), BATCH):
            if association.is_cancelled(request):
                raise Abandoned("cancelled")
            steps = self._worklist.steps(sent[start : start + BATCH])
            answers = [
                encode_nested(asked.answer(data_set_of(step)), transfer_syntax, asked.character_set) for step in steps
            ]
            association.respond_pending(request, pending, answers)
            detail["matches"] = start + len(answers)
        if len(sent) < len(found):
            raise Refusal(Status.OUT_OF_RESOURCES, f"there are more than {self._settings.max_matches} matches")
