"""C-FIND of query/retrieve (PS3.4 C.4.1): answers stream from the index, C-CANCEL is heeded in between."""

import sys

from radnode.archive.archive import Archive
from radnode.dimse.answers import AnswerEncoder, Constants
from radnode.dimse.contexts import ROOT_OF
from radnode.dimse.identifier import AVAILABILITY, LEVEL, RETRIEVE_AE_TITLE, Identifier, parse_identifier
from radnode.dimse.query_options import options_in_force
from radnode.dimse.scp.identifiers import identifier_of
from radnode.dimse.scp.service import Performed, concluded
from radnode.dimse.status import Refusal, Status
from radnode.dimse.upper.association import Association, Request
from radnode.model.errors import Abandoned
from radnode.model.uid import UID
from radnode.sections.query import QuerySettings
from radnode.settings import Service

BATCH = 50  # answers, between which a C-CANCEL is looked for; some 15 KB, and a millisecond


class FindProvider:
    """Answers queries from the archive's index."""

    service: Service = "find"

    def __init__(self, archive: Archive, ae_title: str, settings: QuerySettings) -> None:
        """`ae_title` is where the answers can be retrieved: ours."""
        self._archive = archive
        self._ae_title = ae_title
        self._settings = settings

    def perform(self, association: Association, request: Request) -> Performed:
        """Send a pending response for each match, then the last one."""
        detail: dict[str, object] = {"matches": 0}
        status, comment = concluded(association, request, lambda: self._answer(association, request, detail))
        return Performed(status, detail | ({"comment": comment} if comment else {}))

    def _answer(self, association: Association, request: Request, detail: dict[str, object]) -> None:
        """Send the matches. Raises Abandoned where they were cancelled, Refusal where they are too many."""
        identifier = self._identifier(association, request)
        detail["query_level"] = identifier.query.level.name
        pending = Status.PENDING_WITH_UNSUPPORTED_KEYS if identifier.has_unsupported_keys else Status.PENDING
        encoder = self._encoder(identifier, UID(request.context.transfer_syntax))
        matches, most = 0, self._settings.max_matches or sys.maxsize
        for page in self._archive.find_pages(identifier.query, given_up=lambda: association.is_cancelled(request)):
            for start in range(0, len(page), BATCH):
                if association.is_cancelled(request):
                    raise Abandoned("cancelled")
                answers = page[start : start + BATCH]
                association.respond_pending(request, pending, map(encoder.encode, answers[: most - matches]))
                matches += len(answers)
                detail["matches"] = min(matches, most)
                if matches > most:
                    raise Refusal(Status.OUT_OF_RESOURCES, f"there are more than {most} matches")

    def _encoder(self, identifier: Identifier, transfer_syntax: UID) -> AnswerEncoder:
        return AnswerEncoder(
            identifier.query.returns,
            identifier.requested,
            answer_constants(identifier, self._ae_title),
            identifier.character_set,
            transfer_syntax,
        )

    def _identifier(self, association: Association, request: Request) -> Identifier:
        data = identifier_of(association, request, if_too_long=Status.OUT_OF_RESOURCES)
        options = options_in_force(self._settings, request.context.options)
        syntax = UID(request.context.transfer_syntax)
        root = ROOT_OF[request.context.abstract_syntax]
        return parse_identifier(data, syntax, root, options, self._archive.table)


def answer_constants(identifier: Identifier, retrieve_ae_title: str) -> Constants:
    """What stands in every answer beside the keys: the level, where the objects are retrieved, and whether at once."""
    elements = {
        LEVEL: ("CS", identifier.query.level.name.encode()),
        RETRIEVE_AE_TITLE: ("AE", retrieve_ae_title.encode("ascii", "replace")),
    }
    return elements | ({AVAILABILITY: ("CS", b"ONLINE")} if identifier.asks_availability else {})
