"""The part of the table of endpoints that turns stored objects into words: documents."""

from radnode_http.auth import Scope
from radnode_http.document_params import DocumentParameters
from radnode_http.endpoint import Endpoint, Failure, Media
from radnode_http.errors import DISABLED, NO_DOCUMENT, NOT_FOUND
from radnode_http.views import documents

_INDEX = Failure(503, (DISABLED, "<why the index cannot be read for now>"))


def word_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint that puts objects into words."""
    return (_document(),)


def _document() -> Endpoint:
    return Endpoint(
        "document",
        "GET",
        "/api/dicom/document/{file_path}",
        documents.document,
        Scope.READ,
        "Structured report or encapsulated document of a file",
        Media(("text/html", "text/plain", *documents.INLINE, documents.OTHERS), "The document."),
        "A structured report, key object selection or other SR document is presented for people; its page runs no"
        " script and fetches nothing. An encapsulated document comes as it is, and is for saving only unless its type"
        " is one of those listed here.",
        query=DocumentParameters,
        failures=(
            Failure(400, (NO_DOCUMENT, documents.NO_TEXT, "Parameter <name> <what it must be>")),
            Failure(404, (NOT_FOUND,)),
            Failure(422, ("Cannot present document: <why>",)),
            _INDEX,
        ),
    )
