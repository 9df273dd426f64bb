"""A node that hostile conversations are held with, and what has to be true of it after each of them."""

import json
import os
import select
import socket
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from support.hostile_bytes import CT, EXPLICIT, Conversation
from support.instances import encode_dataset, make_instance
from support.killing import unfinished
from support.node import Node

from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import Address, associate

DEADLINE = 10.0
"""Seconds within which the node ends what is over; far above what it needs, and below its own longest wait."""
QUIET = 0.03
GROWTH = 40 << 20
"""Bytes that a worker may grow by, whatever it was told: buffers, caches of SQLite and Python."""
WARNINGS = {"association_refused", "associations_cut", "temporary_file_left"}
"""What is a fault beside all that is an error."""
OPTIONS = ("--dicom.workers", "1", "--dicom.idle_timeout", "5")


class FuzzedNode:
    """One node with one DICOM worker, started anew where it is no use any more."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._node: Node | None = None
        self._good = 0

    def hold(self, conversation: Conversation) -> None:
        """Say it, and fail unless the node is as it was before; if it is not, the next one meets another node."""
        node = self._running()
        try:
            self._say(conversation, node.dicom_port)
            self._assert_at_rest(node)
        except BaseException:
            self.stop()
            raise
        faults = [one for one in self._new_events(node) if one["level"] == "error" or one["event"] in WARNINGS]
        assert not faults, faults

    def assert_well(self) -> None:
        """The node stores the next good object, has left nothing behind, and its worker has not grown."""
        node = self._running()
        try:
            self._store(node)
            self._assert_at_rest(node)
            assert not list(unfinished(node.root)), "something is left in incoming/"
            grown = memory(self._worker) - self._memory
            assert grown < GROWTH, f"the worker has grown by {grown >> 20} MiB"
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it; a node that does not end is killed."""
        if self._node is not None:
            node, self._node = self._node, None
            node.__exit__(None, None, None)

    def _running(self) -> Node:
        if self._node is None:
            self._node = Node(self._root, *OPTIONS).start()
            self._worker = next(pid for pid, name in self._node.children().items() if name == "dicom-1")
            self._read = 0
            self._store(self._node)  # what is loaded and opened by the first object is no leak
            self._open = settled(self._worker)
            self._memory = memory(self._worker)
        return self._node

    def _say(self, conversation: Conversation, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as sock:
            self._wait_until_accepted()  # or what comes of it would be met with the next one
            try:
                for segment in conversation.segments:
                    sock.sendall(segment)
                if conversation.then == "goes":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                if conversation.then == "reads":
                    drain_what_comes(sock)
                sock.shutdown(socket.SHUT_WR)
                drain(sock)
            except TimeoutError:
                raise AssertionError("the node neither answers nor ends the connection") from None
            except OSError:
                return  # cut off, which is an answer too

    def _wait_until_accepted(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while held_open(self._worker) <= self._open:
            assert time.monotonic() < deadline, "the node accepts no connection"
            time.sleep(0.0005)

    def _assert_at_rest(self, node: Node) -> None:
        deadline = time.monotonic() + DEADLINE
        while (now := held_open(self._worker)) > self._open:
            assert time.monotonic() < deadline, f"left open: {now} instead of {self._open}"
            assert node.is_alive(), "the node is gone"
            time.sleep(0.0005)

    def _new_events(self, node: Node) -> Iterable[dict[str, object]]:
        with node.log_path.open("rb") as log:
            log.seek(self._read)
            lines = log.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        self._read += len(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def _store(self, node: Node) -> None:
        self._good += 1
        uid = f"1.2.3.{os.getpid()}.{self._good}"
        address = Address("127.0.0.1", node.dicom_port, "RADNODE", "GOOD")
        elements: dict[int, int | str] = {
            Element.SOP_CLASS: CT,
            Element.COMMAND_FIELD: Field.C_STORE,
            Element.MESSAGE_ID: 1,
            Element.PRIORITY: 0,
            Element.SOP_INSTANCE: uid,
        }
        with associate(address, [ProposedContext(1, CT, (EXPLICIT,))], timeout=DEADLINE) as requested:
            requested.messages.send(1, elements, encode_dataset(make_instance(SOPInstanceUID=uid)))
            status = requested.response(Field.C_STORE, 1).number(Element.STATUS)
            assert status == 0, f"the next good object: {status:04X}"


def drain(sock: socket.socket) -> None:
    """Read to the end."""
    while sock.recv(65536):
        pass


def drain_what_comes(sock: socket.socket) -> None:
    """Read until nothing has come for a moment."""
    while select.select([sock], [], [], QUIET)[0] and sock.recv(65536):
        pass


def settled(pid: int) -> int:
    """What a process holds open once that has not changed for a while."""
    last, since = 0, time.monotonic()
    while time.monotonic() - since < 0.3:
        if (now := held_open(pid)) != last:
            last, since = now, time.monotonic()
        time.sleep(0.01)
    return last


def held_open(pid: int) -> int:
    """Threads, connections and temporary files of a process; the index opens and closes its files as it likes."""
    count = sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            name = str(descriptor.readlink())
            count += name.startswith("socket:") or name.endswith(".part")
    return count


def memory(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
