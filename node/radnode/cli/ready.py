"""`<archive.root>/.radnode/ready.json`: there while the node is ready to serve, and only then."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "ready.json"


@dataclass(frozen=True)
class Ready:
    """What the file says; a port is null where that side is not served by this process, or not without TLS.

    `dicom_tls_port` stands there only where DICOM is served over TLS.
    """

    dicom_port: int | None
    http_port: int | None
    pid: int
    dicom_tls_port: int | None = None

    @property
    def is_dicom(self) -> bool:
        """Whether DICOM is served, be it over TLS."""
        return self.dicom_port is not None or self.dicom_tls_port is not None


def announce(folder: Path, ready: Ready) -> None:
    """Write the file, whole or not at all."""
    temporary = folder / f"{NAME}.{os.getpid()}"
    told = asdict(ready)
    if ready.dicom_tls_port is None:
        del told["dicom_tls_port"]
    temporary.write_text(json.dumps(told) + "\n", "ascii")
    temporary.replace(folder / NAME)


def withdraw(folder: Path) -> None:
    """Remove the file, if it is this process's."""
    found = read(folder)
    if found is not None and found.pid == os.getpid():
        (folder / NAME).unlink(missing_ok=True)


def clear_stale(folder: Path, *, dicom: bool, rest: bool) -> None:
    """Remove what a killed node left: a file about a role that this process now holds, or of a dead process."""
    found = read(folder)
    concerns = found is None or (dicom and found.is_dicom) or (rest and found.http_port is not None)
    if concerns or (found is not None and not _is_alive(found.pid)):
        (folder / NAME).unlink(missing_ok=True)
    for leftover in folder.glob(f"{NAME}.*"):
        if not _is_alive(int(leftover.suffix[1:])):
            leftover.unlink(missing_ok=True)


def read(folder: Path) -> Ready | None:
    """What the file says; None where there is none, or no sense in it."""
    with suppress(OSError, ValueError, TypeError):
        return Ready(**json.loads((folder / NAME).read_text("ascii")))
    return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
