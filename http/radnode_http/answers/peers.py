"""The bodies of answers about peers and jobs."""

from typing import Literal

from pydantic import Field

from radnode.settings import Service
from radnode_http.answers.answer import Answer
from radnode_http.answers.bulk import FileAnswer

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"


class KnownPeer(Answer):
    """A remote application entity that the settings list."""

    title: str
    """Its AE title."""
    host: str
    port: int = Field(ge=0, le=65535)
    tls: bool
    """Whether it is called over TLS."""
    allow: tuple[Service, ...]
    """The services that it may use here."""


class PeersAnswer(Answer):
    """The peers that the settings list."""

    success: Literal[True] = True
    count: int = Field(ge=0)
    peers: tuple[KnownPeer, ...]


class EchoAnswer(Answer):
    """The peer answered a C-ECHO."""

    success: bool
    """Whether the status is that of success."""
    status: str = Field(pattern="^[0-9A-F]{4}$")
    """The DIMSE status."""
    milliseconds: float = Field(ge=0)
    """From calling the peer until its association was released."""


class PeerMatch(Answer):
    """One match; text is empty where the peer does not tell, or the level does not have it."""

    patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    study_uid: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    accession_number: str = ""
    referring_physician: str = ""
    modality: str = ""
    """Of a study: all of its modalities, separated by commas."""
    series_count: str = ""
    instance_count: str = ""
    """Images of the study or series."""
    series_uid: str = ""
    series_number: str = ""
    series_description: str = ""
    body_part: str = ""
    sop_instance_uid: str = ""
    sop_class_uid: str = ""
    instance_number: str = ""


class QueryAnswer(Answer):
    """What the peer knows."""

    success: Literal[True] = True
    level: Literal["patient", "study", "series", "image"]
    count: int = Field(ge=0)
    """How many matches this answer holds."""
    is_complete: bool
    """Whether there were no more: false where the limit ended the search."""
    matches: tuple[PeerMatch, ...]


class JobShown(Answer):
    """A retrieval from a peer, or an upload that is stored later."""

    job_id: str = Field(pattern="^[0-9a-f]{32}$")
    kind: Literal["retrieval", "upload"]
    peer: str | None
    """Of a retrieval, like the UIDs; null for an upload."""
    study_uid: str | None
    series_uid: str | None
    sop_instance_uid: str | None
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    """An upload is done when every file was tried, however many failed; a retrieval that lacks objects has failed."""
    remaining: int = Field(ge=0)
    """Objects that are still to come, as far as the peer tells; files of an upload that are still to be stored."""
    completed: int = Field(ge=0)
    failed: int = Field(ge=0)
    """Those that did not come, or could not be stored."""
    warning: int = Field(ge=0)
    """Objects that came with a warning."""
    error: str | None
    """Why it failed; of an upload that is running, what it waits for."""
    created_at: str = Field(pattern=TIME)
    """UTC, seconds, no zone; like the others."""
    started_at: str | None = Field(pattern=TIME)
    ended_at: str | None = Field(pattern=TIME)


class JobAnswer(JobShown):
    """One job."""

    success: Literal[True] = True
    results: tuple[FileAnswer, ...] | None = None
    """What has become of each file of an upload so far; null for a retrieval."""


class AcceptedAnswer(JobShown):
    """An upload is on the disk, and will be stored."""

    success: Literal[True] = True
    status: Literal["processing"] = "processing"


class JobsAnswer(Answer):
    """Jobs, the newest first."""

    success: Literal[True] = True
    count: int = Field(ge=0)
    """How many this answer holds."""
    jobs: tuple[JobShown, ...]
