"""Nodes that commit for each other, and those who ask."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from support.archives import store
from support.dimse_server import TITLE, Running
from support.errands import run_by_courier
from support.instances import make_instance

from radnode.archive.archive import Archive
from radnode.dimse.commitment import WELL_KNOWN_INSTANCE
from radnode.dimse.contexts import STORAGE_COMMITMENT
from radnode.dimse.reporting import CommitmentReports
from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.exchange import Exchange, Message
from radnode.dimse.upper.requesting import Address, associate
from radnode.model.commitment import Reference
from radnode.model.uid import UID
from radnode.sections.commitment import CommitmentSettings
from radnode.settings import Peer, Settings, TlsSettings
from radnode.work.commitments import Transaction, select

EXPLICIT, IMPLICIT, BIG_ENDIAN = UID("1.2.840.10008.1.2.1"), UID("1.2.840.10008.1.2"), UID("1.2.840.10008.1.2.2")
CT, MR = UID("1.2.840.10008.5.1.4.1.1.2"), UID("1.2.840.10008.5.1.4.1.1.4")


def instance(number: int) -> UID:
    return UID(f"1.2.826.0.1.3680043.10.543.7.{number}")


def reference(number: int, sop_class: UID = CT) -> Reference:
    return Reference(sop_class, instance(number))


def fill(archive: Archive, numbers: Sequence[int]) -> list[Reference]:
    """Store objects; what a commitment calls them."""
    for number in numbers:
        store(archive, make_instance(SOPInstanceUID=instance(number), InstanceNumber=str(number)))
    return [reference(number) for number in numbers]


class User:
    """A requestor that says what it likes about commitment, and the answers it gets."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def ask(self, data_set: bytes, *, field: Field = Field.N_ACTION, kind: int = 1, **other: str) -> Message:
        """An N-ACTION (or N-EVENT-REPORT) with this data set."""
        about = {"sop_class": STORAGE_COMMITMENT, "sop_instance": WELL_KNOWN_INSTANCE} | other
        is_action = field == Field.N_ACTION
        elements: dict[int, int | str] = {
            Element.REQUESTED_SOP_CLASS if is_action else Element.SOP_CLASS: about["sop_class"],
            Element.REQUESTED_SOP_INSTANCE if is_action else Element.SOP_INSTANCE: about["sop_instance"],
            Element.ACTION_TYPE if is_action else Element.EVENT_TYPE: kind,
        }
        return self.exchange.ask(1, field, elements, data_set)


@contextmanager
def user(server: Running, *, calling: str = "TESTS", syntax: UID = EXPLICIT, provides: bool = False) -> Iterator[User]:
    """An association for storage commitment, as user or with the roles reversed."""
    contexts = [ProposedContext(1, STORAGE_COMMITMENT, (syntax,))]
    roles = [STORAGE_COMMITMENT] if provides else []
    address = Address("127.0.0.1", server.port, TITLE, calling)
    with associate(address, contexts, provider_of=roles, timeout=10) as requested:
        yield User(Exchange(requested, limit=1 << 20))


def transactions(server: Running) -> list[Transaction]:
    """What the node remembers, oldest first."""
    with server.work.reading() as connection:
        return select(connection, "1 ORDER BY id")


@contextmanager
def reporting(
    archive: Archive, server: Running, peers: Sequence[Peer], tls: TlsSettings | None = None, **settings: float
) -> Iterator[None]:
    """The courier's errand, while the block runs."""
    own = CommitmentSettings(**{"first_delay": 0.05, "longest_delay": 0.1, "timeout": 5, **settings})
    errand = CommitmentReports(
        archive, server.work, Settings(commitment=own, peers=tuple(peers), tls=tls or TlsSettings())
    )
    with run_by_courier(errand):
        yield
