"""What the verbs that call a peer have in common: naming it, and the keys of a query."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.refusal import Refused, shown
from radnode.dimse.credentials import BadCertificates, client_context
from radnode.dimse.scu import Caller, InvalidTarget, parse_target
from radnode.model.attributes import UNIQUE_KEY
from radnode.model.level import Level, Root
from radnode.settings import Peer

USUAL_KEYS: Mapping[Level, tuple[str, ...]] = {
    Level.PATIENT: ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    Level.STUDY: (
        "StudyInstanceUID", "PatientID", "PatientName", "StudyDate", "AccessionNumber", "ModalitiesInStudy",
        "StudyDescription",
    ),
    Level.SERIES: ("StudyInstanceUID", "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription"),
    Level.IMAGE: ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}  # fmt: skip
"""What is asked for at each level where no key is given."""
_LONGEST = 86400


@dataclass(frozen=True)
class Asked:
    """The query of a command line."""

    level: Level
    root: Root
    keys: Mapping[str, str]


def add_peer(parser: Parser) -> None:
    """The peer to call."""
    parser.add_argument("peer", metavar="PEER", help="title of a peer in the settings, or AET@host:port")
    parser.add_argument("--tls", action="store_true", help="call it over TLS, as peers with tls = true always are")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds to wait for it (default 60)")


def add_query(parser: Parser) -> None:
    """Level, model and keys of a query."""
    parser.add_argument("--level", choices=[level.name.lower() for level in Level], default="study")
    parser.add_argument("--root", choices=[root.name.lower() for root in Root], help="information model")
    parser.add_argument(
        "-k", "--key", action="append", default=[], metavar="KEYWORD[=VALUE]", help="match this value, or return it"
    )


def called(args: argparse.Namespace, loaded: Loaded) -> tuple[Peer, Caller]:
    """The peer that was named, and who calls it. Raises Refused."""
    if not 0 < args.timeout <= _LONGEST:
        raise Refused(f"--timeout {args.timeout:g}: must be above 0, and at most {_LONGEST} (a day)")
    try:
        peer = parse_target(args.peer, loaded.settings.peers)
    except InvalidTarget as error:
        raise Refused(str(error)) from error
    if args.tls:
        peer = peer.model_copy(update={"tls": True})
    try:
        tls = client_context(loaded.settings.tls) if peer.tls else None
    except BadCertificates as error:
        raise Refused(str(error)) from error
    return peer, Caller(loaded.settings.dicom.ae_title, args.timeout, tls)


def asked(args: argparse.Namespace) -> Asked:
    """The query that was written. Raises Refused."""
    level = Level[args.level.upper()]
    root = Root[args.root.upper()] if args.root else Root.PATIENT if level is Level.PATIENT else Root.STUDY
    if not root.has(level):
        raise Refused(f"--root {root.name.lower()}: has no level {level.name.lower()}")
    keys: dict[str, str] = {}
    for text in args.key:
        keyword, _, value = text.partition("=")
        if not keyword:
            raise Refused(f"--key {shown(text)}: must be KEYWORD or KEYWORD=VALUE, such as PatientID=4711")
        keys[keyword] = value
    return Asked(level, root, keys)


def asked_by_name(args: argparse.Namespace) -> Asked:
    """The query of a retrieval, which names its entities by unique keys (PS3.4 C.4.2.1.4.1, C.4.3.1.3.1).

    Raises Refused for one without the key of its level, or with a unique key that is empty or has a wildcard.
    """
    query = asked(args)
    values = {_keyword(name): value for name, value in query.keys.items()}
    own = UNIQUE_KEY[query.level].keyword
    if own not in values:
        raise Refused(f"--level {query.level.name.lower()}: needs --key {own}=VALUE, which says what is to be had")
    for keyword in (attribute.keyword for attribute in UNIQUE_KEY.values()):
        value = values.get(keyword)
        if value is not None and (not value.strip() or set(value) & set("*?")):
            told = shown(f"{keyword}={value}")
            raise Refused(f"--key {told}: must be a value without wildcards; radnode find tells which there are")
    return query


def _keyword(name: str) -> str:
    """The keyword of a unique key that was named by its tag, `0020,000D`; any other name as it is."""
    tag = name.strip("()").replace(",", "").upper()
    return next((one.keyword for one in UNIQUE_KEY.values() if f"{one.tag:08X}" == tag), name)
