"""What settings are made of: the kinds of value that they may have, each with its check and its words."""

from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


@dataclass(frozen=True)
class Allowed:
    """What a refusal says may stand here, where the type does not say it well enough."""

    what: str


def _is_named(path: object) -> object:
    """An empty path would be the working directory: surely not what was meant."""
    if isinstance(path, str) and (not path.strip() or "\0" in path):
        raise ValueError("must be the path of a folder or file, not empty")
    return path


def _is_network_if_it_looks_like_one(host: str) -> str:
    """`10.1.2.3/24` is refused as well: which of the two was meant is not for us to guess."""
    if "/" in host:
        ip_network(host)
    return host


def _at_home(path: Path) -> Path:
    return path.expanduser()


AETitle = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=16, pattern=r"^[ -\[\]-~]+$"),
    Allowed("1 to 16 printable ASCII characters but the backslash"),
]
Host = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), Allowed("a host name or address")]
PeerHost = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(_is_network_if_it_looks_like_one),
    Allowed("a host name, an address, or a network such as 10.1.2.0/24 (no bits set behind its length)"),
]
Port = Annotated[int, Field(ge=0, le=65535), Allowed("0 to 65535")]
Origin = Annotated[
    str,
    StringConstraints(pattern=r"^(\*|https?://[^/\s]+)$"),
    Allowed('"*", or scheme, host and port, such as https://app.example:8443, with no path'),
]
Claim = Annotated[str, StringConstraints(min_length=1), Allowed("a text that is not empty")]
Location = Annotated[Path, BeforeValidator(_is_named), AfterValidator(_at_home)]


class Section(BaseModel):
    """A section of the settings: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
