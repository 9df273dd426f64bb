"""Which kind of pixel encoding each transfer syntax stands for (PS3.5 A), and which ones are not decoded."""

from enum import Enum

from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.errors import CannotRender
from radnode.model.uid import UID


class Compression(Enum):
    """How the pixel cells of a frame are encoded."""

    NATIVE = "native"
    ENCAPSULATED = "native cells in fragments"
    DEFLATED = "native cells, each frame deflated"
    RLE = "run length encoding"
    VIDEO = "MPEG-2, H.264 or HEVC, all frames in one stream"
    JPEG = "JPEG, JPEG-LS or JPEG 2000, as its codestream says"


_KINDS = {
    IMPLICIT_VR_LITTLE_ENDIAN: Compression.NATIVE,
    EXPLICIT_VR_LITTLE_ENDIAN: Compression.NATIVE,
    EXPLICIT_VR_BIG_ENDIAN: Compression.NATIVE,
    "1.2.840.10008.1.2.1.98": Compression.ENCAPSULATED,
    "1.2.840.10008.1.2.8.1": Compression.DEFLATED,
    "1.2.840.10008.1.2.5": Compression.RLE,
}
_JPEG_FAMILY = "1.2.840.10008.1.2.4."
_UNDECODED = {"94": "JPIP", "95": "JPIP", "204": "JPIP", "205": "JPIP"} | dict.fromkeys(
    ("110", "111", "112"), "JPEG XL"
)


def compression_of(transfer_syntax: UID) -> Compression:
    """The kind of a transfer syntax (of a deflated set: of the inflated one); CannotRender where none decodes it."""
    if kind := _KINDS.get(transfer_syntax):
        return kind
    if not transfer_syntax.startswith(_JPEG_FAMILY):
        raise CannotRender("pixel data of this transfer syntax is not decoded")
    number = transfer_syntax.removeprefix(_JPEG_FAMILY)
    if number.split(".")[0] in (str(video) for video in range(100, 110)):
        return Compression.VIDEO
    if number in _UNDECODED:
        raise CannotRender(f"{_UNDECODED[number]} is not decoded")
    return Compression.JPEG
