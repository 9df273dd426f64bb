"""Which storage contexts a C-GET proposes: 127 at most, for classes that the peer names or for all there are.

A context has one transfer syntax in the end. Where few classes will come, each has a context for every transfer syntax,
so that objects come as they are stored.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from pynetdicom import StoragePresentationContexts

from radnode.dimse.contexts import STORAGE_CLASSES, TRANSFER_SYNTAXES
from radnode.dimse.scu.calling import EXPLICIT, IMPLICIT
from radnode.dimse.scu.query import find
from radnode.dimse.scu.values import Caller
from radnode.dimse.upper.requesting import MAX_CONTEXTS
from radnode.model.call_errors import CallFailed, Cancelled, NoAnswer
from radnode.model.level import Level, Root
from radnode.model.uid import InvalidUID, parse_uid
from radnode.settings import Peer

Context = tuple[str, tuple[str, ...]]
ROOM = MAX_CONTEXTS - 1
"""Contexts beside that of the C-GET itself."""
_COMPRESSED = (
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.5",
)
_USUAL = (EXPLICIT, IMPLICIT, *_COMPRESSED)
_RARE = tuple(sorted(TRANSFER_SYNTAXES["store"] - set(_USUAL)))
_MOST_STUDIES = 1000
_STUDY, _PATIENT, _CLASSES = "StudyInstanceUID", "PatientID", "SOPClassesInStudy"


def classes_of(peer: Peer, caller: Caller, keys: Mapping[str, str], root: Root) -> tuple[str, ...]:
    """The SOP classes of the studies that `keys` name, by a C-FIND; none where the peer does not tell.

    Raises NoAnswer and Cancelled; whatever else goes wrong need not mean that a C-GET would.
    """
    named = {key: keys[key] for key in (_PATIENT, _STUDY) if key in keys}
    if _STUDY not in named and root is Root.STUDY:
        return ()
    found: set[str] = set()
    try:
        for match in islice(find(peer, caller, Level.STUDY, {**named, _CLASSES: ""}, root=root), _MOST_STUDIES):
            classes = match.get(_CLASSES, "")
            if not classes:
                return ()
            found.update(parse_uid(one) for one in classes.split("\\"))
    except (NoAnswer, Cancelled):
        raise
    except (CallFailed, InvalidUID):
        return ()
    return tuple(sorted(found))


def contexts_for(classes: Sequence[str]) -> Iterator[list[Context]]:
    """The contexts of one association after the other; `classes` are those that will come, where that is known."""
    if classes and len(classes) * (len(_USUAL) + 1) <= ROOM:
        yield [(one, syntaxes) for one in classes for syntaxes in (*((one,) for one in _USUAL), _RARE)]
        return
    usual = [str(context.abstract_syntax) for context in StoragePresentationContexts]
    wanted = list(classes) or [*usual, *sorted(STORAGE_CLASSES.difference(usual))]
    for start in range(0, len(wanted), ROOM):
        yield [(one, _USUAL) for one in wanted[start : start + ROOM]]
