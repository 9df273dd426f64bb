"""pynetdicom as user, without the race that its own thread runs against whoever sends a request."""

import threading

from pynetdicom.association import Association
from support.dimse_server import wait_until


class _Checkpoint(threading.Event):
    """Cleared means that the thread which takes requests of the peer is really waiting, not about to.

    Otherwise it now and then takes the first response for such a request, and drops it.
    """

    def __init__(self, association: Association) -> None:
        super().__init__()
        self._association = association
        self.set()

    def clear(self) -> None:
        super().clear()
        wait_until(lambda: self._cond._waiters or not self._association.is_alive())  # type: ignore[attr-defined]


def steady(association: Association) -> Association:
    """The association, which loses no response any more."""
    association._reactor_checkpoint = _Checkpoint(association)
    return association
