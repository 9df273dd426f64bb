"""C-FIND under what was negotiated or set, over real sockets: options, sequences, limits, cancelling a search."""

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, cast

import pytest
from support.dimse_server import (
    EXPLICIT,
    IMPLICIT,
    Running,
    address_of,
    doomed,
    peer_of,
    proposals,
    running,
    wait_until,
)
from support.fake_archive import FakeArchive
from support.instances import encode_dataset
from support.queried_archive import code, request, study

from radnode.archive.archive import Archive
from radnode.dimse.contexts import STUDY_ROOT_FIND
from radnode.dimse.encoding import encode_elements
from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.dimse.scu import Caller, CallFailed, find
from radnode.dimse.scu.identifiers import encode_identifier
from radnode.dimse.scu.query import ask
from radnode.dimse.scu.values import Asking
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.endings import ConnectionLost
from radnode.dimse.upper.requesting import associate
from radnode.instance.encodings import IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.errors import Abandoned
from radnode.model.level import Level, Root
from radnode.model.query import Query
from radnode.model.uid import UID
from radnode.sections.query import QuerySettings
from radnode.settings import Settings

FIND = proposals((STUDY_ROOT_FIND, (IMPLICIT,)))
NIGHT = {"StudyDate": "20251103-20251105", "StudyTime": "2200-0600"}
STUDIES: tuple[dict[str, Any], ...] = (
    {
        "StudyInstanceUID": "1.1",
        "StudyDate": "20251103",
        "StudyTime": "2130",
        "PatientName": "DOE^JOHN",
        "Modality": "CT",
    },
    {
        "StudyInstanceUID": "1.2",
        "StudyDate": "20251104",
        "StudyTime": "1200",
        "PatientName": "DOE^JANE",
        "Modality": "MR",
    },
    {
        "StudyInstanceUID": "1.3",
        "StudyDate": "20251105",
        "StudyTime": "0500",
        "PatientName": "ROE",
        "AccessionNumber": "",
        "Modality": "CT",
    },
    {
        "StudyInstanceUID": "1.3",
        "StudyDate": "20251105",
        "StudyTime": "0500",
        "PatientName": "ROE",
        "AccessionNumber": "",
        "Modality": "PT",
    },
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive.open(tmp_path_factory.mktemp("options")) as archive:
        for number, values in enumerate(STUDIES):
            codes = {"ProcedureCodeSequence": [code("C1", "99A"), code(f"C{number}", "99B")]}
            requests = {"RequestAttributesSequence": [request(1), request(number)]}
            dataset = study(0, **{"PatientID": values["StudyInstanceUID"], **codes, **requests, **values})
            with archive.receive(
                UID(EXPLICIT), sop_class=dataset.SOPClassUID, sop_instance=dataset.SOPInstanceUID
            ) as receiving:
                receiving.write(encode_dataset(dataset))
                receiving.commit()
        yield archive


def serving(archive: Any, **settings: Any) -> AbstractContextManager[Running]:
    return running(archive, settings=Settings(query=QuerySettings(**settings)))


def found(
    server: Running, keys: dict[str, str], options: QueryOptions = NO_OPTIONS, root: Root = Root.STUDY
) -> list[str]:
    matches = find(peer_of(server), Caller(), Level.STUDY, keys, root=root, asking=Asking(options=options))
    return sorted(str(match["StudyInstanceUID"]) for match in matches)


@pytest.mark.parametrize(
    ("option", "setting", "keys", "without", "with_it"),
    [
        ("date_time", "combined_date_time", NIGHT, None, ["1.2", "1.3"]),
        ("empty_value", "empty_values", {"AccessionNumber": '""'}, [], ["1.3"]),
        ("multiple_value", "multiple_values", {"ModalitiesInStudy": r"CT\PT"}, ["1.1", "1.3"], ["1.3"]),
        ("relational", "relational", {"Modality": "PT"}, ["1.1", "1.2", "1.3"], ["1.3"]),
    ],
)
def test_an_option_is_on_once_negotiated_or_always_by_setting(
    archive: Archive, option: str, setting: str, keys: dict[str, str], without: list[str] | None, with_it: list[str]
) -> None:
    with serving(archive) as server:
        if without is None:  # a range that ends before it begins
            with pytest.raises(CallFailed, match="A900 StudyTime"):
                found(server, keys)
        else:
            assert found(server, keys) == without
        assert found(server, keys, QueryOptions(**{option: True})) == with_it
    with serving(archive, **{setting: "always"}) as server:
        assert found(server, keys) == with_it


def test_fuzzy_names_have_to_be_allowed_and_negotiated(archive: Archive) -> None:
    wanted, loose = QueryOptions(fuzzy=True), {"PatientName": "jo do"}
    with serving(archive) as server:
        assert found(server, loose, wanted) == []
    with serving(archive, fuzzy=True) as server:
        assert found(server, loose) == []
        assert found(server, loose, wanted) == ["1.1"]


def test_answers_hold_the_items_that_match_with_what_was_asked_for(archive: Archive) -> None:
    keys = {"ProcedureCodeSequence.CodeValue": "C2", "ProcedureCodeSequence.CodeMeaning": ""}
    with serving(archive) as server:
        (match,) = find(peer_of(server), Caller(), Level.STUDY, keys)
        assert match.nested["ProcedureCodeSequence"] == [{"CodeValue": "C2", "CodeMeaning": "Meaning C2"}]
        asked = {"ProcedureCodeSequence": "", "StudyInstanceUID": "1.1"}
        (whole,) = find(peer_of(server), Caller(), Level.STUDY, asked)
        items = cast("list[dict[str, str]]", whole.nested["ProcedureCodeSequence"])
        found = [(item["CodeValue"], item["CodingSchemeDesignator"]) for item in items]
        assert found == [("C1", "99A"), ("C0", "99B")]


def test_patient_study_only_ends_at_studies(archive: Archive) -> None:
    with serving(archive) as server:
        assert found(server, {"PatientName": "DOE*"}, root=Root.PATIENT_STUDY_ONLY) == ["1.1", "1.2"]
        with pytest.raises(CallFailed, match="A900"):
            list(find(peer_of(server), Caller(), Level.SERIES, {"Modality": ""}, root=Root.PATIENT_STUDY_ONLY))


@pytest.mark.parametrize(("limit", "answers", "status"), [(2, 2, 0xA700), (3, 3, 0), (0, 3, 0)])
def test_a_query_that_finds_more_than_the_limit_says_so_at_its_end(
    archive: Archive, limit: int, answers: int, status: int
) -> None:
    with serving(archive, max_matches=limit) as server, associate(address_of(server), FIND) as requested:
        message_id = ask(requested, 1, Field.C_FIND, encode_identifier(Level.STUDY, {}, IMPLICIT_VR_LITTLE_ENDIAN))
        for _ in range(answers):
            assert requested.response(Field.C_FIND, message_id).number(Element.STATUS) == 0xFF00
            requested.messages.skip_data_set()
        last = requested.response(Field.C_FIND, message_id)
        assert last.number(Element.STATUS) == status
        assert bool(last.text(Element.ERROR_COMMENT)) == bool(status)


def element(tag: int, value: bytes) -> bytes:
    value += b" " * (len(value) % 2)
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def nested(depth: int) -> bytes:
    found = b""
    for _ in range(depth):
        item = b"\xfe\xff\x00\xe0" + len(found).to_bytes(4, "little") + found
        found = b"\x08\x00\x32\x10" + len(item).to_bytes(4, "little") + item
    return found


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        (nested(5000), 0xC000),
        (b"\x08\x00\x32\x10" + (16).to_bytes(4, "little") + b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * 2, 0xA900),
        (b"\x08\x00\x32\x10\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff" * 3000, 0xC000),
        (element(0x00081032, element(0xFFFEE000, element(0x00080100, b"C1") * 5000)), 0),
        (element(0x00080061, b"\\".join(b"M%d" % number for number in range(5000))), 0xA900),
        (b"".join((0x00090000 + n).to_bytes(4, "little") + bytes(4) for n in range(0x1000, 0x9000)), 0xA900),
    ],
    ids=["deep", "two items", "no end", "one many times", "many values", "many"],
)
def test_identifiers_without_measure_cost_the_query_not_the_association(
    archive: Archive, keys: bytes, status: int
) -> None:
    head = encode_elements({0x00080052: ("CS", b"STUDY")}, IMPLICIT_VR_LITTLE_ENDIAN)
    good = encode_identifier(Level.STUDY, {"PatientID": "9"}, IMPLICIT_VR_LITTLE_ENDIAN)
    with (
        serving(archive, multiple_values="always") as server,
        associate(address_of(server), FIND) as requested,
    ):
        for identifier, due in ((head + keys, status), (good, 0)):
            message_id = ask(requested, 1, Field.C_FIND, identifier)
            while (got := requested.response(Field.C_FIND, message_id)).number(Element.STATUS) in (0xFF00, 0xFF01):
                requested.messages.skip_data_set()
            assert got.number(Element.STATUS) == due
            assert bool(got.text(Element.ERROR_COMMENT)) == bool(due)


