"""The endpoints of pictures, as rows of the table."""

from collections.abc import Mapping

from radnode_http.auth import Scope
from radnode_http.endpoints.endpoint import Endpoint, Failure, Header, Media, Otherwise
from radnode_http.errors import BUSY, DISABLED, NO_PIXELS, NO_PROCESS, NOT_FOUND, STOPPING
from radnode_http.params.pictures import ImageParameters, ThumbnailParameters
from radnode_http.picture_headers import RENDER_HEADERS
from radnode_http.views import pictures

_MEANINGS: Mapping[str, str] = {
    "frame": "The number of the frame that is shown, 1 the first.",
    "decoder": "What decoded the pixel data; none for native pixel data.",
    "modality": "How stored values became output units: rescaled, a lookup table, or none.",
    "voi": "Where the window or VOI lookup table came from.",
    "palette": "Which palette gave the colours.",
    "presentation": "What was done behind the window, such as inverting.",
    "overlays": "Which overlays were drawn.",
    "size": "What the picture was scaled from and to.",
}
_CACHING = (
    Header("ETag", "Another one means another picture: of other bytes, or another maker."),
    Header("Cache-Control", "private, for as long as render.max_age says."),
    Header("Vary", "Authorization: another caller has to ask."),
)
_FACTS = tuple(
    Header(header, _MEANINGS.get(fact, "How the picture was made.")) for fact, header in RENDER_HEADERS.items()
)
_PICTURE = Media(("image/png", "image/jpeg"), "The picture.", headers=(*_CACHING, *_FACTS))
_KNOWN = Otherwise(304, "The client has it already, as If-None-Match says.", has_body=False, headers=_CACHING)
_CONDITION = Header("If-None-Match", "ETags of pictures that the client has.")
POOL_FAILURE = Failure(
    503,
    (DISABLED, BUSY, NO_PROCESS, STOPPING, "<why the index cannot be read for now>"),
    (Header("Retry-After", "Seconds after which to ask again, where too much was asked for at once."),),
)
"""Of whatever the render pool makes."""
_FAILURES = (
    Failure(
        400,
        (
            NO_PIXELS,
            "Parameter <name> <what it must be>",
            "Parameter frame must be from 1 to <the number of frames>",
            "Unknown parameter <name>",
        ),
    ),
    Failure(404, (NOT_FOUND,)),
    Failure(422, ("Cannot convert pixel array to image: <why>",)),
    POOL_FAILURE,
)


def picture_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint for pictures."""
    return (
        Endpoint(
            "image",
            "GET",
            "/api/dicom/image/{file_path}",
            pictures.image,
            Scope.READ,
            "Picture of a file",
            _PICTURE,
            "One frame, the first unless another is asked for, in its own size unless a smaller one is. Unknown and"
            " repeated parameters are refused. The same request has the same bytes.",
            query=ImageParameters,
            failures=_FAILURES,
            otherwise=(_KNOWN,),
            asks=(_CONDITION,),
        ),
        Endpoint(
            "thumbnail",
            "GET",
            "/api/dicom/thumbnail/{file_path}",
            pictures.thumbnail,
            Scope.READ,
            "Small picture of a file",
            _PICTURE,
            "As the image, but for its defaults: small, JPEG, and of many frames the one that stands for all.",
            query=ThumbnailParameters,
            failures=_FAILURES,
            otherwise=(_KNOWN,),
            asks=(_CONDITION,),
        ),
    )
