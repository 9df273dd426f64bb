"""C-FIND in every information model (PS3.4 C.4.1): answers stream from the index, C-CANCEL is heeded in between."""

from radnode.archive.archive import Archive
from radnode.dimse.answers import AnswerEncoder
from radnode.dimse.contexts import ROOT_OF
from radnode.dimse.identifier import Identifier, parse_identifier
from radnode.dimse.scp.service import Performed
from radnode.dimse.status import Refusal, Status, refusal_of
from radnode.dimse.upper.association import Association, Request
from radnode.model.errors import RadnodeError
from radnode.model.uid import UID
from radnode.settings import Service

IDENTIFIER_LIMIT = 1 << 20  # bytes; thousands of UIDs fit
BATCH = 50  # answers, between which a C-CANCEL is looked for; some 15 KB, and a millisecond


class FindProvider:
    """Answers queries from the archive's index."""

    service: Service = "find"

    def __init__(self, archive: Archive, ae_title: str) -> None:
        """`ae_title` is where the answers can be retrieved: ours."""
        self._archive = archive
        self._ae_title = ae_title

    def perform(self, association: Association, request: Request) -> Performed:
        """Send a pending response for each match, then the last one."""
        detail: dict[str, object] = {"matches": 0}
        status, comment = Status.SUCCESS, ""
        try:
            identifier = _identifier(association, request)
            detail["query_level"] = identifier.query.level.name
            if not self._answer(association, request, identifier, detail):
                status = Status.CANCELLED
        except RadnodeError as error:
            refusal = refusal_of(error)
            status, comment = refusal.status, refusal.comment
        except Refusal as refusal:
            status, comment = refusal.status, refusal.comment
        association.skip_data_set()
        association.respond(request, status, comment=comment)
        return Performed(status, detail | ({"comment": comment} if comment else {}))

    def _answer(
        self, association: Association, request: Request, identifier: Identifier, detail: dict[str, object]
    ) -> bool:
        """Send the matches; whether they were all sent rather than cancelled."""
        pending = Status.PENDING_WITH_UNSUPPORTED_KEYS if identifier.has_unsupported_keys else Status.PENDING
        encoder = AnswerEncoder(identifier, UID(request.context.transfer_syntax), self._ae_title)
        matches = 0
        for page in self._archive.find_pages(identifier.query):
            for start in range(0, len(page), BATCH):
                if association.is_cancelled(request):
                    return False
                answers = page[start : start + BATCH]
                association.respond_pending(request, pending, map(encoder.encode, answers))
                detail["matches"] = matches = matches + len(answers)
        return True


def _identifier(association: Association, request: Request) -> Identifier:
    data = bytearray()
    for fragment in association.fragments():
        if len(data) + len(fragment) > IDENTIFIER_LIMIT:
            raise Refusal(Status.OUT_OF_RESOURCES, f"the identifier is longer than {IDENTIFIER_LIMIT} bytes")
        data += fragment
    if request.sop_class != request.context.abstract_syntax:
        raise Refusal(Status.SOP_CLASS_NOT_SUPPORTED, "SOP class is not that of the presentation context")
    root = ROOT_OF[request.context.abstract_syntax]
    return parse_identifier(bytes(data), UID(request.context.transfer_syntax), root)
