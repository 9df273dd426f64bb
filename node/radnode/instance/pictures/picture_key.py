"""What tells two pictures apart: the object, what is wanted of it, and who makes it; equal keys mean equal bytes."""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from radnode.instance.pictures.picture import PictureWish

_LIBRARIES = (
    "isal",
    "numpy",
    "pillow",
    "pydicom",
    "pyjpegls",
    "pylibjpeg",
    "pylibjpeg-openjpeg",
    "pylibjpeg-rle",
    "python-gdcm",
    "simplejpeg",
)
"""Distributions that decode, compute or encode: another version of one may make other bytes."""
_PROGRAM = "ffmpeg"
"""What decodes video, where it is installed; its file says which one it is, without a process at each start."""
_LENGTH = 32
_FIELDS = tuple(field.name for field in fields(PictureWish))


@cache
def renderer() -> str:
    """Who makes pictures here, in one text that changes when pictures may: code, libraries, and the program.

    The code itself and not a number, which somebody would forget to raise: pictures that browsers and the node have
    kept would be shown on, though they were corrected. Reads files.
    """
    code, libraries = code_digest(files("radnode.instance")), (f"{name}={_version(name)}" for name in _LIBRARIES)
    return " ".join((f"radnode={code}", *libraries, f"{_PROGRAM}={_program()}"))


def code_digest(folder: Traversable) -> str:
    """The digest of all modules below a folder, which may be in a zip file, or hold compiled modules alone."""
    code = sha256()
    for name, module in sorted(_modules(folder, "")):
        code.update(f"{name} {len(module)} ".encode() + module)
    return code.hexdigest()


def _modules(folder: Traversable, above: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        name = f"{above}{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _modules(entry, f"{name}/")
        elif name.endswith((".py", ".pyc")):
            yield name, entry.read_bytes()


def picture_key(renderer: str, digest: str, wish: PictureWish) -> str:
    """The key, in hex, of the picture that `renderer` makes of the object with this digest (hex)."""
    told = json.dumps([renderer, digest, canonical(wish)], sort_keys=True)
    return sha256(told.encode()).hexdigest()[:_LENGTH]


def canonical(wish: PictureWish) -> dict[str, object]:
    """What of a wish makes a difference: PNG has no quality, and without a size there is nothing to enlarge into."""
    told: dict[str, object] = {name: getattr(wish, name) for name in _FIELDS}
    if wish.format != "jpeg":
        del told["quality"]
    if wish.width is None and wish.height is None:
        del told["enlarge"]
    if isinstance(wish.window, tuple):
        told["window"] = [float(number) for number in wish.window]
    elif wish.window is not None:
        told["window"] = wish.window.strip().lower()
    return told


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _program() -> str:
    with suppress(OSError):
        if found := shutil.which(_PROGRAM):
            status = Path(found).stat()
            return f"{status.st_size}-{int(status.st_mtime)}"
    return "none"
