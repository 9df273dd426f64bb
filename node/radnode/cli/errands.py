"""What the courier has to do: the errands of a node with these settings."""

import threading
from typing import Protocol

from radnode.archive.archive import Archive
from radnode.dimse.delivery.committing import CommittingOfSent
from radnode.dimse.delivery.delivery import Delivery
from radnode.dimse.reporting import CommitmentReports
from radnode.settings import Settings
from radnode.work.work_file import WorkFile


class Errand(Protocol):
    """Something that is done for as long as the node runs."""

    @property
    def name(self) -> str:
        """What it is called in the log."""

    def run(self, stop: threading.Event) -> None:
        """Do it until `stop` is set; what was begun is left so that doing it again brings it to its end.

        May raise anything: it is called again then, with a growing delay.
        """


def errands(archive: Archive, work: WorkFile, settings: Settings) -> list[Errand]:
    """Every errand of this node, over an archive and a work file that the courier has opened for them."""
    return [kind(archive, work, settings) for kind in (Delivery, CommitmentReports, CommittingOfSent)]
