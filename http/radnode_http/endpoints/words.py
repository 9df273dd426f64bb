"""The part of the table of endpoints that turns stored objects into words: clinical summaries, documents."""

from radnode_http.answers.answer import StudySummaryAnswer, SummaryAnswer
from radnode_http.auth import Scope
from radnode_http.endpoints.endpoint import STUDY, Endpoint, Failure, Header, Media
from radnode_http.endpoints.pictures import POOL_FAILURE
from radnode_http.errors import DISABLED, NO_DOCUMENT, NO_STUDY, NOT_FOUND
from radnode_http.params.documents import DocumentParameters
from radnode_http.params.query import SummaryFlags
from radnode_http.views import documents, summaries

_NAME = Header("Content-Disposition", "Of an encapsulated document: whether browsers may show it, and what to call it.")
_MISSING = Failure(404, (NOT_FOUND,))
_BAD_FLAGS = Failure(400, ("Invalid JSON body", "Field <name> must be true or false", "Unknown field <name>"))
_BODY = (
    Failure(408, ("The request body came too slowly",)),
    Failure(413, (f"Request body exceeds maximum allowed size ({summaries.MAX_FLAGS} bytes)",)),
    Failure(415, ("Content-Encoding is not supported",)),
    Failure(507, ("<what the storage lacks>",)),
)
_RETRY = Header("Retry-After", "Seconds after which to ask again, where too many others do.")


def word_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint that puts objects into words."""
    return (_summary(), _study_summary(), _document())


def _summary() -> Endpoint:
    return Endpoint(
        "clinical-summary",
        "POST",
        "/api/dicom/clinical-summary/{file_path}",
        summaries.clinical_summary,
        Scope.READ,
        "Clinical summary of a file",
        SummaryAnswer,
        "Without a body everything is in the summary.",
        body=SummaryFlags,
        failures=(_BAD_FLAGS, _MISSING, *_BODY, Failure(503, (DISABLED,))),
    )


def _study_summary() -> Endpoint:
    return Endpoint(
        "clinical-summary-study",
        "POST",
        "/api/dicom/clinical-summary/study/{study_uid}",
        summaries.study_summary,
        Scope.READ,
        "Clinical summary of a study",
        StudySummaryAnswer,
        "All its series, from the index and from as many of its files as are worth reading; `extent` says how many."
        " Of values that contradict each other the first counts, in the order of arrival; the others are told too.",
        body=SummaryFlags,
        failures=(_BAD_FLAGS, Failure(404, (NO_STUDY,)), *_BODY, Failure(503, (DISABLED, summaries.BUSY), (_RETRY,))),
        named=(STUDY,),
    )


def _document() -> Endpoint:
    return Endpoint(
        "document",
        "GET",
        "/api/dicom/document/{file_path}",
        documents.document,
        Scope.READ,
        "Structured report or encapsulated document of a file",
        Media(("text/html", "text/plain", *documents.INLINE, documents.OTHERS), "The document.", headers=(_NAME,)),
        "A structured report, key object selection or other SR document is presented for people; its page runs no"
        " script and fetches nothing. An encapsulated document comes as it is, and is for saving only unless its type"
        " is one of those listed here.",
        query=DocumentParameters,
        failures=(
            Failure(
                400, (NO_DOCUMENT, documents.NO_TEXT, "Parameter <name> <what it must be>", "Unknown parameter <name>")
            ),
            _MISSING,
            Failure(422, ("Cannot present document: <why>",)),
            POOL_FAILURE,
        ),
    )
