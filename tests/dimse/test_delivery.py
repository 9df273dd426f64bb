"""The send queue at work, over real sockets: everything arrives once, whatever its destination does."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydicom import dcmread
from pynetdicom import AE, evt
from support.archives import store, store_file
from support.certificates import settings as certificates
from support.dimse_server import CT, EXPLICIT, address_of, proposals, running, store_command, wait_until
from support.disks import fill, small_file_system
from support.errands import run_by_courier
from support.inbox import Inbox, peer_at, receiving
from support.instances import bundled, encode_dataset, make_instance
from support.peers import free_port
from support.secured import World

from radnode.archive.archive import Archive
from radnode.archive.stored import Stored
from radnode.dimse.delivery.delivery import Delivery
from radnode.dimse.delivery.metrics import DeliveryMetrics
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import associate
from radnode.model.errors import Mismatch, NotDicom, OutOfResources
from radnode.sections.queue import QueueSettings
from radnode.settings import Peer, Settings, TlsSettings
from radnode.work.queue import Item, Order, Queue, State
from radnode.work.queue_view import Selection, drop, items, standings
from radnode.work.work_file import WorkFile

FAST = QueueSettings(first_delay=0.05, longest_delay=0.2)
NO_TLS = TlsSettings()
PRIVATE = "1.2.826.0.1.3680043.10.543.9"


def until(condition: Callable[[], object]) -> None:
    wait_until(condition, 60)  # the machine may be busy with other tests


class Sender:
    """An archive and its queue."""

    def __init__(self, archive: Archive, work: WorkFile) -> None:
        self.archive, self.work, self.queue = archive, work, Queue(work)

    def enqueue(self, count: int, *destinations: str, first: int = 1) -> list[Stored]:
        stored = [store(self.archive, make_instance(SOPInstanceUID=f"1.2.3.{n}")) for n in range(first, first + count)]
        self.order(stored, *destinations)
        return stored

    def order(self, stored: Iterable[Stored], *destinations: str) -> None:
        orders = [Order(one.path, one.header.sop_instance, title) for one in stored for title in destinations]
        self.queue.enqueue(orders, time.time(), again=True)

    @contextmanager
    def delivering(self, *peers: Peer, settings: QueueSettings = FAST, tls: TlsSettings = NO_TLS) -> Iterator[None]:
        """The errand runs while the block does, and has ended behind it."""
        delivery = Delivery(self.archive, self.work, Settings(peers=peers, queue=settings, tls=tls))
        with run_by_courier(delivery):
            yield

    def items(self, destination: str = "RADNODE") -> list[Item]:
        return items(self.work, Selection(destination=destination), limit=10_000)

    def states(self, destination: str = "RADNODE") -> Counter[State]:
        return Counter(item.state for item in self.items(destination))

    def is_done(self, destination: str = "RADNODE") -> bool:
        return set(self.states(destination)) == {State.DONE}


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    with Archive.open(tmp_path / "archive") as archive, WorkFile.open(archive.layout.work) as work:
        yield Sender(archive, work)


def names(stored: Iterable[Stored]) -> list[str]:
    return [one.header.sop_instance for one in stored]


def test_a_thousand_times_an_object_arrives_once_and_over_few_associations(sender: Sender) -> None:
    titles = ["PACS", "WS1", "WS2", "RESEARCH"]
    stored, inboxes = sender.enqueue(250, *titles), {title: Inbox() for title in titles}
    with ExitStack() as stack:
        ports = {title: free_port() for title in titles}
        servers = [stack.enter_context(receiving(inboxes[title], ports[title], title)) for title in titles]
        with sender.delivering(*(peer_at(ports[title], title) for title in titles)):
            until(lambda: all(map(sender.is_done, titles)))
        for server in servers:
            until(lambda: sum(server.counted("ended").values()) >= 3)  # noqa: B023 - called at once
            assert sum(server.counted("ended").values()) <= 4
    assert {title: inbox.came for title, inbox in inboxes.items()} == dict.fromkeys(titles, names(stored))
    assert inboxes["PACS"].objects[names(stored)[0]]


def test_a_destination_that_is_down_gets_everything_once_it_is_up_and_keeps_nobody_waiting(sender: Sender) -> None:
    there, away, port, closed = Inbox(), Inbox(), free_port(), free_port()
    stored = sender.enqueue(5, "THERE", "AWAY")
    with receiving(there, port, "THERE"), sender.delivering(peer_at(closed, "AWAY"), peer_at(port, "THERE")):
        until(lambda: sender.is_done("THERE"))
        until(lambda: (hold := sender.queue.held("AWAY")) and hold.attempts > 2)
        until(lambda: sender.states("AWAY") == {State.WAITING: 5})
        assert {item.attempts for item in sender.items("AWAY")} == {0}
        hold = sender.queue.held("AWAY")
        assert hold is not None
        assert "cannot connect" in hold.error
        with receiving(away, closed, "AWAY"):
            until(lambda: sender.is_done("AWAY"))
    assert there.came == away.came == names(stored)
    assert sender.queue.held("AWAY") is None


def test_each_refusal_has_its_own_end(sender: Sender) -> None:
    mismatch, unclear, full = "1.2.3.1", "1.2.3.2", "1.2.3.3"
    fullness = iter([OutOfResources("full"), OutOfResources("full")])
    wrong = {mismatch: Mismatch("DOE^JOHN"), unclear: NotDicom("DOE^JOHN")}

    def heed(sop_instance: str) -> None:
        if error := wrong.get(sop_instance) or (sop_instance == full and next(fullness, None)):
            raise error

    inbox, port = Inbox(heed=heed), free_port()
    sender.enqueue(5, "RADNODE")
    with receiving(inbox, port), sender.delivering(peer_at(port)):
        until(lambda: sender.states() == {State.DONE: 3, State.DEAD: 2})
    came = Counter(inbox.came)
    assert came == {mismatch: 1, unclear: 3, full: 3, "1.2.3.4": 1, "1.2.3.5": 1}
    dead = {str(item.sop_instance): item.error for item in sender.items() if item.state is State.DEAD}
    assert dead[mismatch].startswith("A900 ")
    assert dead[unclear].startswith("C000 ")
    assert "DOE" not in str(dead)


def test_what_a_destination_does_not_take_at_all_is_dead_at_once(sender: Sender) -> None:
    private = store(sender.archive, make_instance(SOPClassUID=PRIVATE, SOPInstanceUID="1.2.3.77"))
    sender.order([private], "RADNODE")
    port = free_port()
    with receiving(Inbox(), port), sender.delivering(peer_at(port)):
        until(lambda: sender.states() == {State.DEAD: 1})
    assert "no context for" in sender.items()[0].error


def test_what_was_deleted_or_replaced_goes_with_a_note(sender: Sender) -> None:
    deleted, replaced = sender.enqueue(2, "RADNODE")
    sender.archive.forget(deleted.path)
    newer = store(sender.archive, make_instance(SOPInstanceUID=replaced.header.sop_instance, StudyDescription="NEWER"))
    sender.order([newer], "RADNODE")
    inbox, port = Inbox(), free_port()
    with receiving(inbox, port), sender.delivering(peer_at(port)):
        until(sender.is_done)
    assert inbox.came == [newer.header.sop_instance]
    assert sorted(item.error for item in sender.items()) == ["", *["deleted or replaced before it was sent"] * 2]


def test_what_has_lost_its_end_on_the_disk_is_not_sent_but_told(sender: Sender) -> None:
    cut, gone, garbled, *_ = stored = sender.enqueue(4, "RADNODE")
    place = sender.archive.layout.current
    place(cut.path).write_bytes(place(cut.path).read_bytes()[:-100])
    place(gone.path).unlink()
    place(garbled.path).write_bytes(bytes(place(garbled.path).stat().st_size))
    inbox, port = Inbox(), free_port()
    with receiving(inbox, port), sender.delivering(peer_at(port)):
        until(lambda: sender.states() == {State.DONE: 1, State.DEAD: 3})
    assert inbox.came == names(stored)[3:]
    dead = [item.error for item in sender.items() if item.state is State.DEAD]
    assert "has not the length" in dead[0]
    assert "No such file" in dead[1]


def test_what_cannot_be_sent_for_long_is_a_dead_letter(sender: Sender) -> None:
    sender.enqueue(3, "RADNODE")
    with sender.delivering(peer_at(free_port()), settings=FAST.model_copy(update={"give_up_after": 0.2})):
        until(lambda: sender.states() == {State.DEAD: 3})
    assert all("cannot connect" in item.error for item in sender.items())


def test_stopping_waits_for_the_object_on_its_way_and_the_rest_goes_later(sender: Sender) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def heed(_: str) -> None:
        arrived.set()
        go_on.wait(60)

    inbox, port = Inbox(heed=heed), free_port()
    stored = sender.enqueue(4, "RADNODE")
    with receiving(inbox, port):
        with sender.delivering(peer_at(port)):
            until(arrived.is_set)
            threading.Timer(0.1, go_on.set).start()
        assert sender.states() == {State.DONE: 1, State.WAITING: 3}
        with sender.delivering(peer_at(port)):
            until(sender.is_done)
    assert inbox.came == names(stored)


def test_several_associations_share_the_work(sender: Sender) -> None:
    together = threading.Barrier(2, timeout=60)
    inbox, port = Inbox(heed=lambda name: together.wait() if name in ("1.2.3.1", "1.2.3.101") else None), free_port()
    stored = sender.enqueue(102, "RADNODE")
    with (
        receiving(inbox, port),
        sender.delivering(peer_at(port), settings=FAST.model_copy(update={"associations": 2})),
    ):
        until(sender.is_done)
    assert sorted(inbox.came) == sorted(names(stored))


def test_a_sender_is_told_to_come_again_where_the_queue_cannot_be_written(tmp_path: Path) -> None:
    name = "1.2.3.1"
    data = encode_dataset(make_instance(SOPInstanceUID=name))
    rules = {"peers": (peer_at(104, "PACS"),), "rules": ({"name": "all", "to": "PACS"},)}
    with small_file_system(tmp_path / "disk") as disk, Archive.open(disk) as archive:
        store(archive, make_instance(SOPInstanceUID=name))  # so that nothing but the queue has to be written
        with running(archive, settings=Settings.model_validate(rules)) as server:
            with associate(address_of(server), proposals((CT, (EXPLICIT,)))) as requested:

                def status() -> int:
                    requested.messages.send(1, store_command(name), data)
                    return requested.response(Field.C_STORE, 1).number(Element.STATUS)

                ballast = fill(disk)
                assert status() == 0xA700
                ballast.unlink()
                assert status() == 0
            assert [item.sop_instance for item in items(server.work, Selection(), 9)] == [name]


def test_what_is_waiting_or_dead_is_measured(sender: Sender) -> None:
    sender.enqueue(3, "RADNODE")
    metrics = DeliveryMetrics(registry := CollectorRegistry())
    metrics.stand(standings(sender.work), time.time() + 100)
    value = registry.get_sample_value
    assert value("radnode_queue_items", {"destination": "RADNODE", "state": "waiting"}) == 3
    assert 100 <= (value("radnode_queue_oldest_seconds", {"destination": "RADNODE"}) or 0) < 110
    drop(sender.work, Selection(destination="RADNODE"))
    metrics.stand(standings(sender.work), time.time())
    assert value("radnode_queue_items", {"destination": "RADNODE", "state": "waiting"}) == 0


def test_what_a_destination_does_not_take_as_it_is_stored_is_transcoded(sender: Sender) -> None:
    packed = store_file(sender.archive, bundled("MR_small_RLE.dcm").read_bytes())
    sender.order([packed], "PLAIN")
    took: list[bytes] = []
    ae = AE("PLAIN")
    ae.add_supported_context(packed.header.sop_class, EXPLICIT)

    def take(event: Any) -> int:
        took.append(event.dataset.PixelData)
        return 0

    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, take)])
    assert server is not None
    try:
        with sender.delivering(peer_at(server.server_address[1], "PLAIN")):
            until(lambda: sender.is_done("PLAIN"))
    finally:
        server.shutdown()
    assert took == [dcmread(bundled("MR_small_RLE.dcm")).pixel_array.tobytes()]


def test_a_peer_is_called_over_tls_and_one_without_good_certificates_only_waits(sender: Sender, tmp_path: Path) -> None:
    world, inbox = World.made(tmp_path), Inbox()
    stored = sender.enqueue(2, "RADNODE")
    own = certificates(world.authority.sign("client"), world.authority.certificate)
    with running(inbox, credentials=world.credentials(client_certificates="required")) as server:
        peer = peer_at(server.tls_port).model_copy(update={"tls": True})
        with sender.delivering(peer):
            until(lambda: sender.queue.held("RADNODE"))
        with sender.delivering(peer, tls=own):
            until(sender.is_done)
    assert inbox.came == names(stored)
