"""What tests of C-GET and C-MOVE ask with, and an archive to ask."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.archives import store
from support.dimse_server import CT, EXPLICIT, IMPLICIT, Running, address_of, proposals
from support.instances import make_instance

from radnode.archive.archive import Archive
from radnode.dimse.contexts import STUDY_ROOT_GET
from radnode.dimse.encoding import encode_elements
from radnode.dimse.scu.identifiers import decode_identifier
from radnode.dimse.upper.command import RESPONSE, Command, Element, Field
from radnode.dimse.upper.requesting import Requested, associate
from radnode.model.uid import UID

KEYS = {
    "level": (0x00080052, "CS"),
    "patient": (0x00100020, "LO"),
    "study": (0x0020000D, "UI"),
    "series": (0x0020000E, "UI"),
    "instance": (0x00080018, "UI"),
    "modality": (0x00080060, "CS"),
}
COUNTERS = (Element.REMAINING, Element.COMPLETED, Element.FAILED, Element.WARNING)


def identifier(**keys: str) -> bytes:
    """A retrieve identifier in implicit VR."""
    return encode_elements(
        {KEYS[name][0]: (KEYS[name][1], value.encode()) for name, value in keys.items()}, UID(IMPLICIT)
    )


@dataclass
class Answer:
    """A response to a C-GET or C-MOVE."""

    status: int
    counters: tuple[int | None, ...]
    """Remaining, completed, failed, warning; None for one that is not there."""
    comment: str
    failed: list[str]


@dataclass
class Retrieved:
    """What came of a retrieval."""

    answers: list[Answer] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    """SOP Instance UID -> data set, in the order in which they came."""
    commands: list[Command] = field(default_factory=list)

    @property
    def last(self) -> Answer:
        return self.answers[-1]


def answer_of(requested: Requested, command: Command) -> Answer:
    """Read a response with its data set."""
    counters = tuple(command.number(one) if one in command.elements else None for one in COUNTERS)
    data = b"".join(map(bytes, requested.messages.fragments()))
    failed = decode_identifier(data, UID(IMPLICIT)).get("FailedSOPInstanceUIDList", "") if data else ""
    return Answer(
        command.number(Element.STATUS),
        counters,
        command.text(Element.ERROR_COMMENT),
        failed.split("\\") if failed else [],
    )


def request(field: Field, sop_class: str, message_id: int = 7, **more: int | str) -> dict[int, int | str]:
    """The command set of a C-GET-RQ or C-MOVE-RQ."""
    elements: dict[int, int | str] = {
        Element.SOP_CLASS: sop_class,
        Element.COMMAND_FIELD: field,
        Element.MESSAGE_ID: message_id,
        Element.PRIORITY: 1,
    }
    return elements | {Element[name.upper()]: value for name, value in more.items()}


def cancel(requested: Requested, message_id: int = 7) -> None:
    """Send a C-CANCEL."""
    requested.messages.send(1, {Element.COMMAND_FIELD: Field.C_CANCEL, Element.RESPONDED_TO: message_id})


@dataclass
class Getter:
    """Asks with a C-GET; answers the C-STOREs with `statuses` in turn, then with success."""

    requested: Requested
    sop_class: str = STUDY_ROOT_GET
    statuses: list[int] = field(default_factory=list)
    cancel_after: int = 0
    """Objects after which it asks to stop; 0 is never."""

    def get(self, **keys: str) -> Retrieved:
        self.requested.messages.send(1, request(Field.C_GET, self.sop_class), identifier(**keys))
        found = Retrieved()
        while True:
            context, command = self.requested.next_command()
            if command.number(Element.COMMAND_FIELD) == Field.C_STORE:
                self._take(context, command, found)
                continue
            assert command.number(Element.COMMAND_FIELD) == Field.C_GET | RESPONSE
            assert command.number(Element.RESPONDED_TO) == 7
            found.answers.append(answer_of(self.requested, command))
            if found.last.status != 0xFF00:
                return found

    def _take(self, context: int, command: Command, found: Retrieved) -> None:
        sop_instance = command.text(Element.SOP_INSTANCE)
        found.objects[sop_instance] = b"".join(map(bytes, self.requested.messages.fragments()))
        found.commands.append(command)
        if len(found.objects) == self.cancel_after:
            cancel(self.requested)
        elements: dict[int, int | str] = {
            Element.SOP_CLASS: command.text(Element.SOP_CLASS),
            Element.COMMAND_FIELD: Field.C_STORE | RESPONSE,
            Element.RESPONDED_TO: command.number(Element.MESSAGE_ID),
            Element.STATUS: self.statuses.pop(0) if self.statuses else 0,
            Element.SOP_INSTANCE: sop_instance,
        }
        self.requested.messages.send(context, elements)


@contextmanager
def getting(
    server: Running,
    *storage: tuple[str, str],
    sop_class: str = STUDY_ROOT_GET,
    calling: str = "TESTS",
    **options: Any,
) -> Iterator[Getter]:
    """An association for C-GET that takes these kinds of objects (SOP class, transfer syntax)."""
    kinds = storage or ((CT, EXPLICIT),)
    contexts = proposals((sop_class, (IMPLICIT,)), *((uid, (syntax,)) for uid, syntax in kinds))
    provider_of = dict.fromkeys(uid for uid, _ in kinds)
    with associate(address_of(server, calling=calling), contexts, provider_of=provider_of) as requested:
        yield Getter(requested, sop_class, **options)


def fill(archive: Archive, study: str, series: Mapping[str, int], patient: str = "P1") -> None:
    """Store that many CTs in each series of a study, the last instance number first."""
    for place, (uid, count) in enumerate(series.items()):
        for number in range(count, 0, -1):
            store(
                archive,
                make_instance(
                    PatientID=patient,
                    StudyInstanceUID=study,
                    SeriesInstanceUID=uid,
                    SeriesNumber=str(10 - place),
                    SOPInstanceUID=f"{uid}.{number}",
                    InstanceNumber=str(number),
                ),
            )


def stored_files(archive: Archive) -> list[Path]:
    """Every file of a current object."""
    return sorted(archive.layout.studies.glob("*/*/*.dcm"))
