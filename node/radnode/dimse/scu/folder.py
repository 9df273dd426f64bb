"""A folder that takes objects as Part 10 files, one for each SOP instance."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from radnode.instance.part10 import encode_file_meta
from radnode.model.errors import InvalidIdentity, OutOfResources
from radnode.model.uid import UID, InvalidUID, parse_uid


class Folder:
    """Objects land here as `<SOP Instance UID>.dcm`, whole or not at all."""

    def __init__(self, path: Path) -> None:
        """`path` exists and can be written."""
        self._path = path

    def receive(self, transfer_syntax: UID, *, sop_class: str, sop_instance: str) -> "FolderReceiving":
        """Begin to receive one object. Raises InvalidIdentity for UIDs that are none, OutOfResources."""
        try:
            uids = parse_uid(sop_class), parse_uid(sop_instance)
        except InvalidUID:
            raise InvalidIdentity("SOPInstanceUID", "is not a UID") from None
        return FolderReceiving(self._path / f"{uids[1]}.dcm", encode_file_meta(*uids, transfer_syntax))


class FolderReceiving:
    """One object on its way into a folder; a context manager that leaves nothing behind unless it was committed."""

    def __init__(self, path: Path, file_meta: bytes) -> None:
        self._path = path
        self._part = path.with_name(f".{secrets.token_hex(8)}.part")
        self._file_meta = file_meta

    def write(self, fragment: memoryview) -> None:
        """Take the next bytes of the data set. Raises OutOfResources."""
        try:
            self._stream.write(fragment)
        except OSError as error:
            raise OutOfResources(error.strerror or "cannot write") from error

    def commit(self) -> None:
        """Let the file appear under its name, in place of an older one. Raises OutOfResources."""
        try:
            self._stream.close()
            self._part.replace(self._path)
        except OSError as error:
            raise OutOfResources(error.strerror or "cannot write") from error

    def __enter__(self) -> Self:
        try:
            self._stream = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb")
            self._stream.write(self._file_meta)
        except OSError as error:
            raise OutOfResources(error.strerror or "cannot write") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._stream.close()
        self._part.unlink(missing_ok=True)
