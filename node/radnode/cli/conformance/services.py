"""What each service does as provider: in words, and the statuses that it answers with (PS3.4, PS3.7 Annex C)."""

from collections.abc import Mapping
from dataclasses import dataclass

from radnode.settings import Service


@dataclass(frozen=True, slots=True)
class Provided:
    """A service class that the node provides."""

    title: str
    activity: str
    """The real-world activity in which peers use it."""
    behaviour: tuple[str, ...]
    statuses: tuple[tuple[int, str], ...]


_ALWAYS = (
    (0x0000, "Success"),
    (0x0122, "The SOP class of the command is not that of its presentation context"),
    (0x0124, "The peer may not do this"),
    (0x0211, "The command is none that the node performs in this context"),
)
_FIND = (
    (0xA700, ("Out of resources: the index is unavailable, the identifier exceeds 1 MiB, or there are more matches than"
     " `query.max_matches`")),
    (0xA900, "The identifier is no query of this SOP class; ErrorComment says why"),
    (0xC000, "The identifier cannot be understood"),
    (0xFE00, "Ended by C-CANCEL"),
    (0xFF00, "A match; every key was looked at"),
    (0xFF01, "A match; an optional key is not supported"),
)  # fmt: skip
_RETRIEVE = (
    (0xA701, "Out of resources: the matches cannot be counted, or the identifier exceeds 1 MiB"),
    (0xA702, "No sub-operation could be performed, or more objects than `retrieve.max_instances` are named"),
    (0xA900, "The identifier names nothing that can be retrieved by this SOP class; ErrorComment says why"),
    (0xB000, "Ended; some sub-operations failed or had warnings (Failed SOP Instance UID List)"),
    (0xC000, "The identifier cannot be understood"),
    (0xFE00, "Ended by C-CANCEL"),
    (0xFF00, "Sub-operations go on; the counters say how far"),
)
_NAMED = (
    "Every level of the model. The unique key of the level has a value or a list of UIDs; other keys are passed over."
)
_TRANSCODED = (
    "An object goes as it is stored, where that transfer syntax was accepted, else in one that was, decoded or encoded"
    " without a loss."
)
_ALONE = "An object that cannot be read or sent fails alone. C-CANCEL is heeded after each sub-operation."
PROVIDED: Mapping[Service, Provided] = {
    "echo": Provided("Verification", "A peer verifies that the node answers", ("Always answered with success.",), ()),
    "store": Provided(
        "Storage",
        "A peer stores composite objects",
        (
            (
                "Level 2 (full): every attribute is kept, private ones too; the data set's bytes are not changed,"
                " nor transcoded, nor coerced."
            ),
            "Success is answered once the object is on the disk and in the index, both flushed.",
            (
                "A second object under the same SOP Instance UID: the same or an equal one changes nothing; one that"
                " differs becomes current, and the older one is kept aside."
            ),
            (
                "SOP class, SOP, Series and Study Instance UID are those of the data set; objects without them are"
                " refused."
            ),
        ),
        (
            (0x0117, "The SOP Instance UID is none"),
            (0xA700, "Out of resources: disk full, index unavailable, or larger than `dicom.max_object_size`"),
            (0xA900, "The data set is not of the SOP class or instance that the command announced"),
            (0xC000, "No data set, truncated, or without a proper Study or Series Instance UID"),
        ),
    ),
    "find": Provided(
        "Query/Retrieve: FIND",
        "A peer searches the archive",
        (
            "Every level of the model is supported; unique keys above the level may be missing.",
            "Answers carry every requested key, as stored; what is not known has zero length.",
            "C-CANCEL is heeded within 50 answers, or 20 ms of searching.",
        ),
        _FIND,
    ),
    "get": Provided(
        "Query/Retrieve: GET",
        "A peer retrieves over its own association",
        (
            _NAMED,
            "The requestor has to offer to be SCP of the storage classes (role selection); objects of others fail.",
            _TRANSCODED,
            _ALONE,
        ),
        _RETRIEVE,
    ),
    "move": Provided(
        "Query/Retrieve: MOVE",
        "A peer has objects sent to a destination",
        (
            _NAMED,
            "Destinations are the peers that the settings list, for each requestor those in its `destinations`.",
            "Sub-operations carry the Move Originator's AE title and message ID.",
            "More than 128 presentation contexts take several associations.",
            _TRANSCODED,
            _ALONE,
        ),
        (*_RETRIEVE, (0xA801, "The move destination is unknown, or the node itself")),
    ),
    "commit": Provided(
        "Storage Commitment Push Model",
        "A peer asks for commitment",
        (
            (
                "N-ACTION (type 1) is kept durably before it is answered; then each object is read from the disk and"
                " its digest compared."
            ),
            (
                "N-EVENT-REPORT (types 1 and 2) goes out over the same association while it is open, or over one"
                " that the node begins, with the role of SCP; it is tried again over restarts."
            ),
            "Commitment has no end: the node deletes nothing by itself.",
        ),
        (
            (0x0110, "Processing failure: the data set cannot be read"),
            (0x0112, "The SOP instance is not the well-known one"),
            (0x0113, "Unknown event type"),
            (0x0115, "The request lacks what it must have"),
            (0x0118, "The SOP class is not that of storage commitment"),
            (0x0123, "Unknown action type"),
            (
                0x0213,
                "More objects than `commitment.max_objects`, too many are waiting, or the work file cannot be written",
            ),
        ),
    ),
    "worklist": Provided(
        "Modality Worklist",
        "A modality asks for its worklist",
        (
            "One answer for each scheduled procedure step that matches.",
            "Entries come by REST, by `radnode worklist`, and from worklist files in a folder.",
            "Ranges of the start date and of the start time of a step are one range of moments.",
        ),
        _FIND,
    ),
    "mpps": Provided(
        "Modality Performed Procedure Step",
        "A modality reports what it performs",
        (
            "N-CREATE begins a step, IN PROGRESS; N-SET changes it, and ends it as COMPLETED or DISCONTINUED.",
            "N-GET answers what was reported, by either SOP class; the retrieve class knows nothing else.",
            "What was reported is kept durably before it is answered, and shown by REST.",
            (
                "A scheduled step that it refers to (by Study Instance UID and Scheduled Procedure Step ID) is"
                " STARTED in the worklist, then COMPLETED or DISCONTINUED; `worklist.hide` says which of them are"
                " answered no more."
            ),
            "No attribute is coerced, in whatever state. A step is kept for `worklist.remember` days after a change.",
        ),
        (
            (0x0001, "N-GET: attributes of the list are not known, so not supported; the others are answered"),
            (0x0105, "An attribute may not be set by N-SET"),
            (0x0106, "An attribute has a value that it cannot have"),
            (0x0110, "Processing failure; with error ID A710: the step has ended and cannot be changed any more"),
            (0x0111, "There is such a step already"),
            (0x0112, "There is no such step"),
            (0x0117, "The SOP Instance UID is none"),
            (0x0118, "The SOP class is not that of the presentation context"),
            (0x0120, "An attribute is missing"),
            (0x0121, "An attribute has no value"),
            (0x0213, "The work file cannot be written, or the data set exceeds 16 MiB"),
        ),
    ),
}


def statuses_of(service: Service) -> tuple[tuple[int, str], ...]:
    """Every status of a service, in order."""
    return tuple(sorted((*_ALWAYS, *PROVIDED[service].statuses)))
