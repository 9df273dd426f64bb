"""pynetdicom as a peer that is asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from support.node import wait_for

from radnode.dimse.contexts import STUDY_ROOT_FIND
from radnode.settings import Peer


@contextmanager
def provider(handler: Callable[[Any], Iterator[Any]], sop_class: str = STUDY_ROOT_FIND) -> Iterator[Peer]:
    """A peer that answers each C-FIND with what `handler` yields."""
    ae = AE("PYNET")
    ae.add_supported_context(sop_class)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, handler)])
    assert server is not None
    try:
        yield Peer(title="PYNET", host="127.0.0.1", port=server.server_address[1])
    finally:
        server.shutdown()


def without_end(heard: list[bool]) -> Callable[[Any], Iterator[Any]]:
    """Fifty answers, and the last response only once it is cancelled, which it notes."""

    def answer(event: Any) -> Iterator[Any]:
        for number in range(50):
            match = Dataset()
            match.PatientID = str(number)
            yield 0xFF01, match
        wait_for(lambda: event.is_cancelled, what="C-CANCEL", deadline=20)
        heard.append(True)
        yield 0xFE00, None

    return answer
