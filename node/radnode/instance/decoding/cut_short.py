"""JPEG whose data ends before the image does: its decoders fill up what is missing, grey, and only warn."""

from collections.abc import Callable

import numpy as np
import simplejpeg

from radnode.instance.decoding.codestream import end_of_image, lossless_differences
from radnode.instance.decoding.image_attributes import FOREIGN_FAILURES
from radnode.instance.decoding.native import Array
from radnode.model.errors import CannotRender

CUT_SHORT = "the compressed frame is damaged, or ends before the image does"
_DAMAGED = ("Corrupt JPEG data", "Premature end")
_SURPLUS = "before marker 0xd9"  # more data than needed before the end
_WIDEST = 4  # bytes of a sample, at most
_STARTS = (b"\x5a", b"")  # any code, then such as none is spoilt by: a code of zeros always is one (ITU-T T.81 C)


def refuse_damaged(data: bytes, decoded: Array, decode: Callable[[bytes], Array]) -> None:
    """CannotRender where libjpeg warns that data of an 8-bit DCT is missing or damaged.

    `decode` made `decoded` of that data, and tells where libjpeg stopped at a warning of something else.
    """
    try:
        simplejpeg.decode_jpeg(data, "GRAY", min_factor=8, strict=True)  # all data is read, few pixels are made of it
    except ValueError as error:
        warning = str(error)
        if _SURPLUS not in warning:
            if warning.startswith(_DAMAGED):
                raise CannotRender(CUT_SHORT) from error
            refuse_cut(data, decoded, decode)


def refuse_cut(data: bytes, decoded: Array, decode: Callable[[bytes], Array]) -> None:
    """CannotRender where more data before the end would make another image: the decoder has read all there was.

    An image that is whole does not change. GDCM, which bears one warning and refuses at the second, may not bear what
    was put in: then it has warned before of something that is not at the end.
    """
    end = end_of_image(data)
    more = bytes(_WIDEST * decoded[0].size)  # a row, at least
    for start in _STARTS:
        try:
            other = decode(data[:end] + start + more + data[end:])
        except FOREIGN_FAILURES:
            continue
        if not np.array_equal(other, decoded):
            raise CannotRender(CUT_SHORT)
        return


def may_be_cut(data: bytes, decoded: Array) -> bool:
    """Whether the last sample of lossless JPEG is one that a decoder makes without data; to decode twice is dear.

    It is 0, or what a predictor says (ITU-T T.81 H.1.2.1) and a difference that no data makes. Where only some of
    its own bytes are missing, it may be another, and it alone is wrong. Colour may have several scans: any may be cut.
    """
    differences = lossless_differences(data)
    if decoded.ndim > 2 or min(decoded.shape) < 2:
        return True
    last, left, above, before = (decoded[place].astype(np.int64) for place in ((-1, -1), (-1, -2), (-2, -1), (-2, -2)))
    predicted = (
        left,
        above,
        before,
        left + above - before,
        left + ((above - before) >> 1),
        above + ((left - before) >> 1),
        (left + above) >> 1,
    )
    modulus = 2 ** (8 * decoded.itemsize)
    made = [(sample + difference) % modulus for sample in predicted for difference in differences]
    return bool(np.any(last == 0) or any(np.any(last == one) for one in made))
