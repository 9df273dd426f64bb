"""The settings, one typed tree. Loading them (command line, environment, files) is `radnode.cli.loading`'s work."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

Service = Literal["echo", "store", "find", "get", "move", "commit", "worklist", "mpps"]
SERVICES: tuple[Service, ...] = ("echo", "store", "find", "get", "move", "commit", "worklist", "mpps")
AETitle = Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[ -\[\]-~]*[!-\[\]-~][ -\[\]-~]*$")]
Port = Annotated[int, Field(ge=0, le=65535)]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Section(BaseModel):
    """A section of the settings: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Peer(Section):
    """A remote application entity that is known here."""

    title: AETitle
    """Its AE title, as caller and as move destination."""
    host: str = Field(min_length=1)
    """Where it listens, and (checked when peers are required) where it calls from."""
    port: Port
    """The port on which it listens."""
    tls: bool = False
    """Whether it is called over TLS."""
    allow: tuple[Service, ...] = SERVICES
    """The services that it may use."""


class DicomSettings(Section):
    """The DICOM node."""

    ae_title: AETitle = "RADNODE"
    """The AE title of this node; a caller that names another one is rejected."""
    host: str = "127.0.0.1"
    """Address to listen on; anything but loopback needs peers or accept_unknown_peers."""
    port: Port = 11112
    """Port to listen on; 0 takes a free one, which ready.json names."""
    workers: int = Field(default=0, ge=0, le=256)
    """Worker processes; 0 is one per core."""
    max_associations: int = Field(default=200, ge=1, le=10000)
    """Associations at once, over all workers; one more is rejected (transient, local limit exceeded)."""
    max_pdu: int = Field(default=131072, ge=4096, le=16777216)
    """Largest P-DATA PDU, in bytes, that peers are asked to send."""
    idle_timeout: int = Field(default=60, ge=1, le=86400)
    """Seconds of silence after which an association is aborted."""
    accept_unknown_peers: bool = False
    """Whether callers that are not listed in peers may use every service, also beyond loopback."""
    accept_unknown_sop_classes: bool = False
    """Whether private and unknown storage SOP classes are accepted."""
    max_object_size: int = Field(default=0, ge=0)
    """Largest object taken by C-STORE, in bytes; 0 is no limit; beyond it A700."""


class ArchiveSettings(Section):
    """The storage folder and its index."""

    root: Path = Path("./dicom_storage")
    """The storage folder."""
    enabled: bool = True
    """Whether anything is served; if not, REST answers 503 (but for its status) and nobody listens for DICOM."""


class HttpSettings(Section):
    """The REST sidecar."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Port = 8000
    """Port to listen on; 0 takes a free one, which ready.json names."""
    max_file_size: int = Field(default=104857600, ge=1)
    """Largest file that can be uploaded, in bytes; beyond it 413."""
    cors_origins: tuple[str, ...] = ()
    """Origins of browser applications that may call the API; "*" is any."""
    open_metrics: bool = False
    """Whether /metrics is shown without a token."""
    render_workers: int = Field(default=0, ge=0, le=256)
    """Processes that make pictures; 0 is one per core."""
    render_timeout: float = Field(default=30.0, gt=0, le=600)
    """Seconds after which making a picture is given up."""


class AuthSettings(Section):
    """Who may call the REST API."""

    algorithm: Literal["HS256", "RS256", "ES256", "EdDSA"] = "HS256"
    """The one signature algorithm that tokens may have."""
    secret: SecretStr | None = None
    """The HS256 key, at least 32 bytes; without it a random one is kept in .radnode/jwt.secret."""
    public_key_file: Path | None = None
    """PEM file with the public key, for every algorithm but HS256."""
    issuer: str | None = None
    """The `iss` that tokens must have."""
    audience: str | None = None
    """The `aud` that tokens must have."""


class LogSettings(Section):
    """What is written about the node's work, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe level that is written."""
    format: Literal["auto", "json", "text"] = "auto"
    """auto is text on a terminal and JSON elsewhere."""


class Settings(BaseSettings):
    """All settings of a node. Made by hand it reads nothing from outside; `radnode.cli.loading.load_settings` reads."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    dicom: DicomSettings = DicomSettings()
    """The DICOM node."""
    archive: ArchiveSettings = ArchiveSettings()
    """The storage folder and its index."""
    http: HttpSettings = HttpSettings()
    """The REST sidecar."""
    auth: AuthSettings = AuthSettings()
    """Who may call the REST API."""
    log: LogSettings = LogSettings()
    """What is written about the node's work."""
    peers: tuple[Peer, ...] = ()
    """The remote application entities that are known here."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: where values come from is the loader's business, so that tests and workers are not."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
