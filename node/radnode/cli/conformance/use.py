"""What the node does as user of others' services: which contexts it proposes in which activity."""

from dataclasses import dataclass

from radnode.dimse.contexts import (
    MODALITY_WORKLIST,
    MODELS,
    STORAGE_COMMITMENT,
    VERIFICATION,
)
from radnode.dimse.delivery.verdict import TRIES, Verdict, statuses
from radnode.dimse.scu.calling import EXPLICIT, IMPLICIT


@dataclass(frozen=True, slots=True)
class Used:
    """An activity in which the node calls a peer."""

    title: str
    activity: str
    sop_classes: tuple[str, ...]
    """Empty: the storage SOP classes of the objects in question."""
    transfer_syntaxes: tuple[str, ...]
    """Empty: the one that each object is stored in."""
    role: str
    behaviour: str


USED: tuple[Used, ...] = (
    Used(
        "Verify a peer",
        "`radnode echo`, REST",
        (VERIFICATION,),
        (IMPLICIT,),
        "SCU",
        "Tells the status and the time that it took.",
    ),
    Used(
        "Send objects",
        "`radnode send`, the send queue, sub-operations of C-MOVE",
        (),
        (),
        "SCU",
        "Success and warnings (Bxxx) count as stored. More than 128 presentation contexts take several associations."
        f" In the send queue an object is done after {statuses(Verdict.SENT)}. The destination is left alone for a"
        f" while after {statuses(Verdict.LATER)}. An object is given up, and shown to people, after"
        f" {statuses(Verdict.NEVER)}, and after {TRIES} times {statuses(Verdict.DOUBTFUL)}. After any other status it"
        " is tried again, ever later,"
        " until `queue.give_up_after`.",
    ),
    Used(
        "Search a peer",
        "`radnode find`, REST",
        tuple(model.find for model in MODELS.values()),
        (EXPLICIT, IMPLICIT),
        "SCU",
        "One context for each association. FF00 and FF01 are matches; C-CANCEL goes out at the limit, at Ctrl-C and"
        " when the node stops; any status but success, or cancel after that, is a failure.",
    ),
    Used(
        "Search a worklist",
        "`radnode find --worklist`",
        (MODALITY_WORKLIST,),
        (EXPLICIT, IMPLICIT),
        "SCU",
        "As searching a peer.",
    ),
    Used(
        "Retrieve here",
        "`radnode get`, REST jobs",
        tuple(model.get for model in MODELS.values()),
        (EXPLICIT, IMPLICIT),
        "SCU; SCP of storage classes by role selection",
        "The classes of a study are asked for first (SOPClassesInStudy): each is proposed with one context for every"
        " transfer syntax, so that objects come as they are stored. Where the peer does not tell them, 127 classes are"
        " proposed, and the others over further associations if something failed. By REST a C-MOVE to the node itself"
        " follows where the peer does not offer C-GET.",
    ),
    Used(
        "Have a peer send",
        "`radnode move`, REST jobs",
        tuple(model.move for model in MODELS.values()),
        (EXPLICIT, IMPLICIT),
        "SCU",
        "The destination is a title that the peer knows.",
    ),
    Used(
        "Ask for commitment",
        "`radnode send --commit`; rules with `commit = true`, for what they have sent on",
        (STORAGE_COMMITMENT,),
        (EXPLICIT, IMPLICIT),
        "SCU",
        "N-ACTION; the N-EVENT-REPORT is taken over the same association or a later one of the peer's.",
    ),
    Used(
        "Report commitment",
        "after a request for commitment whose association has ended",
        (STORAGE_COMMITMENT,),
        (EXPLICIT, IMPLICIT),
        "SCP by role selection",
        "N-EVENT-REPORT; tried again ever later, until `commitment.give_up_after`.",
    ),
)
"""In the order of a day's work."""
