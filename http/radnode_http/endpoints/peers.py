"""The part of the table of endpoints that is about peers and jobs.

All of it needs dicom:write: dicom:read is for what this archive holds, and a query reaches further.
"""

from radnode_http.answers.peers import EchoAnswer, JobAnswer, JobsAnswer, PeersAnswer, QueryAnswer
from radnode_http.auth import Scope
from radnode_http.endpoints.endpoint import JOB_AT, Endpoint, Failure, PathParameter
from radnode_http.errors import DISABLED
from radnode_http.params.peers import JobsParameters, PeerQuery, RetrieveRequest
from radnode_http.views import jobs, peers

_TITLE = PathParameter("title", "The peer's AE title, as the settings have it.", r"^[ -.0-\[\]-~]{1,16}$")
_ID = PathParameter("id", "As retrieve and upload-async return it.", "^[0-9a-f]{32}$")
_UNKNOWN_PEER = Failure(404, (peers.UNKNOWN_PEER,))
_UNKNOWN_JOB = Failure(404, (jobs.UNKNOWN_JOB,))
_DISABLED = Failure(503, (DISABLED,))
_BAD_BODY = (
    Failure(408, ("The request body came too slowly",)),
    Failure(413, (f"Request body exceeds maximum allowed size ({peers.MAX_BODY} bytes)",)),
    Failure(415, ("Content-Encoding is not supported",)),
)
_BAD_FIELDS = (
    "Parameter <name> <what it must be>",
    "Field <name> <what it must be>",
    "<name> is required at level <level>",
    "Invalid JSON body",
)
_CALLING = (
    Failure(502, ("<peer>: <why it cannot be called>", "<peer> answered <status>")),
    Failure(503, (DISABLED, "Too many peers are being called")),
    Failure(504, ("<peer>: the peer was silent too long",)),
)


def peer_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint about peers and jobs."""
    return (*_peers(), _query(), _retrieve(), *_jobs(), _cancelling())


def _peers() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "peers",
            "GET",
            "/api/dicom/peers",
            peers.list_peers,
            Scope.WRITE,
            "List known peers",
            PeersAnswer,
            "The remote application entities that the settings list.",
            failures=(_DISABLED,),
        ),
        Endpoint(
            "peer-echo",
            "POST",
            "/api/dicom/peers/{title}/echo",
            peers.echo,
            Scope.WRITE,
            "Ask a peer whether it answers (C-ECHO)",
            EchoAnswer,
            failures=(_UNKNOWN_PEER, *_CALLING),
            named=(_TITLE,),
        ),
    )


def _query() -> Endpoint:
    return Endpoint(
        "peer-query",
        "POST",
        "/api/dicom/peers/{title}/query",
        peers.query,
        Scope.WRITE,
        "Search a peer (C-FIND)",
        QueryAnswer,
        "Filters stand in the query string or in a JSON body. Series need study_uid, images series_uid as well.",
        query=PeerQuery,
        body=PeerQuery,
        failures=(Failure(400, _BAD_FIELDS), _UNKNOWN_PEER, *_BAD_BODY, *_CALLING),
        named=(_TITLE,),
    )


def _retrieve() -> Endpoint:
    return Endpoint(
        "peer-retrieve",
        "POST",
        "/api/dicom/peers/{title}/retrieve",
        peers.retrieve,
        Scope.WRITE,
        "Retrieve a study, series or image from a peer",
        JobAnswer,
        "By C-GET into this archive, or by C-MOVE to this node where the peer does not offer C-GET. The answer names"
        " a job that does it.",
        body=RetrieveRequest,
        failures=(
            Failure(400, (*_BAD_FIELDS, "series_uid is required with sop_instance_uid")),
            _UNKNOWN_PEER,
            *_BAD_BODY,
            _DISABLED,
            Failure(507, ("There are 1000 jobs waiting already", "<what the storage lacks>")),
        ),
        named=(_TITLE,),
        success=202,
        tells=(JOB_AT,),
    )


def _jobs() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "jobs",
            "GET",
            "/api/dicom/jobs",
            jobs.list_jobs,
            Scope.WRITE,
            "List jobs",
            JobsAnswer,
            "Retrievals and uploads, the newest first; those that ended long ago are forgotten.",
            query=JobsParameters,
            failures=(Failure(400, ("Parameter <name> <what it must be>",)), _DISABLED),
        ),
        Endpoint(
            "job",
            "GET",
            "/api/dicom/jobs/{id}",
            jobs.one_job,
            Scope.WRITE,
            "How far a job is",
            JobAnswer,
            "Of thousands of files `results` becomes long; the list of jobs has the same numbers without it.",
            failures=(_UNKNOWN_JOB, _DISABLED),
            named=(_ID,),
        ),
    )


def _cancelling() -> Endpoint:
    return Endpoint(
        "cancel-job",
        "DELETE",
        "/api/dicom/jobs/{id}",
        jobs.cancel_job,
        Scope.WRITE,
        "Cancel a job",
        JobAnswer,
        "A running retrieval is cancelled as soon as the peer heeds it; an upload keeps what was stored already.",
        failures=(_UNKNOWN_JOB, Failure(409, (jobs.ENDED,)), _DISABLED, Failure(507, ("<what the storage lacks>",))),
        named=(_ID,),
        success=202,
    )
