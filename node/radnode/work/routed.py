"""An archive whose new objects are queued for whom rules name, whatever brings them."""

from collections.abc import Iterator
from contextlib import contextmanager

from radnode.archive.archive import Archive
from radnode.archive.receiving import Receiving
from radnode.archive.stored import Stored
from radnode.model.route import Sender
from radnode.model.uid import UID
from radnode.work.routing import Router


class RoutedArchive:
    """Receives as the archive does, and has the router look at what was stored before anybody hears of success."""

    def __init__(self, archive: Archive, router: Router, sender: Sender, *, limit: int = 0) -> None:
        """Objects count as brought by `sender`; `limit` is in bytes of a data set, 0 is none."""
        self._archive = archive
        self._router = router
        self._sender = sender
        self._limit = limit

    @contextmanager
    def receive(self, transfer_syntax: UID, *, sop_class: str, sop_instance: str) -> Iterator["RoutedReceiving"]:
        """Begin to receive one object. Raises InvalidIdentity, OutOfResources."""
        with self._archive.receive(
            transfer_syntax, sop_class=sop_class, sop_instance=sop_instance, limit=self._limit
        ) as receiving:
            yield RoutedReceiving(receiving, self._router, self._sender)


class RoutedReceiving:
    """One object on its way in."""

    def __init__(self, receiving: Receiving, router: Router, sender: Sender) -> None:
        self._receiving = receiving
        self._router = router
        self._sender = sender

    def write(self, fragment: memoryview) -> None:
        """Take the next bytes. Raises OutOfResources, TooLarge."""
        self._receiving.write(fragment)

    def commit(self) -> Stored:
        """Make it stay, and queue it. Raises what Receiving.commit does, and OutOfResources."""
        stored = self._receiving.commit()
        self._router.route(stored, self._sender)
        return stored
