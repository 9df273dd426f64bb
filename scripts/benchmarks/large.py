"""One object of any size, generated while it is sent, and what the node's processes held at their peak meanwhile."""

import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attacks import HOST
from benchmarks.processes import family, forget_peaks, peak
from benchmarks.programs import free_port
from benchmarks.servers import RADNODE, Site
from benchmarks.serving import Failed, serve

from radnode.dimse.encoding import encode_elements
from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.command import Element, Field, encode_command
from radnode.dimse.upper.pdu import encode_data, encode_head
from radnode.dimse.upper.requesting import Address, Requested, associate
from radnode.model.uid import UID

BOUND = 150_000_000
"""Bytes that each process stays below."""
MULTI_FRAME, EXPLICIT = "1.2.840.10008.5.1.4.1.1.7.3", UID("1.2.840.10008.1.2.1")
INSTANCE = "1.2.826.0.1.3680043.10.543.99.1"
FRAME = 512 * 512 * 2
_FRAGMENT = 131_060
_PATIENCE = 300.0


@dataclass(frozen=True)
class Sent:
    """How long it took, and the peak of resident bytes of each process by name and number."""

    seconds: float
    peaks: dict[str, int]


def send_large(size: int, work: Path, tell: Callable[[int], None]) -> Sent:
    """Send one multi-frame object of about `size` bytes to a fresh node. Raises Failed unless it was stored."""
    with serve(RADNODE, Site(work / "node", free_port()), no_delay=True) as running:
        forget_peaks(running.pid)
        address = Address(HOST, running.port, "RADNODE", "LARGE")
        began = time.monotonic()
        with associate(address, [ProposedContext(1, MULTI_FRAME, (EXPLICIT,))], timeout=_PATIENCE) as requested:
            stream_large(requested, size, tell)
            status = requested.response(Field.C_STORE, 1).number(Element.STATUS)
        seconds = time.monotonic() - began
        if status != 0:
            raise Failed(f"answered {status:04X}")
        return Sent(seconds, {_name(pid): peak(pid) for pid in family(running.pid)})


def stream_large(requested: Requested, size: int, tell: Callable[[int], object] = int) -> None:
    """The C-STORE of a multi-frame word object with noise for pixels, the same noise again and again."""
    frames = max(1, size // FRAME)
    length = frames * FRAME
    head = header(frames) + struct.pack("<HH2sxxL", 0x7FE0, 0x0010, b"OW", length)
    noise = os.urandom(_FRAGMENT)
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: MULTI_FRAME,
        Element.COMMAND_FIELD: Field.C_STORE,
        Element.MESSAGE_ID: 1,
        Element.PRIORITY: 0,
        Element.DATA_SET_TYPE: 1,
        Element.SOP_INSTANCE: INSTANCE,
    }
    command = encode_data(1, encode_command(elements), 0, is_command=True)
    _say(requested, command + encode_head(1, len(head), is_last=False) + head)
    for start in range(0, length, _FRAGMENT):
        count = min(_FRAGMENT, length - start)
        _say(requested, encode_head(1, count, is_last=start + count == length) + noise[:count])
        tell(start + count)


def header(frames: int) -> bytes:
    """All but the pixels."""
    texts = {
        0x00080016: ("UI", MULTI_FRAME), 0x00080018: ("UI", INSTANCE), 0x00080060: ("CS", "OT"),
        0x00100010: ("PN", "LARGE^OBJECT"), 0x00100020: ("LO", "LARGE"),
        0x0020000D: ("UI", f"{INSTANCE}.1"), 0x0020000E: ("UI", f"{INSTANCE}.2"),
        0x00280004: ("CS", "MONOCHROME2"), 0x00280008: ("IS", str(frames)),
    }  # fmt: skip
    numbers = {0x00280002: 1, 0x00280010: 512, 0x00280011: 512, 0x00280100: 16, 0x00280101: 16, 0x00280102: 15}
    elements = {tag: (vr, text.encode()) for tag, (vr, text) in texts.items()}
    elements |= {tag: ("US", struct.pack("<H", number)) for tag, number in numbers.items()}
    elements[0x00280103] = ("US", bytes(2))
    return encode_elements(elements, EXPLICIT)


def _say(requested: Requested, data: bytes) -> None:
    requested.messages.connection.send(data, time.monotonic() + _PATIENCE)


def _name(pid: int) -> str:
    return f"{Path(f'/proc/{pid}/comm').read_text().strip()} {pid}"
