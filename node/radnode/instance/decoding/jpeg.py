"""Frames of the JPEG family, by what their codestream is: DCT, lossless, JPEG-LS, JPEG 2000 (PS3.5 8.2, A.4)."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import TypeAlias

import jpeg_ls
import numpy as np
from openjpeg import utils as openjpeg
from PIL import Image

from radnode.instance.decoding.codestream import Codestream, Process, components_in_scans, read_codestream
from radnode.instance.decoding.cut_short import CUT_SHORT, may_be_cut, refuse_cut, refuse_damaged
from radnode.instance.decoding.gdcm_samples import decode_by_gdcm
from radnode.instance.decoding.image_attributes import PixelDescription, upsampled
from radnode.instance.decoding.native import Array, shaped, stored_values
from radnode.model.errors import CannotRender

Decoder: TypeAlias = Callable[[bytes, PixelDescription, Codestream], Array]
_END_OF_IMAGE = b"\xff\xd9"


def decode_jpeg(data: bytes, description: PixelDescription) -> tuple[Array, str, int, str]:
    """Stored values, their photometric interpretation, their bits, and what decoded them.

    Raises CannotRender, and what decoders raise.
    """
    cells, codestream = jpeg_samples(data, description)
    bits, high_bit = codestream.precision, high_bit_of(codestream, description)
    if codestream.process is not Process.JPEG_2000 or high_bit >= description.stored:
        bits = min(bits, description.stored)
    if high_bit < description.stored:  # they begin at the lowest bit, whatever the precision is
        high_bit = bits - 1
    values = stored_values(cells, stored=bits, high_bit=high_bit, signed=description.signed)
    decoder = f"{_LIBRARIES[_decoder(codestream)]} ({codestream.process.value})"
    return values, colour_space(description, codestream), bits, decoder


def jpeg_samples(data: bytes, description: PixelDescription) -> tuple[Array, Codestream]:
    """The samples with all the bits of their precision, not yet signed; errors as decode_jpeg."""
    codestream = read_codestream(data)
    if (codestream.rows, codestream.columns) != (description.rows, description.columns):
        raise CannotRender("the compressed frame has another size than Rows and Columns say")
    if codestream.components != description.samples:
        raise CannotRender("the compressed frame has another number of components than Samples per Pixel says")
    if codestream.precision > description.allocated:
        raise CannotRender("the compressed frame has more bits than Bits Allocated")
    decoder = _decoder(codestream)
    if decoder in (_pillow, _gdcm) and components_in_scans(data) < codestream.components:
        raise CannotRender(CUT_SHORT)

    def decode(stream: bytes) -> Array:
        return decoder(stream, description, codestream)

    samples = decode(data)
    if decoder is _pillow:
        refuse_damaged(data, samples, decode)
    elif decoder is _gdcm and (codestream.process is not Process.LOSSLESS or may_be_cut(data, samples)):
        refuse_cut(data, samples, decode)
    return samples, codestream


def high_bit_of(codestream: Codestream, description: PixelDescription) -> int:
    """The most significant bit of the stored values within the samples.

    That is what High Bit says, where they have it: then the cells were compressed as they are. Else they were moved to
    the lowest bits.
    """
    return description.high_bit if description.high_bit < codestream.precision else description.stored - 1


def colour_space(description: PixelDescription, codestream: Codestream) -> str:
    """What the decoded samples are: the codestream's own marks go before Photometric Interpretation.

    JPEG 2000's transforms are undone by the decoder; those of the JPEG family are not. Chroma has its full size.
    """
    if description.samples == 1:
        return description.photometric
    declared = upsampled(description.photometric)
    if codestream.process is Process.JPEG_2000:
        return "RGB" if codestream.transform or declared in ("YBR_ICT", "YBR_RCT") else declared
    if codestream.letters or codestream.transform == 0:
        return "RGB"
    if codestream.transform == 1 or codestream.jfif:
        return "YBR_FULL"
    return declared


def _pillow(data: bytes, description: PixelDescription, codestream: Codestream) -> Array:
    """8-bit DCT by libjpeg, its own colour transform left out."""
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            if description.samples == 3 and not codestream.letters and codestream.transform != 0:
                image.draft("YCbCr", image.size)
            return np.asarray(image)
    except Image.DecompressionBombError as error:
        raise CannotRender("the frame is larger than can be rendered") from error


def _gdcm(data: bytes, description: PixelDescription, codestream: Codestream) -> Array:
    """Lossless and 12-bit JPEG by GDCM, as unsigned samples of the codestream's precision."""
    width = 1 if codestream.precision <= 8 else 2
    plain = decode_by_gdcm(data, codestream)
    return shaped(np.frombuffer(plain, f"<u{width}"), replace(description, planar=False))


def _charls(data: bytes, description: PixelDescription, _codestream: Codestream) -> Array:
    # Where a stream is cut, CharLS 2.4 reads on for ever, unless there is an end to be met.
    plain, info = jpeg_ls.decode_pixel_data(data + _END_OF_IMAGE)
    planar = info["components"] > 1 and info["interleave_mode"] == 0
    cells = np.frombuffer(plain, "u1" if info["bits_per_sample"] <= 8 else "<u2")
    return shaped(cells, replace(description, planar=planar))


def _openjpeg(data: bytes, description: PixelDescription, codestream: Codestream) -> Array:
    plain = openjpeg.decode_pixel_data(data, version=2)
    width = 1 if codestream.precision <= 8 else 2 if codestream.precision <= 16 else 4
    return shaped(np.frombuffer(plain, f"<u{width}"), replace(description, planar=False))


DECODERS: dict[Process, Decoder] = {
    Process.DCT: _pillow,
    Process.LOSSLESS: _gdcm,
    Process.JPEG_LS: _charls,
    Process.JPEG_2000: _openjpeg,
}
_LIBRARIES: dict[Decoder, str] = {_pillow: "libjpeg", _gdcm: "GDCM", _charls: "CharLS", _openjpeg: "OpenJPEG"}


def _decoder(codestream: Codestream) -> Decoder:
    deep = codestream.process is Process.DCT and codestream.precision > 8
    return _gdcm if deep else DECODERS[codestream.process]
