"""Objects that are sent with a C-STORE: from their Part 10 files, the data set's bytes as they are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from radnode.archive.holdings import Holding
from radnode.dimse.scu.values import Unsent
from radnode.dimse.upper.command import Element, Field
from radnode.instance.part10 import FileMetaReader, dataset_offset, encode_file_meta
from radnode.model.errors import NotDicom

_CHUNK = 4096


class Unsendable(Exception):
    """The object cannot be sent, and nothing of it was: why, in words for a person, and what kind of reason it is."""

    def __init__(self, why: str, kind: Unsent = Unsent.UNREADABLE) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An object to send: what it is, and the file that it is in.

    `offset` is where the data set begins. Of an object that the archive holds, `head` is what should stand before, and
    `size` how long the file should be.
    """

    path: Path
    sop_class: str
    sop_instance: str
    transfer_syntax: str
    offset: int
    head: bytes = b""
    size: int | None = None

    @property
    def context(self) -> tuple[str, str]:
        """What the presentation context that it goes under has to be for."""
        return self.sop_class, self.transfer_syntax


class Stretch(NamedTuple):
    """The data set within an open file."""

    descriptor: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Originator:
    """The C-MOVE that an object is sent for (PS3.7 9.1.1.1): who asked, and under which message ID."""

    title: str
    message_id: int


def outgoing_file(path: Path) -> Outgoing:
    """The object in a Part 10 file. Raises Unsendable."""
    reader = FileMetaReader()
    try:
        with path.open("rb") as stream:
            while reader.meta is None:
                chunk = stream.read(_CHUNK)
                if not chunk:
                    raise Unsendable("the file ends within its file meta")
                reader.feed(chunk)
    except OSError as error:
        raise Unsendable(error.strerror or "cannot be read") from error
    except NotDicom as error:
        raise Unsendable(str(error)) from error
    meta = reader.meta
    if not meta.sop_class or not meta.sop_instance:
        raise Unsendable("the file meta does not name the object")
    return Outgoing(path, meta.sop_class, meta.sop_instance, meta.transfer_syntax, reader.offset)


def outgoing_holding(holding: Holding, root: Path) -> Outgoing:
    """An object of the archive at `root`, whose file is looked at only when it is sent."""
    head = encode_file_meta(holding.sop_class, holding.sop_instance, holding.transfer_syntax)
    return Outgoing(
        root / str(holding.path),
        holding.sop_class,
        holding.sop_instance,
        holding.transfer_syntax,
        len(head),
        head,
        holding.size,
    )


@contextmanager
def opened(sending: Outgoing) -> Iterator[Stretch]:
    """The open file, for the block. Raises Unsendable for one that is gone, cannot be read or is not what it was."""
    try:
        descriptor = os.open(sending.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise Unsendable(error.strerror or "cannot be read") from error
    try:
        yield _stretch(sending, descriptor)
    finally:
        os.close(descriptor)


def _stretch(sending: Outgoing, descriptor: int) -> Stretch:
    size = os.fstat(descriptor).st_size
    if sending.size is not None and size != sending.size:
        raise Unsendable("the file has not the length that it had")
    offset = sending.offset
    try:
        head = os.pread(descriptor, offset, 0) if sending.head else b""
        if head != sending.head:  # written by another version, or restored from elsewhere
            transfer_syntax, offset = dataset_offset(os.pread(descriptor, _CHUNK, 0))
            if transfer_syntax != sending.transfer_syntax:
                raise Unsendable("the file has not the transfer syntax that it had")
    except OSError as error:
        raise Unsendable(error.strerror or "cannot be read") from error
    except NotDicom as error:
        raise Unsendable(str(error)) from error
    return Stretch(descriptor, offset, max(0, size - offset))


def store_command(sending: Outgoing, priority: int = 0, originator: Originator | None = None) -> dict[int, int | str]:
    """The command set of its C-STORE-RQ (PS3.7 9.3.1.1), but for the message ID."""
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: sending.sop_class,
        Element.COMMAND_FIELD: Field.C_STORE,
        Element.PRIORITY: priority,
        Element.SOP_INSTANCE: sending.sop_instance,
    }
    if originator is not None:
        elements[Element.MOVE_ORIGINATOR] = originator.title
        elements[Element.MOVE_ORIGINATOR_MESSAGE_ID] = originator.message_id
    return elements
