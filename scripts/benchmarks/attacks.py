"""What a hostile network does to a node: each attack goes on in a process of its own until it is stopped."""

import multiprocessing
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.synchronize import Event

from radnode.dimse.upper.associate import ProposedContext, encode_request
from radnode.dimse.upper.command import Element, Field, encode_command
from radnode.dimse.upper.pdu import ASSOCIATE_LIMIT, Kind, encode_data, encode_head

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
HOST = "127.0.0.1"
CLAIM = 0xFFFFFFF0  # some 4 GB
_HELLO = bytes.fromhex("160301020001fc0303") + bytes(40)  # a ClientHello that says it is 512 bytes long
_GONE = struct.pack("ii", 1, 0)
_READY = 60.0


@dataclass(frozen=True)
class Target:
    """The node's ports."""

    dicom: int
    tls: int


Act = Callable[[Target], socket.socket]


@dataclass(frozen=True)
class Attack:
    """`act` makes one connection; so many are held at once, and made again where they end, or so many each second."""

    name: str
    title: str
    act: Act
    held: int = 0
    each_second: int = 0
    trickles: bool = False


def _connect(port: int, *words: bytes) -> socket.socket:
    sock = socket.create_connection((HOST, port), timeout=20)
    with suppress(OSError):
        for data in words:
            sock.sendall(data)
    return sock


def _associated(target: Target, *words: bytes) -> socket.socket:
    request = encode_request("RADNODE", "HOSTILE", [ProposedContext(1, CT, (EXPLICIT,))], 16384)
    sock = _connect(target.dicom, request)
    with suppress(OSError):
        sock.recv(65536)
        for data in words:
            sock.sendall(data)
    return sock


def _store(length: int) -> bytes:
    """A C-STORE's command, and the head of the first fragment of its data set."""
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: CT,
        Element.COMMAND_FIELD: Field.C_STORE,
        Element.MESSAGE_ID: 1,
        Element.PRIORITY: 0,
        Element.DATA_SET_TYPE: 1,
        Element.SOP_INSTANCE: "1.2.3.4",
    }
    command = encode_data(1, encode_command(elements), 16384, is_command=True)
    return command + encode_head(1, length, is_last=False)


def _vanish(target: Target) -> socket.socket:
    sock = _associated(target, _store(100_000), bytes(50_000))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _GONE)
    return sock


def _claim(target: Target) -> socket.socket:
    return _associated(target, struct.pack(">BxL", 4, CLAIM), bytes(1000))


def _promise(target: Target) -> socket.socket:
    """The largest A-ASSOCIATE-RQ that is read, of which only the header comes."""
    return _connect(target.dicom, struct.pack(">BxL", Kind.ASSOCIATE_RQ, ASSOCIATE_LIMIT))


def _be_rejected(target: Target) -> socket.socket:
    return _connect(target.dicom, encode_request("SOMEBODY", "HOSTILE", [ProposedContext(1, CT, (EXPLICIT,))], 16384))


def _babble(target: Target) -> socket.socket:
    """One refusal and its line in the log, with names that want to be more than one line."""
    context = ProposedContext(1, "1.2\n3" * 1000, (EXPLICIT,))
    return _connect(target.dicom, encode_request("RADNODE", "A\r\nB{}", [context] * 2, 16384))


ATTACKS = (
    Attack("silent", "500 silent TCP connections", lambda target: _connect(target.dicom), held=500),
    Attack("handshakes", "100 half TLS handshakes", lambda target: _connect(target.tls, _HELLO), held=100),
    Attack("promises", "500 headers of requests of 512 KiB", _promise, held=500),
    Attack("claims", "PDUs that claim 4 GB, 50 a second", _claim, each_second=50),
    Attack(
        "trickle", "20 senders at 1 byte a second", lambda target: _associated(target, _store(1000)),
        held=20, trickles=True,
    ),
    Attack("vanish", "senders that vanish in the middle, 20 a second", _vanish, each_second=20),
    Attack("rejects", "rejected associations, 50 a second", _be_rejected, each_second=50),
    Attack("babble", "refusals that are logged, 50 a second", _babble, each_second=50),
)  # fmt: skip


@contextmanager
def attacking(attack: Attack, target: Target) -> Iterator[None]:
    """The attack goes on within the block, and is at its height when the block begins."""
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    work = _hold if attack.held else _repeat
    process = context.Process(target=work, args=(attack, target, ready), daemon=True)
    process.start()
    try:
        if not ready.wait(_READY):
            raise TimeoutError(f"{attack.title}: not begun within {_READY:.0f} s")
        yield
    finally:
        process.kill()
        process.join()
        process.close()


def _hold(attack: Attack, target: Target, ready: Event) -> None:
    held: list[socket.socket] = []
    while True:
        while len(held) < attack.held:
            held.append(attack.act(target))
        ready.set()
        time.sleep(1)
        if attack.trickles:
            _say_a_byte(held)
        held = [sock for sock in held if _is_open(sock)]


def _say_a_byte(held: list[socket.socket]) -> None:
    for sock in held:
        with suppress(OSError):
            sock.send(b"\0")


def _is_open(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLHUP)
    if not poll.poll(0):
        return True
    sock.close()
    return False


def _repeat(attack: Attack, target: Target, ready: Event) -> None:
    due = time.monotonic()
    while True:
        with suppress(OSError):
            attack.act(target).close()
        ready.set()
        due += 1 / attack.each_second
        time.sleep(max(0.0, due - time.monotonic()))
