"""The part of the table of endpoints that de-identifies."""

from radnode.instance.deidentification.burned_in import WARNINGS
from radnode_http.answers.deidentify import WARNINGS_HEADER, DeidentifiedAnswer
from radnode_http.auth import Scope
from radnode_http.endpoints.endpoint import Endpoint, Failure, Header, Media
from radnode_http.errors import DISABLED, NOT_FOUND
from radnode_http.params.deidentify import DeidentifyWanted
from radnode_http.views import deidentify

_NAME = Header("Content-Disposition", "An attachment, named by its new SOP Instance UID; not where it was stored.")


def deidentify_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint for de-identifying."""
    return (
        Endpoint(
            "deidentify",
            "POST",
            "/api/dicom/deidentify/{file_path}",
            deidentify.deidentify_file,
            Scope.READ,
            "A stored file de-identified by PS3.15 Annex E",
            Media(
                ("application/dicom",),
                "The new file; where it was stored (store, which needs dicom:write too), where it is.",
                DeidentifiedAnswer,
                (
                    Header(WARNINGS_HEADER, "What a person should look at, separated by commas; absent without any."),
                    _NAME,
                ),
            ),
            "The same file with the same options is the same new file. Pixels are not cleaned: X-Deidentify-Warnings"
            f" says, separated by commas, what a person should look at ({', '.join(WARNINGS)}).",
            body=DeidentifyWanted,
            failures=(
                Failure(400, ("Invalid JSON body", "Field <name> <what it must be>", "Unknown field <name>")),
                Failure(404, (NOT_FOUND,)),
                Failure(408, ("The request body came too slowly",)),
                Failure(413, (f"Request body exceeds maximum allowed size ({deidentify.MAX_BODY} bytes)",)),
                Failure(415, ("Content-Encoding is not supported",)),
                Failure(422, ("Cannot de-identify: <why>",)),
                Failure(
                    503,
                    (DISABLED, deidentify.NO_KEY, deidentify.BUSY),
                    (Header("Retry-After", "Seconds after which to ask again, where too many others do."),),
                ),
                Failure(507, ("<what the storage lacks>",)),
            ),
        ),
    )
