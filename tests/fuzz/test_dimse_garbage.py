"""Hostile bytes on the DICOM port: nothing is left behind, the server stays up and stores the next good instance."""

import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.dimse_server import (
    CT,
    EXPLICIT,
    Running,
    address_of,
    doomed,
    proposals,
    running,
    store_command,
    wait_until,
)
from support.instances import INSTANCE, encode_dataset, make_instance

from radnode.archive.archive import Archive
from radnode.dimse.server import Patience
from radnode.dimse.upper.associate import decode_accept, decode_request, encode_request
from radnode.dimse.upper.command import Element, Field, decode_command, encode_command
from radnode.dimse.upper.endings import Ending, ProtocolError
from radnode.dimse.upper.pdu import encode_data, values_of
from radnode.dimse.upper.requesting import associate

STORE = proposals((CT, (EXPLICIT,)))
REQUEST = encode_request("RADNODE", "FUZZ", STORE, 16384)
DATASET = encode_dataset(make_instance())
COMMAND = b"\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"


@pytest.fixture(scope="module")
def server(archive: Archive) -> Iterator[Running]:
    with running(archive, patience=Patience(request=1, grace=2)) as server:
        yield server


def throw(server: Running, data: bytes) -> None:
    """Send bytes, then hang up as someone does whose cable was pulled."""
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.settimeout(10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            sock.sendall(data)
        except OSError:
            return


def assert_is_well(server: Running, archive: Archive) -> None:
    with associate(address_of(server), STORE) as requested:
        requested.messages.send(1, store_command(INSTANCE), DATASET)
        assert requested.response(Field.C_STORE, 1).number(Element.STATUS) == 0
    wait_until(lambda: not list(archive.layout.incoming.rglob("*.part")))


def test_a_flood_of_noise(server: Running, archive: Archive) -> None:
    noise = random.Random(7)
    for _ in range(30):
        throw(server, noise.randbytes(noise.randrange(1, 20_000)))
    assert_is_well(server, archive)


def test_mutated_conversations(server: Running, archive: Archive) -> None:
    noise = random.Random(11)
    with associate(address_of(server), STORE) as requested:
        assert requested.accepted
    good = REQUEST + encode_data(1, COMMAND, 16384, is_command=True) + encode_data(1, DATASET, 4096, is_command=False)
    for _ in range(60):
        mutated = bytearray(good)
        for _ in range(noise.randrange(1, 8)):
            mutated[noise.randrange(len(mutated))] = noise.randrange(256)
        throw(server, bytes(mutated[: noise.randrange(1, len(mutated))]))
    assert_is_well(server, archive)


@pytest.mark.parametrize("kind", range(9))
def test_every_kind_of_pdu_before_and_within_an_association(server: Running, archive: Archive, kind: int) -> None:
    pdu = struct.pack(">BxL", kind, 4) + bytes(4)
    throw(server, pdu)
    throw(server, REQUEST + pdu)
    throw(server, REQUEST + REQUEST)
    assert_is_well(server, archive)


def test_a_hundred_and_twenty_eight_contexts_that_nobody_knows(server: Running, archive: Archive) -> None:
    unknown = proposals(*((f"1.2.3.4.{number}", tuple(f"1.2.{place}" for place in range(40))) for number in range(128)))
    with associate(address_of(server), unknown) as requested:
        assert requested.accepted == {}
    assert_is_well(server, archive)


def test_data_of_contexts_that_were_not_accepted_or_not_announced(server: Running, archive: Archive) -> None:
    for context, is_command in ((3, True), (1, False), (255, False)):
        with doomed(server, STORE) as requested:
            data = encode_data(context, COMMAND, 16384, is_command=is_command)
            requested.messages.connection.send(data, time.monotonic() + 5)
            with pytest.raises(Ending):
                requested.next_command()
    assert_is_well(server, archive)


def test_a_sender_that_vanishes_at_any_byte(server: Running, archive: Archive) -> None:
    command = encode_command({**store_command("1.2.3.4"), Element.DATA_SET_TYPE: 1})
    whole = REQUEST + encode_data(1, command, 16384, is_command=True) + encode_data(1, DATASET, 512, is_command=False)
    for end in range(1, len(whole), 97):
        throw(server, whole[:end])
    assert_is_well(server, archive)
    assert len(list((archive.layout.root / "studies").rglob("*.dcm"))) == 1


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_decoders_raise_nothing_but_protocol_errors(data: bytes) -> None:
    for decode in (decode_request, decode_accept, decode_command, lambda data: list(values_of(memoryview(data)))):
        for bytes_ in (data, bytes(68) + data):
            with suppress(ProtocolError):
                assert decode(bytes_) is not None


def test_the_folder_of_temporary_files_is_where_this_looks(archive: Archive) -> None:
    with archive.receive(EXPLICIT, sop_class=CT, sop_instance="1.2.3") as receiving:  # type: ignore[arg-type]
        receiving.write(b"x")
        assert list(archive.layout.incoming.rglob("*.part"))
    assert isinstance(archive.layout.incoming, Path)
