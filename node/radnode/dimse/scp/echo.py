"""C-ECHO (PS3.4 Annex A)."""

from radnode.dimse.scp.service import Performed
from radnode.dimse.status import Status
from radnode.dimse.upper.association import Association, Request
from radnode.settings import Service


class EchoProvider:
    """Answers every C-ECHO with success."""

    service: Service = "echo"

    def perform(self, association: Association, request: Request) -> Performed:
        """Say that we are here (PS3.7 9.1.5)."""
        association.respond(request, Status.SUCCESS)
        return Performed(Status.SUCCESS, {})
