"""Other people's DICOM programs, run for real."""

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest


def require(tool: str) -> str:
    """The path of a program; the test is skipped where it is missing, and fails where peers are required."""
    found = shutil.which(tool)
    if found is None:
        if os.environ.get("RADNODE_REQUIRE_PEERS") == "1":
            pytest.fail(f"{tool} is not installed, but RADNODE_REQUIRE_PEERS=1")
        pytest.skip(f"{tool} is not installed")
    return found


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def run(
    tool: str, *arguments: str | Path, check: bool = True, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; standard error and output as one text in `stdout`."""
    command: Sequence[str] = [require(tool), *map(str, arguments)]
    return subprocess.run(
        command,
        check=check,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=60,
        env={**os.environ, "TCP_NODELAY": "1", **(environment or {})},
    )
