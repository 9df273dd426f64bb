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
def pacs(handler: Handler) -> Iterator[Peer]:
    """A peer that offers C-GET in the Study Root model, and nothing else."""
    ae = AE("PYNET")
    ae.add_supported_context(STUDY_ROOT_GET)
    ae.add_supported_context(CT, EXPLICIT, scu_role=True, scp_role=True)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_GET, handler)])
    assert server is not None
    try:
        yield Peer(title="PYNET", host="127.0.0.1", port=server.server_address[1])
    finally:
        server.shutdown()
