"""THE table of endpoints: contract and code meet here, and the OpenAPI document says what stands here."""

from radnode.settings import Settings
from radnode_http.answers.answer import (
    DeleteAnswer,
    HealthAnswer,
    ListAnswer,
    MetadataAnswer,
    StatusAnswer,
    UploadAnswer,
)
from radnode_http.auth import Scope
from radnode_http.endpoints.bulk import bulk_endpoints
from radnode_http.endpoints.deidentify import deidentify_endpoints
from radnode_http.endpoints.endpoint import Endpoint, Failure, Media, Upload, View
from radnode_http.endpoints.frames import frames_endpoints
from radnode_http.endpoints.peers import peer_endpoints
from radnode_http.endpoints.pictures import picture_endpoints
from radnode_http.endpoints.queue import queue_endpoints
from radnode_http.endpoints.words import word_endpoints
from radnode_http.endpoints.worklist import worklist_endpoints
from radnode_http.errors import DISABLED, NO_FILE, NOT_FOUND, too_large
from radnode_http.params.query import ListParameters
from radnode_http.views import docs, files, listing, node, upload

_MISSING = Failure(404, (NOT_FOUND,))
_INDEX = Failure(503, (DISABLED, "<why the index cannot be read for now>"))
_FULL = Failure(507, ("<what the storage lacks>",))
_BAD_PARAMETER = Failure(400, ("Parameter <name> <what it must be>", "Unknown parameter <name>"))


def endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """Every endpoint under these settings."""
    pictures = (*picture_endpoints(), *frames_endpoints())
    single = (*_reading(), *pictures, *word_endpoints(), *deidentify_endpoints(), *_further())
    files = (_upload(settings), *_collection(), *single)
    tail = (*peer_endpoints(), *queue_endpoints(), *worklist_endpoints(), *_node(settings))
    return (*files, *bulk_endpoints(settings), *tail)


def _upload(settings: Settings) -> Endpoint:
    return Endpoint(
        "upload",
        "POST",
        "/api/dicom/upload",
        upload.upload,
        Scope.WRITE,
        "Upload a DICOM file",
        UploadAnswer,
        "The file is stored before the answer comes. The same object again, or one that equals it element by"
        " element, changes nothing and has the first one's path.",
        body=Upload("file"),
        failures=(
            Failure(400, (NO_FILE, "Invalid DICOM file: <why>", "Broken multipart body")),
            Failure(408, ("The request body came too slowly",)),
            Failure(409, (upload.GONE,)),
            Failure(413, (too_large(settings.http.max_file_size).detail,)),
            Failure(415, ("Content-Encoding is not supported",)),
            Failure(503, (DISABLED,)),
            _FULL,
        ),
    )


def _collection() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "list",
            "GET",
            "/api/dicom/list",
            listing.list_files,
            Scope.READ,
            "List stored files",
            ListAnswer,
            "The newest first. Unknown and repeated parameters are refused.",
            query=ListParameters,
            failures=(_BAD_PARAMETER, _INDEX),
        ),
        Endpoint(
            "status",
            "GET",
            "/api/dicom/status",
            node.status,
            Scope.READ,
            "Status of the node",
            StatusAnswer,
            "Answers also where archive.enabled is false.",
            needs_archive=False,
            failures=(_INDEX,),
        ),
    )


def _reading() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "metadata",
            "GET",
            "/api/dicom/metadata/{file_path}",
            files.metadata,
            Scope.READ,
            "Metadata of a file",
            MetadataAnswer,
            "Every key is always there, null where the data set lacks the attribute.",
            failures=(_MISSING, _INDEX),
        ),
    )


def _further() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "delete",
            "DELETE",
            "/api/dicom/{file_path}",
            files.delete,
            Scope.DELETE,
            "Delete a file",
            DeleteAnswer,
            "The object and the older versions that it replaced.",
            failures=(_MISSING, Failure(503, (DISABLED,)), _FULL),
        ),
    )


def _node(settings: Settings) -> tuple[Endpoint, ...]:
    plain, html = Media(("text/plain",), "Prometheus' text format."), Media(("text/html",), "This page.")
    document = Media(("application/json",), "This document.")
    metrics_scope = None if settings.http.open_metrics else Scope.ADMIN
    return (
        _open("healthz", "/healthz", node.healthz, "Whether the process answers", HealthAnswer),
        _open("readyz", "/readyz", node.readyz, "Whether the archive can be reached", HealthAnswer, _INDEX),
        _open("openapi", "/api/openapi.json", docs.openapi, "This API in OpenAPI 3.1", document),
        _open("docs", "/api/docs", docs.page, "This API for people", html),
        Endpoint(
            "metrics",
            "GET",
            "/metrics",
            node.metrics,
            metrics_scope,
            "Metrics for Prometheus",
            plain,
            needs_archive=False,
        ),
    )


def _open(
    name: str, path: str, view: View, summary: str, answer: type[HealthAnswer] | Media, *failures: Failure
) -> Endpoint:
    return Endpoint(name, "GET", path, view, None, summary, answer, needs_archive=False, failures=failures)
