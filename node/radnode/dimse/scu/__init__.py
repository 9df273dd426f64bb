"""radnode as service class user: the face that the command line calls.

    peer = parse_target("PACS@10.0.0.5:104", settings.peers)       # or the title of a listed peer; InvalidTarget
    caller = Caller(ae_title=settings.dicom.ae_title)              # tls=client_context(settings.tls) for peers with tls

    echo(peer, caller)                                              -> Echoed(status, milliseconds)
    for sent in send(peer, caller, files): ...                      -> Sent(path, status, comment), one for each file
    for match in find(peer, caller, Level.STUDY, keys): ...         -> Match: keyword -> text, and as it nests
    for progress in get(peer, caller, Level.STUDY, keys, into): ... -> Progress; `into` is what objects are received by:
                                                                       an Archive, or a Folder(path)
    for progress in move(peer, caller, Level.STUDY, keys, destination): ... -> Progress
    commit(peer, caller, references, asked, wait=10)                -> Asked(transaction, results), results None if late

`keys` map keyword (or tag as "0010,0020") to the value asked for, "" to return it; what stands in a sequence is named
"ScheduledProcedureStepSequence.Modality". `root=` is Root.STUDY unless given, `asking=` says how it is asked.
`find_worklist(peer, caller, keys)` searches a modality worklist; `fetch` gets, or has the peer move objects here
where it does not offer C-GET.
Everything raises CallFailed, with words for a person, where the association cannot be had, is lost, or the peer answers
an operation with a failure; a status of one object is a value, not an error.
"""

from radnode.dimse.extended import QueryOptions
from radnode.dimse.scu.commit import Asked, commit
from radnode.dimse.scu.echo import echo
from radnode.dimse.scu.fetching import fetch
from radnode.dimse.scu.folder import Folder
from radnode.dimse.scu.identifiers import check
from radnode.dimse.scu.keys import name_of, parse_key
from radnode.dimse.scu.query import find, find_worklist, move
from radnode.dimse.scu.retrieve import Taker, get
from radnode.dimse.scu.send import send
from radnode.dimse.scu.target import InvalidTarget, parse_target
from radnode.dimse.scu.values import Asking, Caller, Echoed, Match, Progress, Sent
from radnode.dimse.upper.stopping import Stopping
from radnode.model.call_errors import Answered, CallFailed, Cancelled, InvalidKey, NoAnswer, NotOffered

__all__ = [
    "Answered",
    "Asked",
    "Asking",
    "CallFailed",
    "Caller",
    "Cancelled",
    "Echoed",
    "Folder",
    "InvalidKey",
    "InvalidTarget",
    "Match",
    "NoAnswer",
    "NotOffered",
    "Progress",
    "QueryOptions",
    "Sent",
    "Stopping",
    "Taker",
    "check",
    "commit",
    "echo",
    "fetch",
    "find",
    "find_worklist",
    "get",
    "move",
    "name_of",
    "parse_key",
    "parse_target",
    "send",
]
