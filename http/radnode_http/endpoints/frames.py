"""The part of the table of endpoints that is about an image's frames."""

from radnode_http.answers.frames import FramesAnswer
from radnode_http.auth import Scope
from radnode_http.endpoints.endpoint import Endpoint, Failure
from radnode_http.endpoints.pictures import POOL_FAILURE
from radnode_http.errors import NO_PIXELS, NOT_FOUND
from radnode_http.views import frames


def frames_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint about the frames of a file."""
    return (
        Endpoint(
            "frames",
            "GET",
            "/api/dicom/frames/{file_path}",
            frames.frames,
            Scope.READ,
            "Frames of a file",
            FramesAnswer,
            "How many there are, how fast and how large they are shown, and the presets of the first.",
            failures=(
                Failure(400, (NO_PIXELS, "Unknown parameter <name>")),
                Failure(404, (NOT_FOUND,)),
                Failure(422, ("Cannot convert pixel array to image: <why>",)),
                POOL_FAILURE,
            ),
        ),
    )
