"""What cameras write into JPEG codestreams beside the picture: Exif, XMP, IPTC (places, times, owners)."""

from radnode.instance.encodings import Buffer

_START, _START_OF_SCAN = b"\xff\xd8", 0xDA
_SEGMENTS = {0xE1: (b"Exif\0", b"http://ns.adobe.com/xap/"), 0xED: (b"Photoshop 3.0\0",)}
_MAX_SEGMENTS = 64


def has_camera_data(codestream: Buffer) -> bool:
    """Whether the head of a JPEG codestream (ISO/IEC 10918-1 B.2) has such a segment; other codestreams have none."""
    if bytes(codestream[:2]) != _START:
        return False
    position = 2
    for _ in range(_MAX_SEGMENTS):
        head = bytes(codestream[position : position + 28])
        if len(head) < 4 or head[0] != 0xFF or head[1] == _START_OF_SCAN:
            return False
        if any(head.startswith(name, 4) for name in _SEGMENTS.get(head[1], ())):
            return True
        position += 2 + int.from_bytes(head[2:4], "big")
    return False
