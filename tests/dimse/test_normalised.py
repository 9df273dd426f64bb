"""N-services in both directions over one association: requests cross, responses find who asked."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from support.dimse_server import EXPLICIT, wait_until

from radnode.dimse.upper.associate import ProposedContext
from radnode.dimse.upper.association import AcceptedContext, Association, Chore, Request
from radnode.dimse.upper.command import Command, Element, Field
from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import Ending, ProtocolError
from radnode.dimse.upper.exchange import Exchange
from radnode.dimse.upper.messages import Messages
from radnode.dimse.upper.pdu import RELEASE_REQUEST, PduReader
from radnode.dimse.upper.requesting import Requested

CLASS, INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
CONTEXT = AcceptedContext(1, CLASS, EXPLICIT, "commit")
EVENT: dict[int, int | str] = {Element.SOP_CLASS: CLASS, Element.SOP_INSTANCE: INSTANCE, Element.EVENT_TYPE: 2}
ACTION: dict[int, int | str] = {
    Element.REQUESTED_SOP_CLASS: CLASS,
    Element.REQUESTED_SOP_INSTANCE: INSTANCE,
    Element.ACTION_TYPE: 1,
}

Serve = Callable[[Association, Request], None]


def messages(sock: socket.socket) -> Messages:
    connection = Connection(sock)
    return Messages(connection, PduReader(connection, 16384, 5), {1: None}, 16384, 5)


@contextmanager
def exchange(serve: Serve, *, limit: int = 1000) -> Iterator[tuple[Exchange, Requested, list[Ending | None]]]:
    """A requestor's side, whose peer serves each request with `serve`; then how the peer's side ended."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _ = listening.accept()
    ended: list[Ending | None] = []

    def run() -> None:
        association = Association(messages(theirs), {1: CONTEXT})
        try:
            for request in association.requests():
                serve(association, request)
            ended.append(None)
        except Ending as ending:
            ended.append(ending)
        finally:
            association.end()

    thread = threading.Thread(target=run)
    thread.start()
    requested = Requested(messages(ours), {1: ProposedContext(1, CLASS, (EXPLICIT,))})
    try:
        yield Exchange(requested, limit=limit), requested, ended
        requested.messages.connection.send(RELEASE_REQUEST, float("inf"))
    finally:
        requested.messages.connection.part(0)
        thread.join(10)
        theirs.close()
    assert not thread.is_alive()


def test_a_response_names_what_it_is_about_and_brings_its_data_set() -> None:
    def serve(association: Association, request: Request) -> None:
        assert (request.sop_class, request.sop_instance) == (CLASS, INSTANCE)
        association.reply(request, 0x0107, (association.data_set(100) or b"")[::-1])

    with exchange(serve) as (user, _, _):
        reply = user.ask(1, Field.N_ACTION, ACTION, b"abcd")
    assert reply.status == 0x0107
    assert reply.data_set == b"dcba"
    assert reply.command.text(Element.SOP_INSTANCE) == INSTANCE
    assert reply.command.number(Element.ACTION_TYPE) == 1


def test_an_instance_that_was_made_is_named_in_the_response() -> None:
    def serve(association: Association, request: Request) -> None:
        assert association.data_set(3) is None  # longer than that
        association.reply(request, 0, sop_instance="1.2.3", comment="made")

    with exchange(serve) as (user, _, _):
        reply = user.ask(1, Field.N_CREATE, {Element.SOP_CLASS: CLASS}, b"abcd")
    assert reply.command.text(Element.SOP_INSTANCE) == "1.2.3"
    assert reply.command.text(Element.ERROR_COMMENT) == "made"


@pytest.mark.parametrize("first", ["response", "report"])
def test_a_report_crosses_requests_and_its_response_finds_who_sent_it(first: str) -> None:
    heard: list[Command | None] = []

    def serve(association: Association, request: Request) -> None:
        association.skip_data_set()
        if request.field == Field.N_ACTION and first == "response":
            association.respond(request, 0)
        if request.field == Field.N_ACTION:
            association.ask(request.context, Field.N_EVENT_REPORT, EVENT, b"result", heard.append)
        if not (request.field == Field.N_ACTION and first == "response"):
            association.respond(request, 0)

    with exchange(serve) as (user, _, _):
        assert user.ask(1, Field.N_ACTION, ACTION, b"list").status == 0
        assert user.ask(1, Field.N_SET, ACTION, b"more").status == 0  # while the peer waits for our response
        report = user.next_request(5)
        assert report is not None
        assert report.data_set == b"result"
        assert report.command.number(Element.EVENT_TYPE) == 2
        user.answer(report, 0x0110)
        assert user.ask(1, Field.N_SET, ACTION).status == 0
        assert user.next_request(0) is None
    assert [one and one.number(Element.STATUS) for one in heard] == [0x0110]


def test_who_waits_for_a_response_is_told_that_the_association_ended() -> None:
    heard: list[Command | None] = []

    def serve(association: Association, request: Request) -> None:
        association.respond(request, 0)
        association.ask(request.context, Field.N_EVENT_REPORT, EVENT, b"result", heard.append)

    with exchange(serve) as (user, _, ended):
        user.ask(1, Field.N_ACTION, ACTION)
    assert ended == [None]
    assert heard == [None]


def test_a_chore_is_done_while_the_peer_is_quiet_and_closed_where_it_goes() -> None:
    done: list[str] = []

    def chore(name: str, steps: int) -> Chore:
        try:
            for step in range(steps):
                done.append(f"{name}{step}")
                yield
        finally:
            done.append(f"{name} closed")

    def serve(association: Association, request: Request) -> None:
        association.skip_data_set()
        if request.field == Field.N_ACTION:
            association.meanwhile(chore("a", 2))
            association.meanwhile(chore("b", 1 << 60))
        association.respond(request, 0)

    with exchange(serve) as (user, _, _):
        user.ask(1, Field.N_ACTION, ACTION)
        wait_until(lambda: len(done) > 10)
        assert user.ask(1, Field.N_SET, ACTION).status == 0  # it has time for others in between
    assert done[:5] == ["a0", "b0", "a1", "a closed", "b1"]
    assert done.count("b closed") == 1


@pytest.mark.parametrize("field", [0x8100, 0x8001])
def test_a_response_that_nobody_waits_for_ends_the_association(field: int) -> None:
    with exchange(lambda association, request: association.respond(request, 0)) as (user, requested, ended):
        user.ask(1, Field.N_SET, ACTION)
        requested.messages.send(1, {Element.COMMAND_FIELD: field, Element.RESPONDED_TO: 1, Element.STATUS: 0})
    assert isinstance(ended[0], ProtocolError)


def test_an_answer_longer_than_the_limit_ends_the_association() -> None:
    def serve(association: Association, request: Request) -> None:
        association.reply(request, 0, b"x" * 100)

    with exchange(serve, limit=99) as (user, _, _), pytest.raises(ProtocolError, match="more than 99 bytes"):
        user.ask(1, Field.N_ACTION, ACTION)
