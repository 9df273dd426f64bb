"""What a service class provider is to the association that calls it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from radnode.dimse.status import Refusal, Status, refusal_of
from radnode.dimse.upper.association import Association, Request
from radnode.model.errors import RadnodeError
from radnode.settings import Service


@dataclass(frozen=True, slots=True)
class Performed:
    """One operation as the log and the metrics tell it; `detail` holds no patient data."""

    status: int
    detail: dict[str, object]


class Provider(Protocol):
    """Performs the requests of one service."""

    service: Service

    def perform(self, association: Association, request: Request) -> Performed:
        """Answer `request` with all its responses. Raises an Ending when the association ends meanwhile."""
        ...


def concluded(
    association: Association,
    request: Request,
    act: Callable[[], object],
    refusing: Callable[[RadnodeError], Refusal] = refusal_of,
) -> tuple[Status, str]:
    """Answer `request` for the last time: with success once `act` is done, or with what it was refused for.

    What is left of the data set is passed over before. `refusing` tells what the service's peer is told of an error.
    The status and the comment, as they were sent.
    """
    status, comment = Status.SUCCESS, ""
    try:
        act()
    except RadnodeError as error:
        refusal = refusing(error)
        status, comment = refusal.status, refusal.comment
    except Refusal as refusal:
        status, comment = refusal.status, refusal.comment
    association.skip_data_set()
    association.respond(request, status, comment=comment)
    return status, comment
