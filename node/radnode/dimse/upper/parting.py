"""Awaiting the close of the transport connection (PS3.8 9.2, state 13)."""

import time
from contextlib import suppress

from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import UNEXPECTED_PDU, Ending, ProtocolError
from radnode.dimse.upper.pdu import Kind, PduReader, encode_abort

SECONDS = 2.0
"""The ARTIM timer of this state: what a peer gets to read our last words and to close."""


def await_close(connection: Connection, reader: PduReader) -> float:
    """After a release or a rejection: pass over what comes (AA-6) until the peer closes or aborts (AR-5, AA-2).

    An A-ASSOCIATE-RQ, or what is no PDU, is answered with an A-ABORT (AA-7), once. Returns the seconds that the peer
    then needs to read it; 0 where the connection can be closed at once.
    """
    deadline = time.monotonic() + SECONDS
    with suppress(Ending):
        reason = _misplaced(reader, deadline)
        if reason is not None:
            connection.send(encode_abort(reason), deadline)
            return SECONDS
    return 0.0


def _misplaced(reader: PduReader, deadline: float) -> int | None:
    """The reason to abort for what must not come any more; None where the peer aborts, or only goes on talking."""
    while time.monotonic() < deadline:
        try:
            kind, _ = reader.read_by(deadline)
        except ProtocolError as error:
            return error.reason
        if kind == Kind.ABORT:
            return None
        if kind == Kind.ASSOCIATE_RQ:
            return UNEXPECTED_PDU
    return None
