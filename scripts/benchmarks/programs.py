"""Other people's programs: where they are, and the environment that they run in."""

import os
import shutil
import socket
import sys
from pathlib import Path

OUR_FOLDERS = {str(Path(sys.prefix) / "bin"), str(Path(sys.executable).parent)}
"""pynetdicom puts programs there that are called as DCMTK's are."""


def find_program(name: str) -> str | None:
    """The path of an installed program, or None."""
    folders = [folder for folder in os.get_exec_path() if folder not in OUR_FOLDERS]
    return shutil.which(name, path=os.pathsep.join([*folders, "/usr/sbin"]))


def environment(*, no_delay: bool) -> dict[str, str]:
    """The one of this process, without settings of radnode; `no_delay` tells DCMTK to switch Nagle's algorithm off."""
    foreign = {name: value for name, value in os.environ.items() if not name.upper().startswith(("RADNODE_", "DICOM_"))}
    foreign.pop("TCP_NODELAY", None)
    return foreign | ({"TCP_NODELAY": "1"} if no_delay else {})


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
