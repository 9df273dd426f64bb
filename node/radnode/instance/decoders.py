"""Turns an encoded frame into stored values, each compression by the one decoder that is right for it."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image
from pydicom.uid import MPEGTransferSyntaxes

from radnode.instance.codestream import Codestream, Process, read_codestream
from radnode.instance.image_attributes import PixelDescription, refusing
from radnode.instance.native import Array, native_cells, shaped, stored_values
from radnode.instance.pixels import EncodedFrame
from radnode.model.errors import CannotRender

JPEG_FAMILY = "1.2.840.10008.1.2.4."
RLE = "1.2.840.10008.1.2.5"
ENCAPSULATED_NATIVE = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
VIDEO = frozenset(MPEGTransferSyntaxes)
UNDECODED = {
    "94": "JPIP",
    "95": "JPIP",
    "204": "JPIP",
    "205": "JPIP",
    "110": "JPEG XL",
    "111": "JPEG XL",
    "112": "JPEG XL",
}


@dataclass(frozen=True)
class DecodedFrame:
    """Stored values, rows x columns (x 3 colour samples), with the photometric interpretation as it is now.

    `bits` is the number of bits of an unsigned full-scale value.
    """

    values: Array
    photometric: str
    bits: int


def decode(frame: EncodedFrame) -> DecodedFrame:
    """The stored values of a frame; CannotRender where no decoder can make them."""
    description, syntax = frame.description, frame.transfer_syntax
    if frame.native:
        cells = native_cells(frame.data, description, big_endian=frame.big_endian, word_swapped=frame.word_swapped)
        return _from_cells(cells, description)
    if syntax in VIDEO:
        raise CannotRender("video is not decoded")
    with refusing("the compressed frame cannot be decoded"):
        if syntax == RLE:
            return _from_cells(_rle(frame.data, description), description)
        if syntax == DEFLATED_FRAME:
            return _from_cells(_native(_inflate(frame.data, description.native_bytes), description), description)
        if syntax == ENCAPSULATED_NATIVE:
            return _from_cells(_native(frame.data, description), description)
        if syntax.startswith(JPEG_FAMILY) and syntax.removeprefix(JPEG_FAMILY) not in UNDECODED:
            return _jpeg_family(frame.data, description)
    raise CannotRender(f"{UNDECODED.get(syntax.removeprefix(JPEG_FAMILY), 'this transfer syntax')} is not decoded")


def _from_cells(cells: Array, description: PixelDescription) -> DecodedFrame:
    values = stored_values(cells, stored=description.stored, high_bit=description.high_bit, signed=description.signed)
    photometric = {"YBR_FULL_422": "YBR_FULL", "YBR_PARTIAL_422": "YBR_PARTIAL"}.get(
        description.photometric, description.photometric
    )
    return DecodedFrame(values, photometric, description.stored)


def _native(data: bytes, description: PixelDescription) -> Array:
    if len(data) < description.native_bytes:
        raise CannotRender("there is less pixel data than Rows and Columns say")
    return native_cells(data, description, big_endian=False, word_swapped=False)


def _inflate(data: bytes, limit: int) -> bytes:
    return zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(data, limit)


def _rle(data: bytes, description: PixelDescription) -> Array:
    """PS3.5 Annex G: byte planes, most significant first; always colour by plane."""
    from rle import decode_pixel_data

    plain = decode_pixel_data(
        data, version=2, rows=description.rows, columns=description.columns, bits_allocated=description.allocated
    )
    cells = np.frombuffer(plain, f"<u{max(1, description.allocated // 8)}")
    return shaped(cells, replace(description, planar=True))


def _jpeg_family(data: bytes, description: PixelDescription) -> DecodedFrame:
    codestream = read_codestream(data)
    if (codestream.rows, codestream.columns) != (description.rows, description.columns):
        raise CannotRender("the compressed frame has another size than Rows and Columns say")
    if codestream.components != description.samples:
        raise CannotRender("the compressed frame has another number of components than Samples per Pixel says")
    decoder = DECODERS[codestream.process]
    if codestream.process is Process.DCT and codestream.precision > 8:
        decoder = _gdcm
    cells = decoder(data, description, codestream)
    bits = codestream.precision
    if codestream.process is not Process.JPEG_2000:
        bits = min(bits, description.stored)
    values = stored_values(cells, stored=bits, high_bit=bits - 1, signed=description.signed)
    return DecodedFrame(values, _colour_space(description, codestream), bits)


def _colour_space(description: PixelDescription, codestream: Codestream) -> str:
    """What the decoded samples are: the codestream's own marks go before Photometric Interpretation.

    JPEG 2000's transforms are undone by the decoder; those of the JPEG family are not, whatever their chroma was.
    """
    declared = description.photometric
    if description.samples == 1:
        return declared
    if codestream.process is Process.JPEG_2000:
        return "RGB" if declared in ("YBR_ICT", "YBR_RCT") else declared
    if codestream.letters or codestream.transform == 0:
        return "RGB"
    if codestream.transform == 1 or codestream.jfif:
        return "YBR_FULL"
    return "YBR_FULL" if declared == "YBR_FULL_422" else declared


def _pillow(data: bytes, description: PixelDescription, codestream: Codestream) -> Array:
    """8-bit DCT by libjpeg, its own colour transform left out."""
    with Image.open(BytesIO(data), formats=("JPEG",)) as image:
        if description.samples == 3 and not codestream.letters and codestream.transform != 0:
            image.draft("YCbCr", image.size)
        return np.asarray(image)


def _gdcm(data: bytes, description: PixelDescription, codestream: Codestream) -> Array:
    """Lossless and 12-bit JPEG by GDCM, as unsigned samples of the codestream's precision."""
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    bits, container = codestream.precision, 8 if codestream.precision <= 8 else 16
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((description.columns, description.rows, 1))
    image.SetDataElement(element)
    monochrome = gdcm.PhotometricInterpretation.MONOCHROME2
    colour = gdcm.PhotometricInterpretation.RGB
    image.SetPhotometricInterpretation(
        gdcm.PhotometricInterpretation(monochrome if description.samples == 1 else colour)
    )
    if description.samples > 1:
        image.SetPlanarConfiguration(0)
    lossless = codestream.process is Process.LOSSLESS
    image.SetTransferSyntax(
        gdcm.TransferSyntax(
            gdcm.TransferSyntax.JPEGLosslessProcess14 if lossless else gdcm.TransferSyntax.JPEGExtendedProcess2_4
        )
    )
    image.SetPixelFormat(gdcm.PixelFormat(description.samples, container, bits, bits - 1, 0))
    plain = image.GetBuffer().encode("utf-8", "surrogateescape")
    return shaped(np.frombuffer(plain, f"<u{container // 8}"), replace(description, planar=False))


def _charls(data: bytes, description: PixelDescription, _codestream: Codestream) -> Array:
    from jpeg_ls import decode_pixel_data

    plain, info = decode_pixel_data(data)
    planar = info["components"] > 1 and info["interleave_mode"] == 0
    cells = np.frombuffer(plain, "u1" if info["bits_per_sample"] <= 8 else "<u2")
    return shaped(cells, replace(description, planar=planar))


def _openjpeg(data: bytes, description: PixelDescription, codestream: Codestream) -> Array:
    from openjpeg import decode_pixel_data

    plain = decode_pixel_data(data, version=2)
    width = 1 if codestream.precision <= 8 else 2 if codestream.precision <= 16 else 4
    return shaped(np.frombuffer(plain, f"<u{width}"), replace(description, planar=False))


DECODERS: dict[Process, Callable[[bytes, PixelDescription, Codestream], Array]] = {
    Process.DCT: _pillow,
    Process.LOSSLESS: _gdcm,
    Process.JPEG_LS: _charls,
    Process.JPEG_2000: _openjpeg,
}
