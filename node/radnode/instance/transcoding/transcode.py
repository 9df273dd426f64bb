"""Transcodes one stored object: its data set in another transfer syntax, written to an open file."""

import mmap
import tempfile
import warnings
import zlib
from pathlib import Path

from radnode.instance.content import opened
from radnode.instance.element_output import Output, form_of
from radnode.instance.encodings import EXPLICIT_VR_LITTLE_ENDIAN, Buffer
from radnode.instance.rewriting import rewrite
from radnode.instance.transcoding.pixel_changes import pixel_changes
from radnode.instance.transcoding.plain_transcode import transcoding_errors
from radnode.instance.transcoding.targets import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, UNCOMPRESSED, needs_codec
from radnode.model.uid import UID

MAX_BYTES = 4 << 30  # of the new data set
_CHUNK = 1 << 18


def transcode(path: Path, target: UID, descriptor: int) -> int:
    """Write the data set of a Part 10 file to an empty file, in `target`; how many bytes it has.

    Pixel data keeps every bit, unless it was lossy. Decoders and encoders run here, so this belongs into a process
    that may end at any time. Raises NotFound where there is no such file, and CannotTranscode with the reason.
    """
    with transcoding_errors(), warnings.catch_warnings():
        # What pydicom and the decoders have to say about an odd object is not the caller's business.
        warnings.simplefilter("ignore")
        with opened(path) as (dataset, encoding):
            if target != DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
                return _write(dataset, encoding, target, descriptor)
            with tempfile.TemporaryFile() as plain:
                size = _write(dataset, encoding, EXPLICIT_VR_LITTLE_ENDIAN, plain.fileno())
                return _deflate(plain.fileno(), size, descriptor)


def _write(dataset: Buffer, encoding: UID, target: UID, descriptor: int) -> int:
    with_codec = needs_codec(encoding, target)
    changes = pixel_changes(dataset, encoding, target) if with_codec else {}
    keep = not with_codec and encoding not in UNCOMPRESSED
    output = Output(descriptor, MAX_BYTES)
    rewrite(dataset, encoding, form_of(target), output, changes, keep_codestreams=keep)
    return output.position


def _deflate(plain: int, size: int, descriptor: int) -> int:
    """The stream, padded to even length (PS3.5 A.5)."""
    output = Output(descriptor, MAX_BYTES)
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    with mmap.mmap(plain, size, access=mmap.ACCESS_READ) as whole:
        for start in range(0, size, _CHUNK):
            output.write(compressor.compress(whole[start : start + _CHUNK]))
    output.write(compressor.flush())
    output.write(b"\0" * (output.position % 2))
    output.flush()
    return output.position
