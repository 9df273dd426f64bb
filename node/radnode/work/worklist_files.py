"""Worklist files as Orthanc and DCMTK have them: one entry each, a Part 10 file or a bare data set."""

from pathlib import Path

from radnode.instance.encodings import DEFLATED, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.instance.nested import document_of, read_nested
from radnode.instance.part10 import FileMetaReader
from radnode.model.document import Document, items_in
from radnode.model.errors import InvalidEntry, NotDicom
from radnode.model.uid import UID
from radnode.work.worklist_entry import SEQUENCE

MAX_SIZE = 1 << 20
"""Bytes of a file."""


def read_worklist_file(path: Path) -> Document:
    """What the file says. Raises InvalidEntry, NotDicom, or OSError where it cannot be read."""
    with path.open("rb") as file:
        data = file.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        raise InvalidEntry(f"A worklist file has at most {MAX_SIZE} bytes")
    transfer_syntax, data_set = _taken_apart(data)
    document = document_of(read_nested(data_set, transfer_syntax))
    if not items_in(document, SEQUENCE):
        raise InvalidEntry(f"{SEQUENCE} is missing or empty")
    return document


def _taken_apart(data: bytes) -> tuple[UID, bytes]:
    if data[128:132] != b"DICM":
        return IMPLICIT_VR_LITTLE_ENDIAN, data  # one that is visibly explicit is read so
    reader = FileMetaReader()
    reader.feed(data)
    if reader.meta is None:
        raise NotDicom("the file meta is cut off")
    if reader.meta.transfer_syntax in DEFLATED:
        raise NotDicom("a worklist file must not be deflated")
    return reader.meta.transfer_syntax, reader.rest
