"""The part of the table of endpoints that moves files in bulk: as they are, many at once, in zip archives."""

from radnode.archive.spooling import CROWDED
from radnode.sections.bulk import BulkSettings
from radnode.settings import Settings
from radnode_http.answers.bulk import UploadsAnswer
from radnode_http.answers.peers import AcceptedAnswer
from radnode_http.auth import Scope
from radnode_http.endpoints.endpoint import (
    JOB_AT,
    STUDY,
    Endpoint,
    Failure,
    Header,
    Media,
    Otherwise,
    PathParameter,
    Upload,
)
from radnode_http.errors import DISABLED, NO_FILE, NO_STUDY, NOT_FOUND
from radnode_http.packing import MISSING
from radnode_http.ranges import CHANGED, UNSATISFIABLE
from radnode_http.spooled_upload import too_many, too_much
from radnode_http.views import bulk_upload, downloads

_SERIES = PathParameter("series_uid", "The Series Instance UID.", "^[0-9.]{1,64}$")
_INDEX = Failure(503, (DISABLED, "<why the index cannot be read for now>"))
_UNKNOWN = Failure(400, ("Unknown parameter <name>", "Parameter <name> is given more than once"))
_CACHING = (
    Header("ETag", "The same for ever, while the path has a file."),
    Header("Last-Modified", "When the file arrived."),
    Header("Cache-Control", "private and immutable, for a year."),
    Header("Vary", "Authorization: another caller has to ask."),
)
_RANGES = Header("Accept-Ranges", "bytes.")
_NAME = Header("Content-Disposition", "An attachment, and what to call it.")
_CONDITIONS = (
    Header("Range", "One range of bytes, such as bytes=1000-1999, bytes=1000- or bytes=-500."),
    Header("If-Range", "The ETag or Last-Modified of what the client has a part of; else the whole file comes."),
    Header("If-None-Match", "ETags of files that the client has."),
    Header("If-Modified-Since", "When the client's file was modified."),
    Header("If-Match", "ETags of files of which one is wanted; else 412."),
    Header("If-Unmodified-Since", "After this the file must not have arrived; else 412."),
)
_ZIP = Media(("application/zip",), "The archive, sent while it is made.", headers=(_NAME,))
_ABOUT_UPLOAD = (
    "Any number of fields called `file` or `files`, each a DICOM file or a zip archive of them, or a body that is a zip"
    " archive. One bad file does not stop the others; of a body that is not whole nothing is stored."
)
_ABOUT_ZIP = (
    "Members are stored as they are and named by numbers, modality and digest; the same files make the same bytes. What"
    f" is deleted meanwhile is left out and listed in a last member, {MISSING}."
)


def bulk_endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """Every endpoint for files in bulk, under these settings."""
    return (_file(), *_archives(), *_uploads(settings.bulk))


def _uploads(bulk: BulkSettings) -> tuple[Endpoint, ...]:
    body = Upload("file", is_several=True, instead=("application/zip",))
    failures = (
        Failure(400, (NO_FILE, "Broken multipart body")),
        Failure(408, ("The request body came too slowly",)),
        Failure(413, (too_much(bulk.max_total_size).detail, too_many(bulk.max_files).detail)),
        Failure(415, ("Content-Encoding is not supported",)),
        Failure(503, (DISABLED,)),
    )
    full = ("<what the storage lacks>", CROWDED)
    return (
        Endpoint(
            "upload-multiple",
            "POST",
            "/api/dicom/upload-multiple",
            bulk_upload.upload_multiple,
            Scope.WRITE,
            "Upload several DICOM files",
            UploadsAnswer,
            f"{_ABOUT_UPLOAD} The answer has a result for each, and comes when all that can be is stored.",
            body=body,
            failures=(*failures, Failure(507, full)),
        ),
        Endpoint(
            "upload-async",
            "POST",
            "/api/dicom/upload-async",
            bulk_upload.upload_async,
            Scope.WRITE,
            "Upload DICOM files that are stored later",
            AcceptedAnswer,
            f"{_ABOUT_UPLOAD} They are on the disk when the answer comes, which names a job that stores them, over"
            " restarts too, and tells the result for each.",
            body=body,
            failures=(*failures, Failure(507, (*full, f"There are {bulk.max_queued} jobs waiting already"))),
            success=202,
            tells=(JOB_AT,),
        ),
    )


def _file() -> Endpoint:
    return Endpoint(
        "file",
        "GET",
        "/api/dicom/file/{file_path}",
        downloads.stored_file,
        Scope.READ,
        "The stored file itself",
        Media(("application/dicom",), "The file, byte for byte.", headers=(*_CACHING, _RANGES, _NAME)),
        "For ever the same, as its ETag and Cache-Control say. Takes conditions (RFC 9110 13) and one range of bytes"
        " (RFC 9110 14); of several ranges the whole file comes.",
        failures=(
            Failure(404, (NOT_FOUND,)),
            Failure(412, (CHANGED,)),
            Failure(416, (UNSATISFIABLE,), (Header("Content-Range", "How long the file is."),)),
            _INDEX,
        ),
        otherwise=(
            Otherwise(
                206,
                "The range of bytes that Range asks for.",
                headers=(*_CACHING, _RANGES, _NAME, Header("Content-Range", "Which bytes of how many.")),
            ),
            Otherwise(
                304,
                "The client has it already, as If-None-Match or If-Modified-Since says.",
                has_body=False,
                headers=_CACHING,
            ),
        ),
        asks=_CONDITIONS,
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
            failures=(_UNKNOWN, Failure(404, (NO_STUDY,)), _INDEX),
            named=(STUDY,),
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
            failures=(_UNKNOWN, Failure(404, (downloads.NO_SERIES,)), _INDEX),
            named=(STUDY, _SERIES),
        ),
    )
