"""The storage folder, looked at before anything is started in it."""

import os
import tempfile
from pathlib import Path

from radnode.cli.refusal import Refused


def prepare(root: Path) -> Path:
    """The absolute path of a storage folder that can be written to; made where it is missing."""
    root = root.absolute()
    try:
        root.mkdir(mode=0o750, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        why = error.strerror or str(error)
        raise Refused(
            f"archive.root = {root}: must be a folder that uid {os.geteuid()} can write to ({why})"
        ) from error
    return root


def existing(root: Path) -> Path:
    """The absolute path of a storage folder that is there: looking at an archive must not make one."""
    root = root.absolute()
    if not (root / ".radnode").is_dir() and not (root / "studies").is_dir():
        raise Refused(f"archive.root = {root}: must be a folder that holds an archive")
    return root
