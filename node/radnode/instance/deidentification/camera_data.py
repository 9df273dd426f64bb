"""What cameras and encoders write into JPEG codestreams beside the picture: Exif, XMP, IPTC, comments."""

import re
from collections.abc import Iterator

from radnode.instance.deidentification.identifying import Identifying
from radnode.instance.encodings import Buffer
from radnode.model.errors import CannotDeidentify

_START, _START_OF_SCAN, _COMMENT = b"\xff\xd8", 0xDA, 0xFE
_APPLICATIONS = range(0xE0, 0xF0)
_SEGMENTS = {0xE1: (b"Exif\0", b"http://ns.adobe.com/xap/"), 0xED: (b"Photoshop 3.0\0",)}
_MAX_SEGMENTS = 64
_WORDS = re.compile(rb"[ -~\x80-\xff]{4,}")


def has_camera_data(codestream: Buffer, identifying: Identifying) -> bool:
    """Whether the head of a JPEG codestream has a segment of a camera's; other codestreams have none.

    Raises CannotDeidentify where a segment names somebody of the object: nothing is taken out of codestreams.
    """
    found = False
    for marker, content in _segments(codestream):
        found |= any(content.startswith(name) for name in _SEGMENTS.get(marker, ()))
        if (marker == _COMMENT or marker in _APPLICATIONS) and _names_somebody(content, identifying):
            raise CannotDeidentify("a comment within its compressed pixel data names somebody")
    return found


def _segments(codestream: Buffer) -> Iterator[tuple[int, bytes]]:
    """Those before the first scan (ISO/IEC 10918-1 B.1.1.4), by the second byte of their marker."""
    if bytes(codestream[:2]) != _START:
        return
    position = 2
    for _ in range(_MAX_SEGMENTS):
        head = bytes(codestream[position : position + 4])
        if len(head) < 4 or head[0] != 0xFF or head[1] == _START_OF_SCAN:
            return
        end = position + 2 + int.from_bytes(head[2:4], "big")
        yield head[1], bytes(codestream[position + 4 : end])
        position = end


def _names_somebody(content: bytes, identifying: Identifying) -> bool:
    text = b" ".join(_WORDS.findall(content)).decode("latin_1")
    return identifying.names_somebody(text) or identifying.tells_in_bytes(content)
