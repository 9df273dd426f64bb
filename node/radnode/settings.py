"""The settings, one typed tree. Loading them (command line, environment, files) is `radnode.cli.loading`'s work."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from radnode.model.route import Route
from radnode.sections.archive import ArchiveSettings
from radnode.sections.asking import AskingSettings
from radnode.sections.bulk import BulkSettings
from radnode.sections.commitment import CommitmentSettings
from radnode.sections.log import LogSettings
from radnode.sections.query import QuerySettings
from radnode.sections.queue import QueueSettings
from radnode.sections.render import RenderSettings
from radnode.sections.retrieve import RetrieveSettings
from radnode.sections.rules import Rule, check_rules
from radnode.sections.transcoding import TranscodingSettings
from radnode.sections.worklist import WorklistSettings
from radnode.setting_types import AETitle, Claim, Host, Location, Origin, PeerHost, Port, Section

Service = Literal["echo", "store", "find", "get", "move", "commit", "worklist", "mpps"]
SERVICES: tuple[Service, ...] = ("echo", "store", "find", "get", "move", "commit", "worklist", "mpps")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Peer(Section):
    """A remote application entity that is known here."""

    title: AETitle
    """Its AE title, as caller and as move destination."""
    host: PeerHost
    """Where it listens, and (checked when peers are required) where it calls from; a network is for callers only."""
    port: Port
    """The port on which it listens."""
    tls: bool = False
    """Whether it is called over TLS."""
    allow: tuple[Service, ...] = SERVICES
    """The services that it may use."""
    destinations: tuple[AETitle, ...] | None = None
    """Titles of the peers that it may have objects moved to; without it all of them."""

    @property
    def is_callable(self) -> bool:
        """Whether it is known where it listens; of a network it is not."""
        return "/" not in self.host


class DicomSettings(Section):
    """The DICOM node."""

    ae_title: AETitle = "RADNODE"
    """The AE title of this node; a caller that names another one is rejected."""
    host: Host = "127.0.0.1"
    """Address to listen on; anything but loopback needs peers or accept_unknown_peers."""
    port: Port = 11112
    """Port to listen on; 0 takes a free one, which ready.json names."""
    workers: int = Field(default=0, ge=0, le=256)
    """Worker processes; 0 is one per core."""
    max_associations: int = Field(default=200, ge=1, le=10000)
    """Associations at once, over all workers; one more is rejected (transient, local limit exceeded)."""
    max_waiting: int = Field(default=256, ge=1, le=10000)
    """Connections in each worker that have no association, not yet or not any more; one more ends the oldest."""
    max_associations_per_address: int = Field(default=0, ge=0, le=10000)
    """Associations at once from one address (IPv6: from one /64 network), over all workers; 0 is no limit."""
    max_associations_per_caller: int = Field(default=0, ge=0, le=10000)
    """Associations at once under one calling AE title, over all workers; 0 is no limit."""
    max_pdu: int = Field(default=131072, ge=4096, le=16777216)
    """Largest P-DATA PDU, in bytes, that peers are asked to send."""
    idle_timeout: int = Field(default=60, ge=1, le=86400)
    """Seconds of silence after which an association is aborted."""
    request_timeout: int = Field(default=15, ge=1, le=3600)
    """Seconds from connecting until the whole A-ASSOCIATE-RQ is there, a TLS handshake included."""
    pdu_timeout: int = Field(default=30, ge=1, le=3600)
    """Seconds from the first byte of a PDU until it is whole, but never more than idle_timeout."""
    accept_unknown_peers: bool = False
    """Whether callers that are not listed in peers may use every service, also beyond loopback."""
    learn: bool = False
    """Whether it is recorded who asks for what (radnode peers shows it); nobody is let in by that."""
    accept_unknown_sop_classes: bool = False
    """Whether private and unknown storage SOP classes are accepted."""
    max_object_size: int = Field(default=0, ge=0)
    """Largest object taken by C-STORE, in bytes; 0 is no limit; beyond it A700."""


class TlsSettings(Section):
    """DICOM over TLS (PS3.15 B.12), as server and as client."""

    port: Port | None = None
    """Port on dicom.host that speaks TLS only; registered is 2762, 0 takes a free one; none by default."""
    only: bool = False
    """Whether TLS is all that is served: dicom.port is not opened."""
    certificate_file: Location | None = Field(default=None, validate_default=True)
    """PEM file with the certificate of this node, and those between it and its authority."""
    key_file: Location | None = None
    """PEM file with the certificate's private key, without a password; by default it stands in certificate_file."""
    authorities_file: Location | None = None
    """PEM file with whom to believe, callers and servers; servers by default those whom the system believes."""
    client_certificates: Literal["none", "optional", "required"] = "none"
    """Whether callers are asked for a certificate; one that is not believed is refused in any case."""
    check_hostname: bool = True
    """Whether the certificate of a server that is called must be for the host that it is called by."""

    @field_validator("only")
    @classmethod
    def _has_a_port(cls, only: bool, info: ValidationInfo) -> bool:
        if only and info.data.get("port") is None:
            raise ValueError("needs tls.port, or nothing would be served")
        return only

    @field_validator("certificate_file")
    @classmethod
    def _is_there_for_the_port(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None and info.data.get("port") is not None:
            raise ValueError("must name a PEM file with the certificate, because tls.port is set")
        return path

    @field_validator("key_file")
    @classmethod
    def _has_a_certificate(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is not None and info.data.get("certificate_file") is None:
            raise ValueError("needs tls.certificate_file beside it")
        return path

    @field_validator("client_certificates")
    @classmethod
    def _has_authorities(cls, wanted: str, info: ValidationInfo) -> str:
        if wanted != "none" and info.data.get("authorities_file") is None:
            raise ValueError("needs tls.authorities_file, which says whose certificates are believed")
        return wanted


class HttpSettings(Section):
    """The REST sidecar."""

    host: Host = "127.0.0.1"
    """Address to listen on."""
    port: Port = 8000
    """Port to listen on; 0 takes a free one, which ready.json names."""
    max_file_size: int = Field(default=104857600, ge=1)
    """Largest file that can be uploaded, in bytes; beyond it 413."""
    cors_origins: tuple[Origin, ...] = ()
    """Origins of browser applications that may call the API; "*" is any."""
    open_metrics: bool = False
    """Whether /metrics is shown without a token."""
    render_workers: int = Field(default=0, ge=0, le=256)
    """Processes that make pictures and read reports; 0 is one per core."""
    render_timeout: float = Field(default=30.0, gt=0, le=600)
    """Seconds after which making a picture, or reading a report, is given up."""


class AuthSettings(Section):
    """Who may call the REST API."""

    algorithm: Literal["HS256", "RS256", "ES256", "EdDSA"] = "HS256"
    """The one signature algorithm that tokens may have."""
    secret: SecretStr | None = None
    """The HS256 key, at least 32 bytes; without it a random one is kept in .radnode/jwt.secret."""
    public_key_file: Location | None = Field(default=None, validate_default=True)
    """PEM file with the public key, for every algorithm but HS256."""
    issuer: Claim | None = None
    """The `iss` that tokens must have."""
    audience: Claim | None = None
    """The `aud` that tokens must have."""

    @field_validator("secret")
    @classmethod
    def _is_long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        """RFC 7518 3.2: a key of at least the size of the hash."""
        if secret is not None and len(secret.get_secret_value().encode()) < 32:
            raise ValueError("must be at least 32 bytes long")
        return secret

    @field_validator("public_key_file")
    @classmethod
    def _is_there_where_needed(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        algorithm = info.data.get("algorithm", "HS256")
        if path is None and algorithm != "HS256":
            raise ValueError(f"must name a PEM file with the public key, because auth.algorithm is {algorithm}")
        return path


class Settings(BaseSettings):
    """All settings of a node. Made by hand it reads nothing from outside; `radnode.cli.loading.load_settings` reads."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    dicom: DicomSettings = DicomSettings()
    """The DICOM node."""
    tls: TlsSettings = TlsSettings()
    """DICOM over TLS (PS3.15 B.12), as server and as client."""
    archive: ArchiveSettings = ArchiveSettings()
    """The storage folder and its index."""
    query: QuerySettings = QuerySettings()
    """How queries are matched where the Standard leaves a choice (PS3.4 C.2.2.2 and C.5.1.1)."""
    http: HttpSettings = HttpSettings()
    """The REST sidecar."""
    render: RenderSettings = RenderSettings()
    """Pictures that were made of images, kept beside them and by clients."""
    auth: AuthSettings = AuthSettings()
    """Who may call the REST API."""
    log: LogSettings = LogSettings()
    """What is written about the node's work."""
    asking: AskingSettings = AskingSettings()
    """What applications have this node ask of its peers."""
    bulk: BulkSettings = BulkSettings()
    """Uploads of several files, zip archives among them, at once or as jobs."""
    peers: tuple[Peer, ...] = ()
    """The remote application entities that are known here."""
    retrieve: RetrieveSettings = RetrieveSettings()
    """What retrievals (C-GET, C-MOVE) are held to."""
    queue: QueueSettings = QueueSettings()
    """How objects are sent on, by rules or by hand."""
    transcoding: TranscodingSettings = TranscodingSettings()
    """Objects for receivers that do not take the stored transfer syntax."""
    worklist: WorklistSettings = WorklistSettings()
    """What modalities see of what is scheduled."""
    rules: tuple[Rule, ...] = ()
    """What is sent on, from whom and to whom."""
    commitment: CommitmentSettings = CommitmentSettings()
    """Storage commitment (PS3.4 Annex J): as provider, and as user of others."""

    @property
    def routes(self) -> tuple[Route, ...]:
        """The rules as they are decided by."""
        return tuple(rule.route for rule in self.rules)

    @field_validator("rules")
    @classmethod
    def _rules_lead_somewhere(cls, rules: tuple[Rule, ...], info: ValidationInfo) -> tuple[Rule, ...]:
        check_rules(rules, {peer.title for peer in info.data.get("peers", ()) if peer.is_callable})
        return rules

    @field_validator("peers")
    @classmethod
    def _titles_are_unique(cls, peers: tuple[Peer, ...]) -> tuple[Peer, ...]:
        """A move destination is found by its title alone."""
        titles = [peer.title for peer in peers]
        for title in titles:
            if titles.count(title) > 1:
                raise ValueError(f"must name each title once, but {title} stands there {titles.count(title)} times")
        return peers

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: where values come from is the loader's business alone."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
