"""The digest that names an object: SHA-256 over its transfer syntax UID and then its data set, file meta left out.

So the same object has one name whichever door it came through.
"""

import hashlib
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING

from radnode.instance.deflate import stream_length
from radnode.instance.encodings import DEFLATED, Buffer
from radnode.instance.part10 import dataset_offset
from radnode.model.uid import UID

if TYPE_CHECKING:
    from hashlib import _Hash


def begin_digest(transfer_syntax: UID) -> "_Hash":
    """A digest to which the data set's bytes are still to be added (not for deflated ones: use digest_of)."""
    return hashlib.sha256(transfer_syntax.encode("ascii"))


def digest_of(dataset: Buffer, transfer_syntax: UID) -> str:
    """The hex digest of a whole data set; the pad byte after a deflated one does not count (PS3.5 A.5)."""
    digest = begin_digest(transfer_syntax)
    view = memoryview(dataset)
    digest.update(view[: stream_length(view)] if transfer_syntax in DEFLATED else view)
    return digest.hexdigest()


def digest_file(path: Path) -> str:
    """The hex digest of a stored file, read from the disk. Raises NotDicom where it is no Part 10 file, OSError."""
    transfer_syntax, dataset = map_dataset(path)
    return digest_of(dataset, transfer_syntax)


def map_dataset(path: Path) -> tuple[UID, memoryview]:
    """The transfer syntax and the data set's bytes of a Part 10 file, mapped. Raises NotDicom, OSError."""
    view = map_file(path)
    transfer_syntax, offset = dataset_offset(view)
    return transfer_syntax, view[offset:]


def map_file(path: Path) -> memoryview:
    """A whole file, mapped for reading; the map goes with the last view of it. Raises OSError."""
    with path.open("rb") as file:
        return map_open(file.fileno())


def map_open(descriptor: int) -> memoryview:
    """As map_file, of a file that is open."""
    try:
        return memoryview(mmap(descriptor, 0, access=ACCESS_READ))
    except ValueError:  # there is no map of an empty file
        return memoryview(b"")
