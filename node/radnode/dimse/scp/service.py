"""What a service class provider is to the association that calls it."""

from dataclasses import dataclass
from typing import Protocol

from radnode.dimse.upper.association import Association, Request
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
