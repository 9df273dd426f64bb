"""radnode as service class user: the face that the command line calls.

    peer = parse_target("PACS@10.0.0.5:104", settings.peers)       # or the title of a listed peer; InvalidTarget
    caller = Caller(ae_title=settings.dicom.ae_title)              # tls=client_context(settings.tls) for peers with tls

    echo(peer, caller)                                              -> Echoed(status, milliseconds)
    for sent in send(peer, caller, files): ...                      -> Sent(path, status, comment), one for each file
    for match in find(peer, caller, Level.STUDY, keys): ...         -> Mapping[str, str]: keyword -> text
    for progress in get(peer, caller, Level.STUDY, keys, into): ... -> Progress; `into` is what objects are received by:
                                                                       an Archive, or a Folder(path)
    for progress in move(peer, caller, Level.STUDY, keys, destination): ... -> Progress

`keys` map keyword (or tag as "0010,0020") to the value asked for, "" to return it; `root=` is Root.STUDY unless given.
Everything raises CallFailed, with words for a person, where the association cannot be had, is lost, or the peer answers
an operation with a failure; a status of one object is a value, not an error.
"""

from radnode.dimse.scu.echo import echo
from radnode.dimse.scu.folder import Folder
from radnode.dimse.scu.query import find, move
from radnode.dimse.scu.retrieve import get
from radnode.dimse.scu.send import send
from radnode.dimse.scu.target import InvalidTarget, parse_target
from radnode.dimse.scu.values import Caller, CallFailed, Echoed, Progress, Sent

__all__ = [
    "CallFailed",
    "Caller",
    "Echoed",
    "Folder",
    "InvalidTarget",
    "Progress",
    "Sent",
    "echo",
    "find",
    "get",
    "move",
    "parse_target",
    "send",
]
