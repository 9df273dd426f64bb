"""Ways to spoil pixel data, and the bytes of a whole file."""

import random
from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.encaps import generate_fragments

_SYNTAXES = (
    *("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"),
    *("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"),
    *("1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.201"),
    *("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.4.107"),
)


def even(value: bytes) -> bytes:
    """The bytes at even length."""
    return value + b"\0" * (len(value) % 2)


def flipped(data: bytes, noise: random.Random, first: int = 132) -> bytes:
    """A few bytes from `first` on are others, in the header or in the pixel data."""
    changed = bytearray(data)
    start = max(first, noise.choice((0, len(data) // 4, len(data) * 3 // 4, len(data) - 200)))
    for place in range(start, len(data), max(1, (len(data) - start) // noise.randrange(1, 12))):
        changed[noise.randrange(place, len(data))] = noise.choice((0, 1, 0x7F, 0x80, 0xFF, noise.randrange(256)))
    return bytes(changed)


def other_syntax(data: bytes, noise: random.Random) -> bytes:
    """The file meta names another transfer syntax than the data set's."""
    place = data.find(b"\x02\x00\x10\x00UI")
    if place < 0:
        return data
    end = place + 8 + int.from_bytes(data[place + 6 : place + 8], "little")
    name = noise.choice(_SYNTAXES).encode()
    name += b"\0" * (len(name) % 2)
    return data[: place + 6] + len(name).to_bytes(2, "little") + name + data[end:]


def pixels(dataset: Dataset, noise: random.Random) -> None:
    """Pixel data that is too short, too long, empty, or whose fragments and offsets lie."""
    if "PixelData" not in dataset:
        return
    if not dataset["PixelData"].is_undefined_length:
        data = dataset.PixelData
        dataset.PixelData = noise.choice(
            (b"", data[:2], even(data[: len(data) // 2]), data + data, noise.randbytes(600))
        )
        return
    table, *fragments = generate_fragments(dataset.PixelData)
    dataset.PixelData = _encapsulated(_offsets(table, noise), _fragments(fragments, noise))
    dataset["PixelData"].is_undefined_length = True
    if noise.random() < 0.4:
        for tag in (0x7FE00001, 0x7FE00002):
            lies = (noise.choice((0, 8, 16, 12345, 2**32, 2**63)) for _ in range(noise.choice((0, 1, 2, 9))))
            dataset.add_new(tag, "OV", b"".join(lie.to_bytes(8, "little") for lie in lies))


def _offsets(table: bytes, noise: random.Random) -> bytes:
    lies = (0, 1, 8, 0xFFFFFFFF, 0x7FFFFFF0, 12345)
    return noise.choice((b"", table, b"".join(noise.choice(lies).to_bytes(4, "little") for _ in range(3)), b"\0\0"))


def _fragments(fragments: Sequence[bytes], noise: random.Random) -> Sequence[bytes]:
    whole = b"".join(fragments)
    at = noise.randrange(1, max(2, len(whole)))
    changes: tuple[Sequence[bytes], ...] = (
        [],
        [b""],
        [b"", *fragments],
        fragments[::-1],
        [whole[:at]],
        [whole[at:]],
        [whole[:at], whole[at:]],
        [whole[place : place + 16] for place in range(0, len(whole), 16)],
        [flipped(whole, noise, 0)],
        [whole[:24], noise.randbytes(400)],
        [whole + whole],
        [noise.randbytes(64)],
    )
    return noise.choice(changes)


def _encapsulated(table: bytes, fragments: Sequence[bytes]) -> bytes:
    items = (b"\xfe\xff\x00\xe0" + len(even(one)).to_bytes(4, "little") + even(one) for one in (table, *fragments))
    return b"".join(items)
