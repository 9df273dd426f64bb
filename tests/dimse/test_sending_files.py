"""Stored files go out by slices of the file: unchanged, and in PDUs that the peer can take."""

import os
import socket
import struct
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.dimse_server import CT, address_of, proposals, running, store_command
from support.fake_archive import FakeArchive, FakeReceiving

from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import ConnectionLost, FileUnreadable, Silent
from radnode.dimse.upper.messages import Messages
from radnode.dimse.upper.pdu import PduReader
from radnode.dimse.upper.requesting import associate
from radnode.settings import DicomSettings

DATA = os.urandom(300_001) + b"\0"
OFFSET = 333
STORE = proposals((CT, ("1.2.840.10008.1.2.1",)))


class Forgetting(FakeReceiving):
    def write(self, fragment: object) -> None:
        """Keep nothing of it."""


class Sink(FakeArchive):
    def receive(self, transfer_syntax: str, *, sop_class: str, sop_instance: str, limit: int = 0) -> FakeReceiving:
        return Forgetting(self, sop_instance)


@contextmanager
def opened(data: bytes) -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.fileno()


@contextmanager
def connected() -> Iterator[tuple[Connection, socket.socket]]:
    """One of our connections, and the other end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection = Connection(socket.create_connection(listening.getsockname()))
        other, _ = listening.accept()
        with other:
            yield connection, other
        connection.part(0)


def pdus(other: socket.socket) -> Iterator[bytes]:
    """The bodies of the PDUs that arrive until the connection ends."""
    with other.makefile("rb") as stream:
        while head := stream.read(6):
            yield stream.read(struct.unpack(">BxL", head)[1])


def test_the_object_arrives_as_it_lies_in_the_file() -> None:
    archive = FakeArchive()
    with running(archive) as server, associate(address_of(server), STORE) as requested, opened(DATA) as file:
        for number, (offset, count) in enumerate([(OFFSET, len(DATA) - OFFSET), (0, 2), (7, 131_060), (0, 262_120)]):
            uid = f"1.2.3.{number}"
            requested.messages.send_file(1, store_command(uid), file, offset, count)
            assert requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0
            assert archive.objects[uid] == DATA[offset : offset + count]


@pytest.mark.parametrize("limit", [1, 9, 100, 16384, 131072, 0])
def test_no_pdu_is_longer_than_the_peer_takes_and_the_last_is_marked(limit: int) -> None:
    data = DATA[: 100 * limit or len(DATA)]
    with connected() as (connection, other), opened(data) as file:
        received: list[bytes] = []
        reading = threading.Thread(target=lambda: received.extend(pdus(other)))
        reading.start()
        messages = Messages(connection, PduReader(connection, 0, 10), {5}, limit, 10)
        messages.send_file(5, store_command("1.2.3"), file, 0, len(data))
        messages.send_file(5, store_command("1.2.4"), file, 0, 0)
        connection.part(0)
        reading.join(10)
    assert max(map(len, received)) <= max(limit or 131072, 8)
    controls = [body[5] for body in received]
    assert {body[4] for body in received} == {5}
    assert [control for control in controls if control & 2] == [3, 2, 3, 2]  # command and data set, twice
    assert b"".join(body[6:] for body in received if not body[5] & 1) == data


def test_a_file_that_has_become_shorter_ends_the_association() -> None:
    archive = FakeArchive()
    with (
        running(archive) as server,
        opened(DATA) as file,
        pytest.raises(FileUnreadable, match="shorter"),
        associate(address_of(server), STORE) as requested,
    ):
        requested.messages.send_file(1, store_command("1.2.3"), file, 0, len(DATA) + 1)
    assert archive.objects == {}  # nor is what was sent instead of the last byte taken for it
    assert archive.aborted == 1


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    with connected() as (connection, _), pytest.raises(FileUnreadable, match="directory"):
        connection.send_file(b"head", folder, 0, 10, time.monotonic() + 5)
    os.close(folder)


def test_a_peer_that_takes_nothing_is_given_up_at_the_deadline() -> None:
    with connected() as (connection, _), opened(b"") as file:
        os.truncate(file, 64 << 20)  # a hole: more than any socket buffers
        started = time.monotonic()
        with pytest.raises(Silent):
            connection.send_file(b"head", file, 0, 64 << 20, time.monotonic() + 0.3)
        assert time.monotonic() - started < 5


def test_a_peer_that_goes_is_noticed() -> None:
    with connected() as (connection, other), opened(b"") as file:
        os.truncate(file, 64 << 20)
        threading.Timer(0.1, other.shutdown, [socket.SHUT_RDWR]).start()
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with pytest.raises((ConnectionLost, Silent)):
            connection.send_file(b"", file, 0, 64 << 20, time.monotonic() + 5)


def test_a_large_object_does_not_pass_through_memory() -> None:
    with running(Sink(), dicom=DicomSettings(max_pdu=131072)) as server, opened(b"") as file:
        os.truncate(file, 100 << 20)
        tracemalloc.start()
        try:
            with associate(address_of(server), STORE) as requested:
                requested.messages.send_file(1, store_command("1.2.3"), file, 0, 100 << 20)
                assert requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0
            assert tracemalloc.get_traced_memory()[1] < 2 << 20  # the receiver's PDU buffer is in it
        finally:
            tracemalloc.stop()
