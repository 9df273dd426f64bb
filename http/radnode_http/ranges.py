"""Which part of a file a request wants (RFC 9110 14), and whether it wants any of it (RFC 9110 13).

One range is answered; several are not, which a server may do (14.2): then the whole file is sent.
"""

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime

from aiohttp import ETag, web

from radnode_http.errors import Refusal

CHANGED = "The file is not the one that the request is about"
UNSATISFIABLE = "The file has no such range"
_RANGE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,64})-([0-9]{1,64})?|-([0-9]{1,64}))[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file, from `offset` on, `count` of them."""

    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one version of a file from another: its entity tag, without quotes, and its time in whole seconds."""

    tag: str
    modified: int

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell it (RFC 9110 8.8)."""
        return {"ETag": f'"{self.tag}"', "Last-Modified": formatdate(self.modified, usegmt=True)}

    def is_known(self, request: web.BaseRequest) -> bool:
        """Whether the client has it already, so that 304 is due.

        Refusal (412) where the client wants another one or none. In the order of RFC 9110 13.2.2.
        """
        headers = request.headers
        if (wanted := headers.get("If-Match")) is not None:
            if not self._is_named(wanted, request.if_match, weakly=False):
                raise Refusal(412, CHANGED)
        elif (until := _moment(headers.get("If-Unmodified-Since"))) is not None and self.modified > until:
            raise Refusal(412, CHANGED)
        if (known := headers.get("If-None-Match")) is not None:
            return self._is_named(known, request.if_none_match, weakly=True)
        since = _moment(headers.get("If-Modified-Since"))
        return since is not None and self.modified <= since

    def is_wanted_in_parts(self, if_range: str) -> bool:
        """Whether a client that has a part of the version that If-Range names may have another part of this one."""
        if '"' in if_range:
            return if_range.strip() == f'"{self.tag}"'
        return _moment(if_range) == self.modified

    def _is_named(self, header: str, tags: tuple[ETag, ...] | None, *, weakly: bool) -> bool:
        if header.strip() == "*":
            return True
        return any(tag.value == self.tag and (weakly or not tag.is_weak) for tag in tags or ())


def wanted_part(request: web.BaseRequest, version: Version, size: int) -> Part | None:
    """The range that a GET asks for of a file of `size` bytes; None is the whole file. Refusal (416)."""
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or found is None:
        return None
    if "If-Range" in request.headers and not version.is_wanted_in_parts(request.headers["If-Range"]):
        return None
    first, last, suffix = (None if text is None else int(text) for text in found.groups())
    if suffix is not None:
        first, last = max(size - suffix, 0), None
    assert first is not None
    if last is not None and last < first:
        return None  # invalid, and so ignored
    if first >= size or suffix == 0:
        raise Refusal(416, UNSATISFIABLE, {"Content-Range": f"bytes */{size}"})
    return Part(first, min(size if last is None else last + 1, size) - first)


def _moment(text: str | None) -> float | None:
    """Seconds since 1970 of a date; None where there is none, or what stands there is none, and so ignored."""
    try:
        date = parsedate_to_datetime(text or "")
        return date.replace(tzinfo=date.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):  # a year may have as many digits as a header
        return None
