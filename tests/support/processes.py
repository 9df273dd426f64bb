"""Processes as /proc shows them."""

from pathlib import Path


def children(parent: int) -> set[int]:
    """The living processes of this parent."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            state, owner = (entry / "stat").read_text().rpartition(") ")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if owner == str(parent) and state != "Z":
            found.add(int(entry.name))
    return found


def is_render_worker(process: int) -> bool:
    return b"radnode.instance.pictures.render_worker" in Path(f"/proc/{process}/cmdline").read_bytes()


def maps(process: int) -> str:
    """The files that the process has mapped: the one that it renders is among them while it is read."""
    try:
        return Path(f"/proc/{process}/maps").read_text()
    except OSError:
        return ""


def environment_of(process: int) -> bytes:
    return Path(f"/proc/{process}/environ").read_bytes()


def sockets_of(process: int) -> int:
    return sum("socket:" in str(entry.readlink()) for entry in Path(f"/proc/{process}/fd").iterdir())
