"""The part of the table of endpoints that moves files in bulk: as they are, many at once, in zip archives."""

from radnode_http.auth import Scope
from radnode_http.endpoint import Endpoint, Failure, Media, Otherwise, PathParameter
from radnode_http.errors import DISABLED, NOT_FOUND
from radnode_http.packing import MISSING
from radnode_http.ranges import CHANGED, UNSATISFIABLE
from radnode_http.views import downloads

_STUDY = PathParameter("study_uid", "The Study Instance UID.", "^[0-9.]{1,64}$")
_SERIES = PathParameter("series_uid", "The Series Instance UID.", "^[0-9.]{1,64}$")
_INDEX = Failure(503, (DISABLED, "<why the index cannot be read for now>"))
_ZIP = Media(("application/zip",), "The archive, sent while it is made.")
_ABOUT_ZIP = (
    "Members are stored as they are and named by numbers, modality and digest; the same files make the same bytes. What"
    f" is deleted meanwhile is left out and listed in a last member, {MISSING}."
)


def bulk_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint for files in bulk."""
    return (_file(), *_archives())


def _file() -> Endpoint:
    return Endpoint(
        "file",
        "GET",
        "/api/dicom/file/{file_path}",
        downloads.stored_file,
        Scope.READ,
        "The stored file itself",
        Media(("application/dicom",), "The file, byte for byte."),
        "For ever the same, as its ETag and Cache-Control say. Takes conditions (RFC 9110 13) and one range of bytes"
        " (RFC 9110 14); of several ranges the whole file comes.",
        failures=(
            Failure(404, (NOT_FOUND,)),
            Failure(412, (CHANGED,)),
            Failure(416, (UNSATISFIABLE,)),
            _INDEX,
        ),
        otherwise=(
            Otherwise(206, "The range of bytes that Range asks for."),
            Otherwise(304, "The client has it already, as If-None-Match or If-Modified-Since says.", has_body=False),
        ),
    )


def _archives() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "study-archive",
            "GET",
            "/api/dicom/studies/{study_uid}/archive.zip",
            downloads.study_archive,
            Scope.READ,
            "All files of a study in a zip archive",
            _ZIP,
            _ABOUT_ZIP,
            failures=(Failure(404, (downloads.NO_STUDY,)), _INDEX),
            named=(_STUDY,),
        ),
        Endpoint(
            "series-archive",
            "GET",
            "/api/dicom/studies/{study_uid}/series/{series_uid}/archive.zip",
            downloads.series_archive,
            Scope.READ,
            "All files of a series in a zip archive",
            _ZIP,
            _ABOUT_ZIP,
            failures=(Failure(404, (downloads.NO_SERIES,)), _INDEX),
            named=(_STUDY, _SERIES),
        ),
    )