class Searching(FakeArchive):
    """One that finds nothing as long as it is let search."""

    def __init__(self) -> None:
        super().__init__()
        self.began = threading.Event()

    def find_pages(
        self, query: Query, *, given_up: Callable[[], bool] | None = None
    ) -> Iterator[list[tuple[str, ...]]]:
        assert given_up is not None
        while not given_up():
            self.began.set()
        raise Abandoned("given up")
        yield []


def test_a_search_that_finds_nothing_can_be_cancelled() -> None:
    archive = Searching()
    with serving(archive) as server, associate(address_of(server), FIND) as requested:
        message_id = ask(requested, 1, Field.C_FIND, encode_identifier(Level.STUDY, {}, IMPLICIT_VR_LITTLE_ENDIAN))
        assert archive.began.wait(10)
        requested.messages.send(1, {Element.COMMAND_FIELD: Field.C_CANCEL, Element.RESPONDED_TO: message_id})
        assert requested.response(Field.C_FIND, message_id).number(Element.STATUS) == 0xFE00
        assert ask(requested, 1, Field.C_FIND, b"") > message_id, "the association lives on"


def test_a_search_ends_with_an_association_that_is_lost() -> None:
    archive = Searching()
    with serving(archive) as server:
        with doomed(server, FIND) as requested:
            ask(requested, 1, Field.C_FIND, encode_identifier(Level.STUDY, {}, IMPLICIT_VR_LITTLE_ENDIAN))
            assert archive.began.wait(10)
            raise ConnectionLost("the caller goes")
        wait_until(lambda: not server.server._serving)
