"""What changes of an image when its pixel data is decoded or encoded (PS3.5 8.2, A.4; PS3.3 C.7.6.3)."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from radnode.instance.decoding.image_attributes import refusing
from radnode.instance.decoding.image_elements import ImageElements, read_image_elements
from radnode.instance.decoding.pixels import IN_TWO_WAYS, Frames, is_empty
from radnode.instance.element_output import Form, Output
from radnode.instance.encodings import UNDEFINED, Buffer
from radnode.instance.rewriting import Change
from radnode.instance.transcoding.lossless_encoders import encode_frame
from radnode.instance.transcoding.plain_frames import PlainFrame, plain_frame
from radnode.instance.transcoding.targets import RLE_LOSSLESS, UNCOMPRESSED, is_always_lossy
from radnode.instance.walk import ITEM, PIXEL_DATA, SEQUENCE_END
from radnode.model.errors import CannotTranscode
from radnode.model.uid import UID

_PHOTOMETRIC, _PLANAR, _HIGH_BIT = 0x00280004, 0x00280006, 0x00280102
_LOSSY = 0x00282110
_OFFSETS, _OFFSET_LENGTHS = 0x7FE00001, 0x7FE00002
_MAX_NATIVE = 0xFFFFFFFE  # what the length of a native element can count


def pixel_changes(dataset: Buffer, encoding: UID, target: UID) -> dict[int, Change]:
    """The top-level elements that another encoding of the pixel data replaces; none where there is no pixel data.

    `dataset` is inflated already, and must stay open until the changes are written. Raises CannotRender and
    CannotTranscode; so does writing.
    """
    with refusing("the header cannot be read"):
        elements = read_image_elements(dataset, encoding)
    pixels = elements.pixels
    if pixels is None:
        return {}
    if is_empty(dataset, pixels):
        return {PIXEL_DATA: partial(_write, PIXEL_DATA, "OW", b"")} if pixels.length == UNDEFINED else {}
    if pixels.tag != PIXEL_DATA:
        raise CannotTranscode("pixel data of floating point numbers is neither compressed nor decompressed")
    image = _Image(dataset, encoding, elements)
    first = image.first()
    changes: dict[int, Change] = dict(_attribute_changes(image, first, target))
    write = _write_native if target in UNCOMPRESSED else partial(_write_encapsulated, target)
    changes[PIXEL_DATA] = partial(write, image, first)
    return changes


class _Image(Frames):
    """An image whose frames are read one after the other."""

    def __init__(self, dataset: Buffer, encoding: UID, elements: ImageElements) -> None:
        super().__init__(dataset, encoding, elements)
        self.encoding = encoding

    def frames(self, first: PlainFrame | None = None) -> Iterator[PlainFrame]:
        """Each of its frames as plain cells; CannotRender where one is not there.

        `first` is the first one, where it has been decoded already.
        """
        with refusing("the pixel data cannot be decoded"):
            for number in range(1, self.description.frames + 1):
                yield first if first and number == 1 else plain_frame(self.frame(number))

    def first(self) -> PlainFrame:
        return next(self.frames())


def _attribute_changes(image: _Image, first: PlainFrame, target: UID) -> Iterator[tuple[int, Change]]:
    description = image.description
    if first.photometric != description.photometric:
        text = first.photometric.encode()
        yield _PHOTOMETRIC, partial(_write, _PHOTOMETRIC, "CS", text + b" " * (len(text) % 2))
    if description.samples > 1:
        yield _PLANAR, partial(_write_number, _PLANAR, 0)
    high_bit = first.high_bit if target in (*UNCOMPRESSED, RLE_LOSSLESS) else description.stored - 1
    if high_bit != description.high_bit:
        yield _HIGH_BIT, partial(_write_number, _HIGH_BIT, high_bit)
    if is_always_lossy(image.encoding):
        yield _LOSSY, partial(_write, _LOSSY, "CS", b"01")  # decompressed or not (PS3.3 C.7.6.1.1.5)
    yield _OFFSETS, None
    yield _OFFSET_LENGTHS, None


def _write(tag: int, vr: str, value: bytes, output: Output, form: Form) -> None:
    output.write(form.header(tag, vr, len(value)))
    output.write(value)


def _write_number(tag: int, number: int, output: Output, form: Form) -> None:
    output.write(form.header(tag, "US", 2))
    output.write(number.to_bytes(2, "big" if form.big_endian else "little"))


def _checked(image: _Image, first: PlainFrame) -> Iterator[PlainFrame]:
    """The frames, all of the same colour space."""
    for frame in image.frames(first):
        if frame.photometric != first.photometric:
            raise CannotTranscode("the frames have differing colour spaces")
        yield frame


def _write_native(image: _Image, first: PlainFrame, output: Output, form: Form) -> None:
    """All frames, one after the other, in one element of even length."""
    description = image.description
    allocated = description.allocated
    if form.big_endian and allocated > 16:
        raise CannotTranscode(IN_TWO_WAYS)
    bits = description.pixels * description.samples * allocated * description.frames
    length = (bits + 15) // 16 * 2
    if length > _MAX_NATIVE:
        raise CannotTranscode("the uncompressed pixel data would be longer than an element can be")
    output.write(form.header(PIXEL_DATA, "OW" if allocated > 8 else "OB", length))
    begin = output.position
    spare = np.empty(0, np.uint8)  # bits of the frame before; frames of single bits do not begin at a byte (8.1.1)
    cell = np.dtype(f"{'>' if form.big_endian else '<'}u{max(1, allocated // 8)}")
    for frame in _checked(image, first):
        if allocated > 1:
            output.write(frame.cells.astype(cell).tobytes())
            continue
        spare = np.concatenate((spare, frame.cells.reshape(-1)))
        whole = len(spare) // 8 * 8
        output.write(np.packbits(spare[:whole], bitorder="little").tobytes())
        spare = spare[whole:]
    output.write(np.packbits(spare, bitorder="little").tobytes())
    output.write(b"\0" * (begin + length - output.position))


def _write_encapsulated(target: UID, image: _Image, first: PlainFrame, output: Output, form: Form) -> None:
    """One fragment for each frame, after a Basic Offset Table (A.4)."""
    description = image.description
    count = description.frames
    output.write(form.header(PIXEL_DATA, "OB", UNDEFINED))
    output.write(form.header(ITEM, "", 4 * count))
    table = output.position
    output.write(bytes(4 * count))
    begin = output.position
    encoding = replace(description, photometric=first.photometric, planar=False)
    for number, frame in enumerate(_checked(image, first)):
        if output.position - begin > _MAX_NATIVE:
            raise CannotTranscode("the compressed pixel data would be longer than its offset table can tell")
        output.patch(table + 4 * number, form.number.pack(output.position - begin))
        with refusing("the pixel data cannot be encoded"):
            data = encode_frame(frame, encoding, target)
        output.write(form.header(ITEM, "", len(data) + len(data) % 2))
        output.write(data + b"\0" * (len(data) % 2))
    output.write(form.header(SEQUENCE_END, "", 0))
