"""What the verbs that call a peer have in common: naming it, and the keys of a query."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.cli.refusal import Refused, shown
from radnode.dimse.credentials import BadCertificates, client_context
from radnode.dimse.scu import (
    Asking,
    Caller,
    InvalidKey,
    InvalidTarget,
    QueryOptions,
    Stopping,
    check,
    name_of,
    parse_key,
    parse_target,
)
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
ROOTS: Mapping[str, Root] = {
    "patient": Root.PATIENT,
    "study": Root.STUDY,
    "patient-study": Root.PATIENT_STUDY_ONLY,
}
_LONGEST = 86400


USUAL_WORKLIST_KEYS = (
    "PatientName",
    "PatientID",
    "AccessionNumber",
    "StudyInstanceUID",
    "RequestedProcedureID",
    *(
        f"ScheduledProcedureStepSequence.{keyword}"
        for keyword in (
            "ScheduledProcedureStepStartDate",
            "ScheduledProcedureStepStartTime",
            "Modality",
            "ScheduledStationAETitle",
            "ScheduledProcedureStepID",
            "ScheduledProcedureStepDescription",
        )
    ),
)
"""The same for a worklist."""


@dataclass(frozen=True)
class Asked:
    """The query of a command line; its keys are named as answers name them."""

    level: Level
    root: Root
    keys: Mapping[str, str]
    asking: Asking


def add_peer(parser: Parser) -> None:
    """The peer to call."""
    parser.add_argument("peer", metavar="PEER", help="title of a peer in the settings, or AET@host:port")
    parser.add_argument("--tls", action="store_true", help="call it over TLS, as peers with tls = true always are")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds to wait for it (default 60)")


def add_query(parser: Parser) -> None:
    """Level, model and keys of a query."""
    parser.add_argument(
        "keys",
        nargs="*",
        metavar="KEY[=VALUE]",
        help="match this value, or return it: a keyword, a tag such as 0010,0020, or Sequence.Keyword",
    )
    parser.add_argument("-k", "--key", action="append", default=[], metavar="KEY[=VALUE]", help="the same")
    parser.add_argument("--level", choices=[level.name.lower() for level in Level], default="study")
    parser.add_argument("--root", choices=list(ROOTS), help="information model")
    parser.add_argument(
        "--charset",
        default="",
        metavar="TERM",
        help='Specific Character Set of the query, such as "ISO_IR 100" (default ISO_IR 192 where it is needed)',
    )


def called(args: argparse.Namespace, loaded: Loaded, stopping: Stopping | None = None) -> tuple[Peer, Caller]:
    """The peer that was named, and who calls it, until `stopping` is asked. Raises Refused."""
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
    return peer, Caller(loaded.settings.dicom.ae_title, args.timeout, tls, stopping)


def asked(args: argparse.Namespace) -> Asked:
    """The query that was written. Raises Refused."""
    level = Level[args.level.upper()]
    root = ROOTS[args.root] if args.root else Root.PATIENT if level is Level.PATIENT else Root.STUDY
    if not root.has(level):
        raise Refused(f"--root {args.root}: has no level {level.name.lower()}")
    return Asked(level, root, checked_keys(args, level), asking(args))


def asking(args: argparse.Namespace) -> Asking:
    """How it is asked for."""
    options = {option: bool(getattr(args, option, False)) for option in ("relational", "fuzzy", "date_time")}
    return Asking(args.charset, QueryOptions(**options))


def checked_keys(args: argparse.Namespace, level: Level | None) -> Mapping[str, str]:
    """The keys of a command line, which can be asked for. Raises Refused."""
    keys = _written_keys(args)
    try:
        check(level, keys, charset=args.charset)
    except InvalidKey as error:
        raise Refused(str(error)) from error
    return keys


def _written_keys(args: argparse.Namespace) -> dict[str, str]:
    """The keys of a command line, by the names that answers have. Raises Refused."""
    keys: dict[str, str] = {}
    for text in (*args.keys, *args.key):
        name, _, value = text.partition("=")
        if not name:
            raise Refused(f"--key {shown(text)}: must be KEYWORD or KEYWORD=VALUE, such as PatientID=4711")
        try:
            keys[".".join(map(name_of, parse_key(name)))] = value
        except InvalidKey as error:
            raise Refused(f"--key {error}") from error
    return keys


def asked_by_name(args: argparse.Namespace) -> Asked:
    """The query of a retrieval, which names its entities by unique keys (PS3.4 C.4.2.1.4.1, C.4.3.1.3.1).

    Raises Refused for one without the key of its level, or with a unique key that is empty or has a wildcard.
    """
    query = asked(args)
    own = UNIQUE_KEY[query.level].keyword
    if own not in query.keys:
        raise Refused(f"--level {query.level.name.lower()}: needs --key {own}=VALUE, which says what is to be had")
    for keyword in (attribute.keyword for attribute in UNIQUE_KEY.values()):
        value = query.keys.get(keyword)
        if value is not None and (not value.strip() or set(value) & set("*?")):
            told = shown(f"{keyword}={value}")
            raise Refused(f"--key {told}: must be a value without wildcards; radnode find tells which there are")
    return query
