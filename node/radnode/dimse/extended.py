"""SOP class extended negotiation of query and retrieve (PS3.4 C.5.1.1, C.5.2.1, C.5.3.1): the options in force."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """What was negotiated for a query or retrieve SOP class; where nothing was, everything is off."""

    relational: bool = False
    """Keys of all levels match, whatever the level asked for, and unique keys above it may be missing."""
    date_time: bool = False
    """Ranges of a date and of its time are one range of moments."""
    fuzzy: bool = False
    """Person names match loosely."""
    timezone: bool = False
    """Dates and times of the query are in the offset that it names."""
    enhanced_conversion: bool = False
    """Enhanced multi-frame images are found as classic ones, and the other way round."""
    empty_value: bool = False
    """A key of two quotation marks matches what is empty."""
    multiple_value: bool = False
    """A key of several values matches what has all of them."""

    def __and__(self, other: "QueryOptions") -> "QueryOptions":
        """What both have on."""
        both = {one.name: getattr(self, one.name) and getattr(other, one.name) for one in fields(self)}
        return QueryOptions(**both)


NO_OPTIONS = QueryOptions()
_RETRIEVE = ("relational", "enhanced_conversion")
BYTES: dict[str, tuple[str, ...]] = {
    "find": (
        "relational",
        "date_time",
        "fuzzy",
        "timezone",
        "enhanced_conversion",
        "empty_value",
        "multiple_value",
    ),
    "move": _RETRIEVE,
    "get": _RETRIEVE,
}
"""What the bytes of the service class application information stand for, in their order (tables C.5-1 to C.5-6)."""


def decode_options(service: str, information: bytes) -> QueryOptions:
    """The options that these bytes turn on: only 1 does that, and bytes that are missing say no."""
    names = BYTES.get(service, ())
    return QueryOptions(**{name: byte == 1 for name, byte in zip(names, information, strict=False)})


def encode_options(service: str, options: QueryOptions, length: int | None = None) -> bytes:
    """The bytes for `options`, `length` of them at most: an answer has no more than were asked for."""
    return bytes(getattr(options, name) for name in BYTES.get(service, ()))[:length]
