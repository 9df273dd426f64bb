"""The endpoints of the send queue, as rows of the table."""

from radnode_http.answers.queue import DroppedAnswer, QueueAnswer, QueuedAnswer, ReplayedAnswer
from radnode_http.auth import Scope
from radnode_http.endpoints.endpoint import Endpoint, Failure
from radnode_http.errors import DISABLED, NOT_FOUND
from radnode_http.params.queue import ONE_OF_THREE, DropParameters, QueueParameters, ReplayWanted, SendingWanted
from radnode_http.views import queue

PATH = "/api/dicom/queue"
_PARAMETERS = ("Parameter <name> <what it must be>", "Unknown parameter <name>")
_FIELDS = ("Invalid JSON body", "Field <name> <what it must be>", "Unknown field <name>")
_BODY = (
    Failure(408, ("The request body came too slowly",)),
    Failure(413, (f"Request body exceeds maximum allowed size ({queue.MAX_BODY} bytes)",)),
    Failure(415, ("Content-Encoding is not supported",)),
)
_WRITING = (Failure(503, (DISABLED,)), Failure(507, ("<what the storage lacks>",)))


def queue_endpoints() -> tuple[Endpoint, ...]:
    """What is to be sent on, and what people decide over it."""
    return (*_sending(), *_deciding())


def _sending() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "queue",
            "GET",
            PATH,
            queue.show,
            Scope.READ,
            "What is to be sent on",
            QueueAnswer,
            "Each destination that has something waiting or dead, and single items, the dead ones by default.",
            query=QueueParameters,
            failures=(Failure(400, _PARAMETERS), Failure(503, (DISABLED, "<why the queue cannot be read for now>"))),
        ),
        Endpoint(
            "queue-add",
            "POST",
            PATH,
            queue.add,
            Scope.WRITE,
            "Send stored objects to a peer",
            QueuedAnswer,
            "They are queued before the answer comes, also those that were sent before, and sent in the background.",
            body=SendingWanted,
            failures=(
                Failure(400, (*_FIELDS, ONE_OF_THREE, queue.UNKNOWN_PEER)),
                Failure(404, (NOT_FOUND,)),
                *_BODY,
                *_WRITING,
            ),
        ),
    )


def _deciding() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "queue-replay",
            "POST",
            f"{PATH}/replay",
            queue.send_again,
            Scope.WRITE,
            "Send dead items again",
            ReplayedAnswer,
            "As if they had just come; their destinations are tried at once.",
            body=ReplayWanted,
            failures=(Failure(400, (*_FIELDS, queue.WHICH)), *_BODY, *_WRITING),
        ),
        Endpoint(
            "queue-drop",
            "DELETE",
            PATH,
            queue.forget,
            Scope.ADMIN,
            "Drop items from the queue",
            DroppedAnswer,
            "Nobody sends them then; the objects themselves stay. Items that are being sent are left to it.",
            query=DropParameters,
            failures=(Failure(400, (*_PARAMETERS, queue.WHICH)), *_WRITING),
        ),
    )
