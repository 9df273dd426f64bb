"""pynetdicom as a peer that objects are retrieved from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pynetdicom import AE, evt
from support.dimse_server import CT, EXPLICIT

from radnode.dimse.contexts import STUDY_ROOT_GET
from radnode.settings import Peer

Handler = Callable[[Any], Iterator[Any]]


@contextmanager
def pacs(sop_class: str, handler: Handler) -> Iterator[Peer]:
    """A peer that offers retrieval by this SOP class alone."""
    ae = AE("PYNET")
    ae.add_supported_context(sop_class)
    ae.add_supported_context(CT, EXPLICIT, scu_role=True, scp_role=True)
    ae.add_requested_context(CT, EXPLICIT)
    kind = evt.EVT_C_GET if sop_class == STUDY_ROOT_GET else evt.EVT_C_MOVE
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(kind, handler)])
    assert server is not None
    try:
        yield Peer(title="PYNET", host="127.0.0.1", port=server.server_address[1])
    finally:
        server.shutdown()
