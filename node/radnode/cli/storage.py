"""The storage folder, looked at before anything is started in it."""

import os
import tempfile
from pathlib import Path

from radnode.archive.archive import Archive
from radnode.cli.refusal import Refused
from radnode.model.errors import OutOfResources
from radnode.settings import Settings


def open_archive(settings: Settings) -> Archive:
    """The archive of these settings, made where there is none. Raises Refused where the folder cannot be used."""
    root = prepare(settings.archive.root)
    try:
        return Archive.open(root)
    except OSError as error:
        raise _unusable(root, error.strerror or str(error)) from error
    except OutOfResources as error:
        raise Refused(f"archive.root = {root}: {error}") from error


def prepare(root: Path) -> Path:
    """The absolute path of a storage folder that can be written to; made where it is missing."""
    root = root.absolute()
    try:
        root.mkdir(mode=0o750, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise _unusable(root, error.strerror or str(error)) from error
    return root


def _unusable(root: Path, why: str) -> Refused:
    return Refused(f"archive.root = {root}: must be a folder that uid {os.geteuid()} can write to ({why})")
