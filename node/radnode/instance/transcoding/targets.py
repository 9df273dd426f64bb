"""Which transfer syntaxes a stored object can be had in besides its own, never with a loss (PS3.5 10, Annex A)."""

from collections.abc import Collection

from radnode.instance.decoding.compressions import Compression, compression_of
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.errors import CannotRender
from radnode.model.uid import UID

DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN = UID("1.2.840.10008.1.2.1.99")
RLE_LOSSLESS = UID("1.2.840.10008.1.2.5")
JPEG_LS_LOSSLESS = UID("1.2.840.10008.1.2.4.80")
JPEG_2000_LOSSLESS = UID("1.2.840.10008.1.2.4.90")

UNCOMPRESSED = (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
)
"""What everything that is decoded here can become; the first is the first choice."""

ENCODED = (RLE_LOSSLESS, JPEG_LS_LOSSLESS, JPEG_2000_LOSSLESS)
"""What is encoded here, each without loss; only for pixels that no lossy syntax has spoilt before."""

_JPEG = "1.2.840.10008.1.2.4."
_LOSSLESS = frozenset(
    {*UNCOMPRESSED, RLE_LOSSLESS, "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"}
    | {_JPEG + number for number in ("57", "58", "65", "66", "70", "80", "90", "92", "201", "202")}
)
_ALWAYS_LOSSY = frozenset(_JPEG + str(number) for number in (*range(50, 57), *range(59, 65)))  # by DCT (A.4.1)
_SAME_CODESTREAM = {  # a codestream of the first is one of the others too (A.4.1, A.4.4, A.4.5, A.4.7)
    _JPEG + "70": (UID(_JPEG + "57"),),
    JPEG_2000_LOSSLESS: (UID(_JPEG + "91"),),
    _JPEG + "92": (UID(_JPEG + "93"),),
    _JPEG + "201": (UID(_JPEG + "203"),),
    _JPEG + "202": (UID(_JPEG + "201"), UID(_JPEG + "203")),
}


def choose(stored: UID, offered: Collection[str]) -> UID | None:
    """The best of the offered transfer syntaxes for an object that is stored in `stored`; None where none will do.

    That is the stored one where it is offered, then one whose codestreams are the same, then an uncompressed one, and
    last, unless the stored one is lossy, one that is encoded here without loss.
    """
    return next((syntax for syntax in (stored, *targets(stored)) if syntax in offered), None)


def targets(stored: UID) -> tuple[UID, ...]:
    """The other transfer syntaxes that the object can be had in, the best first; none where nothing decodes it.

    An object may still be refused: by its content, or by what an encoder can hold.
    """
    if not is_decoded(stored):
        return _SAME_CODESTREAM.get(stored, ())
    every = _SAME_CODESTREAM.get(stored, ()) + UNCOMPRESSED + (ENCODED if stored in _LOSSLESS else ())
    return tuple(syntax for syntax in every if syntax != stored)


def is_decoded(stored: UID) -> bool:
    """Whether pixel data in this transfer syntax can be decoded here."""
    if stored in UNCOMPRESSED:
        return True
    try:
        return compression_of(stored) not in (Compression.NATIVE, Compression.VIDEO)
    except CannotRender:
        return False


def is_always_lossy(stored: UID) -> bool:
    """Whether no pixel data in this transfer syntax can be what it was before."""
    return stored in _ALWAYS_LOSSY


def needs_codec(stored: UID, target: UID) -> bool:
    """Whether pixel data must be decoded or encoded on the way; otherwise only elements are written differently."""
    if stored in UNCOMPRESSED and target in UNCOMPRESSED:
        return False
    return stored != target and target not in _SAME_CODESTREAM.get(stored, ())
