"""Turns an encoded frame into stored values, each compression by the one decoder that is right for it."""

import zlib
from dataclasses import dataclass, replace

from rle.rle import decode_frame

from radnode.instance.decoding.compressions import Compression
from radnode.instance.decoding.image_attributes import PixelDescription, refusing, upsampled
from radnode.instance.decoding.jpeg import decode_jpeg
from radnode.instance.decoding.native import Array, native_cells, shaped, stored_values, whole_cells
from radnode.instance.decoding.pixels import EncodedFrame
from radnode.instance.decoding.video import decode_video
from radnode.model.errors import CannotRender

_DECODERS = {Compression.RLE: "pylibjpeg-rle (RLE)", Compression.DEFLATED: "zlib (deflated frames)"}


@dataclass(frozen=True)
class DecodedFrame:
    """Stored values, rows x columns (x 3 colour samples), with the photometric interpretation as it is now.

    `bits` is the number of bits of an unsigned full-scale value, `decoder` says what decoded it.
    """

    values: Array
    photometric: str
    bits: int
    decoder: str = "none"


def decode(frame: EncodedFrame) -> DecodedFrame:
    """The stored values of a frame; CannotRender where no decoder can make them."""
    description = frame.description
    with refusing("the pixel data cannot be decoded"):
        if frame.compression is Compression.JPEG:
            return DecodedFrame(*decode_jpeg(frame.data, description))
        if frame.compression is Compression.VIDEO:
            return DecodedFrame(decode_video(frame.data, frame.number, description), "RGB", 8, "ffmpeg (video)")
        values = stored_values(
            pixel_cells(frame), stored=description.stored, high_bit=description.high_bit, signed=description.signed
        )
        decoder = _DECODERS.get(frame.compression, "none")
        return DecodedFrame(values, upsampled(description.photometric), description.stored, decoder)


def pixel_cells(frame: EncodedFrame) -> Array:
    """All the bits of the cells of a frame that is no codestream. Raises CannotRender, and what decoders raise."""
    data, description = frame.data, frame.description
    match frame.compression:
        case Compression.NATIVE | Compression.ENCAPSULATED:
            return _native(data, frame)
        case Compression.DEFLATED:
            return _native(zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, description.native_bytes), frame)
        case Compression.RLE:
            return _rle(data, description)
        case Compression.JPEG | Compression.VIDEO:
            raise CannotRender("the pixel data is a codestream")


def _native(data: bytes, frame: EncodedFrame) -> Array:
    if len(data) < frame.description.native_bytes:
        raise CannotRender("there is less pixel data than Rows and Columns say")
    return native_cells(data, frame.description, big_endian=frame.big_endian)


def _rle(data: bytes, description: PixelDescription) -> Array:
    """PS3.5 Annex G: byte planes, most significant first; always colour by plane."""
    try:
        plain = decode_frame(data, description.pixels, description.allocated, "<")
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what Rust raises has no importable type, and is no Exception
            raise
        raise CannotRender("the pixel data cannot be decoded") from error
    bytewise = replace(description, planar=True, allocated=max(8, description.allocated))  # single bits come one a byte
    return shaped(whole_cells(plain, bytewise), bytewise)
