"""Messages as real and broken senders cut them: over real sockets, into a real archive."""

import random
import struct
import time
from collections.abc import Iterator

import pytest
from support.dimse_server import (
    CT,
    EXPLICIT,
    IMPLICIT,
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
from radnode.dimse.upper.command import Element, encode_command
from radnode.dimse.upper.endings import Ending, PeerAborted
from radnode.dimse.upper.pdu import RELEASE_REQUEST, encode_fragment
from radnode.dimse.upper.requesting import Requested, associate

STORE = proposals((CT, (EXPLICIT,)), (CT, (IMPLICIT,)))
DATASET = encode_dataset(make_instance())
IN_TWOS = [DATASET[at : at + 2] for at in range(0, len(DATASET), 2)]
MOVE_ORIGINATOR: dict[int, int | str] = {0x1030: "WORKSTATION ", 0x1031: 77}  # AE title and message ID (PS3.7 9.1.1.1)


@pytest.fixture(scope="module")
def server(archive: Archive) -> Iterator[Running]:
    with running(archive) as server:
        yield server


def command(*, has_data_set: bool = True, message_id: int = 1) -> bytes:
    whole = {**store_command(INSTANCE, message_id=message_id), **MOVE_ORIGINATOR}
    return encode_command({**whole, Element.DATA_SET_TYPE: 0x0000 if has_data_set else 0x0101})


def value(data: bytes, control: int, context: int = 1) -> bytes:
    return struct.pack(">LBB", len(data) + 2, context, control) + data


def pdu(*values: bytes) -> bytes:
    body = b"".join(values)
    return struct.pack(">BxL", 4, len(body)) + body


def say(requested: Requested, *pdus: bytes) -> None:
    requested.messages.connection.send(b"".join(pdus), time.monotonic() + 5)


def status(requested: Requested) -> int:
    return requested.next_command()[1].number(Element.STATUS)


@pytest.mark.parametrize(
    "pdus",
    [
        [pdu(value(command(), 3), value(DATASET, 2))],
        [pdu(value(command(), 3), value(DATASET[:100], 0)), pdu(value(DATASET[100:], 0)), pdu(value(b"", 2))],
        [pdu(value(command()[:20], 1)), pdu(value(command()[20:], 1), value(b"", 3), value(b"", 0), value(DATASET, 2))],
        [pdu(value(command(), 3)), pdu(), pdu(value(DATASET[:2], 0), value(DATASET[2:], 2))],
        [pdu(value(command(), 3)), *(pdu(value(two, 0)) for two in IN_TWOS), pdu(value(b"", 2))],
    ],
)  # fmt: skip
def test_fragments_are_put_together_however_they_are_cut(server: Running, archive: Archive, pdus: list[bytes]) -> None:
    with associate(address_of(server), STORE) as requested:
        for _ in range(2):  # the same message ID again: each was answered before the next came
            say(requested, *pdus)
            assert status(requested) == 0
    (stored,) = (archive.layout.root / "studies").rglob("*.dcm")
    assert stored.read_bytes().endswith(DATASET)


@pytest.mark.parametrize(
    "pdus",
    [
        [pdu(value(DATASET, 2))],
        [pdu(value(DATASET, 2), value(command(), 3))],
        [pdu(value(command(), 3)), pdu(value(DATASET[:100], 0)), pdu(value(command(), 3))],
        [pdu(value(command(), 3)), pdu(value(DATASET[:100], 0)), pdu(value(DATASET[100:], 2, context=3))],
        [pdu(value(command(), 3, context=2))],
        [pdu(value(command(), 3)), pdu(value(DATASET[:100], 0)), RELEASE_REQUEST],
        [pdu(value(command(), 3)), struct.pack(">BxLLBB", 4, 6, 1000, 1, 0)],
        [pdu(value(command(), 3)), struct.pack(">BxLL", 4, 4, 0)],
        [pdu(value(command()[:30], 3))],
        [pdu(value(command()[:20], 1)), pdu(value(command()[20:], 3, context=3)), pdu(value(DATASET, 2, context=3))],
        [pdu(value(command()[:20], 1, context=3), value(command()[20:], 3)), pdu(value(DATASET, 2))],
    ],
)
def test_what_is_out_of_order_leaves_nothing(server: Running, archive: Archive, pdus: list[bytes]) -> None:
    with doomed(server, STORE) as requested:
        say(requested, *pdus)
        with pytest.raises(PeerAborted):
            requested.next_command()
    wait_until(lambda: not list(archive.layout.incoming.rglob("*.part")))
    with associate(address_of(server), STORE) as requested:
        say(requested, pdu(value(command(), 3), value(DATASET, 2)))
        assert status(requested) == 0


def test_a_command_that_announces_no_data_set_is_answered_before_one_that_comes_is_refused(server: Running) -> None:
    with doomed(server, STORE) as requested:
        say(requested, pdu(value(command(has_data_set=False), 3)))
        assert status(requested) == 0xC000
        say(requested, encode_fragment(1, DATASET, is_last=True))
        with pytest.raises(Ending):
            requested.next_command()


def test_messages_that_come_before_the_last_answer_went_out_are_answered_in_turn(server: Running) -> None:
    stores = [pdu(value(command(message_id=number), 3)) + pdu(value(DATASET, 2)) for number in range(1, 40)]
    with associate(address_of(server), STORE) as requested:
        say(requested, *stores)
        answered = [requested.next_command()[1] for _ in stores]
    assert [answer.number(Element.STATUS) for answer in answered] == [0] * len(stores)
    assert [answer.number(Element.RESPONDED_TO) for answer in answered] == list(range(1, 40))


@pytest.mark.parametrize("size", [1, 7, 4096, 32762, 40_000, 131_066, 700_000])
def test_an_object_survives_pdus_of_every_size_in_pieces_of_every_size(
    server: Running, archive: Archive, size: int
) -> None:
    uid = f"1.2.3.{size}"
    dataset = encode_dataset(make_instance(SOPInstanceUID=uid, PixelData=random.Random(size).randbytes(4 * size)))
    fragments = [dataset[at : at + size] for at in range(0, len(dataset), size)]
    whole = {**store_command(uid), Element.DATA_SET_TYPE: 0}
    sent = pdu(value(encode_command(whole), 3)) + b"".join(
        pdu(value(fragment, 0 if rest else 2)) for rest, fragment in enumerate(fragments, start=1 - len(fragments))
    )
    with associate(address_of(server), STORE) as requested:
        for start in range(0, len(sent), 30_011):
            say(requested, sent[start : start + 30_011])
        assert status(requested) == 0
    (stored,) = [
        path for path in (archive.layout.root / "studies").rglob("*.dcm") if path.read_bytes().endswith(dataset)
    ]
    assert stored.is_file()


def test_a_release_that_comes_with_the_last_object_is_confirmed_after_it(server: Running) -> None:
    with associate(address_of(server), STORE) as requested:
        say(requested, pdu(value(command(), 3)), pdu(value(DATASET, 2)), RELEASE_REQUEST)
        assert status(requested) == 0
        requested.messages.await_release()
