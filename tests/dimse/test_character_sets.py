"""C-FIND over a real socket, in every character set, of objects that were stored in every other one."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pydicom import dcmread
from support.charsets import TERMS, WRITTEN, Written, holds, read_by_others
from support.dimse_server import EXPLICIT, IMPLICIT, TITLE, Running, address_of, proposals, running
from support.peers import require

from radnode.archive.archive import Archive
from radnode.dimse.contexts import STUDY_ROOT_FIND
from radnode.dimse.encoding import encode_elements
from radnode.dimse.scu.conversation import Conversation
from radnode.dimse.scu.query import ask
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import Requested, associate
from radnode.instance.walk import walk
from radnode.model.uid import UID

CHARACTER_SET, LEVEL, DESCRIPTION = 0x00080005, 0x00080052, 0x00081030
NAME, PATIENT_ID, STUDY = 0x00100010, 0x00100020, 0x0020000D
CT = "1.2.840.10008.5.1.4.1.1.2"
DESCRIBED = [  # of Study Description, an LO, in which carets and equals signs delimit nothing
    Written("GBK", b"\xd5\x5c \xd5\x5c", "誠 誠"),  # backslashes as second bytes
    Written("GB18030", "\U00020000ÿ李".encode("gb18030"), "\U00020000ÿ李"),  # characters of four bytes
    Written("\\ISO 2022 IR 149", b"\x1b$)C\xb1\xe6=\xb5\xbf^\xc8\xab", "길=동^홍"),
    Written("ISO 2022 IR 13\\ISO 2022 IR 87", b"\xd4\xcf \x1b$B;3\xd4\xcf\x1b(J \xc0", "ﾔﾏ 山ﾔﾏ ﾀ"),
    Written("ISO 2022 IR 100\\ISO 2022 IR 144", b"\x1b-L\xbb\xee\r\n\xfc", "Лю\r\nü"),
    Written("ISO_IR 192", b"\x1b$B;3ED\x1b(B", "山田"),  # a sender that does not know what it writes
    Written("ISO_IR 192", "Ж山한ü".encode(), "Ж山한ü"),  # what no other set holds whole
    Written("ISO_IR 192", ("한" * 64).encode(), "한" * 64),  # 64 characters, more bytes
]
Bytes = Mapping[int, tuple[str, bytes]]


def keep(archive: Archive, number: int, term: str, texts: Bytes) -> None:
    """An object whose texts are these very bytes."""
    uids = {0x00080016: CT, 0x00080018: f"1.2.{number}.1.1", STUDY: f"1.2.{number}", 0x0020000E: f"1.2.{number}.1"}
    elements: dict[int, tuple[str, bytes]] = {tag: ("UI", uid.encode()) for tag, uid in uids.items()}
    elements[CHARACTER_SET] = "CS", term.encode()
    elements[PATIENT_ID] = "LO", f"P{number}".encode()
    data = encode_elements({**elements, **texts}, UID(IMPLICIT))
    with archive.receive(UID(IMPLICIT), sop_class=UID(CT), sop_instance=UID(f"1.2.{number}.1.1")) as receiving:
        receiving.write(data)
        receiving.commit()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Archive.open(tmp_path_factory.mktemp("archive")) as archive:
        for number, written in enumerate(WRITTEN):
            keep(archive, number, written.term, {NAME: ("PN", written.encoded)})
        for number, written in enumerate(DESCRIBED, start=100):
            keep(archive, number, written.term, {DESCRIPTION: ("LO", written.encoded)})
        keep(archive, 300, "ISO_IR 100", {DESCRIPTION: ("LO", b"\xe9" * 60000)})
        keep(archive, 200, "", {NAME: ("PN", b"DOE^JOHN")})
        with running(archive) as server:
            yield server


@pytest.fixture(scope="module")
def asking(server: Running) -> Iterator[Requested]:
    with associate(address_of(server), proposals((STUDY_ROOT_FIND, (IMPLICIT,)))) as requested:
        yield requested


def answers(requested: Requested, term: bytes | None, keys: Bytes) -> list[dict[int, bytes]]:
    """The raw values of each match, of a query in these very bytes."""
    elements = {NAME: ("PN", b""), DESCRIPTION: ("LO", b""), STUDY: ("UI", b""), LEVEL: ("CS", b"STUDY"), **keys}
    if term is not None:
        elements[CHARACTER_SET] = "CS", term
    syntax = UID(requested.accepted[1].transfer_syntaxes[0])
    message_id = ask(requested, 1, Field.C_FIND, encode_elements(elements, syntax))
    conversation = Conversation(requested, 1, Field.C_FIND, message_id, None)
    found = []
    while conversation.next_response().number(Element.STATUS) in (0xFF00, 0xFF01):
        data = conversation.identifier()
        found.append({one.tag: data[one.offset : one.offset + one.length] for one in walk(data, syntax)})
    requested.messages.skip_data_set()
    return found


def said(answer: dict[int, bytes], tag: int) -> tuple[str, str]:
    """The character set that an answer says, and the text that others read by it."""
    term = answer[CHARACTER_SET].decode().strip()
    return term, read_by_others(answer[tag].rstrip(b" "), term, is_name=tag == NAME)


@pytest.mark.parametrize("term", TERMS)
def test_answers_come_in_the_requesters_set_where_it_holds_them(term: str, asking: Requested) -> None:
    for number, written in enumerate(WRITTEN):
        (answer,) = answers(asking, term.encode(), {PATIENT_ID: ("LO", b"P%d" % number)})
        expected = term if holds(term, written.text) else "ISO_IR 192"
        assert said(answer, NAME) == (expected, written.text)


@pytest.mark.parametrize("number", range(len(WRITTEN)), ids=[written.term for written in WRITTEN])
def test_the_bytes_of_the_standard_find_what_is_stored(number: int, asking: Requested) -> None:
    """Each as the object carries them, and with a wild card after the first component."""
    written = WRITTEN[number]
    pattern = written.encoded.partition(b"^")[0].partition(b"=")[0] + b"*"
    for key in (written.encoded, pattern):
        found = answers(asking, written.term.encode(), {NAME: ("PN", key)})
        assert b"1.2.%d" % number in [answer[STUDY].rstrip(b"\0") for answer in found]


def test_the_same_name_is_found_whatever_the_set_of_the_query(asking: Requested) -> None:
    for number, written in enumerate(WRITTEN):
        for term, codec in (("ISO_IR 192", "utf_8"), ("GB18030", "gb18030")):
            found = answers(asking, term.encode(), {NAME: ("PN", written.text.encode(codec))})
            assert b"1.2.%d" % number in [answer[STUDY].rstrip(b"\0") for answer in found]


@pytest.mark.parametrize("term", TERMS)
def test_text_that_is_no_name_has_other_delimiters(term: str, asking: Requested) -> None:
    for number, written in enumerate(DESCRIBED, start=100):
        (answer,) = answers(asking, term.encode(), {PATIENT_ID: ("LO", b"P%d" % number)})
        expected = term if holds(term, written.text) else "ISO_IR 192"
        assert said(answer, DESCRIPTION) == (expected, written.text)


@pytest.mark.parametrize(("number", "written"), list(enumerate(DESCRIBED, start=100)))
def test_second_bytes_that_look_like_delimiters_split_no_key(number: int, written: Written, asking: Requested) -> None:
    found = answers(asking, written.term.encode(), {DESCRIPTION: ("LO", written.encoded)})
    assert [answer[STUDY].rstrip(b"\0") for answer in found] == [b"1.2.%d" % number]


@pytest.mark.parametrize(
    ("term", "expected"),
    [  # of an answer that is ASCII alone, and of one with a Latin letter
        (None, ("ISO_IR 100", "ISO_IR 192")),
        (b"", ("ISO_IR 100", "ISO_IR 192")),
        (b"ISO_IR 6 ", ("ISO_IR 6", "ISO_IR 192")),
        (b"iso_ir 100", ("ISO_IR 100", "ISO_IR 100")),
        (b"ISO IR 100", ("ISO_IR 100", "ISO_IR 100")),
        (b"ISO-IR 100", ("ISO_IR 100", "ISO_IR 100")),
        (b"ISO 2022-IR 100", ("ISO 2022 IR 100", "ISO 2022 IR 100")),
        (b"ISO_IR 100\\ISO_IR 144", ("ISO 2022 IR 100\\ISO 2022 IR 144", "ISO 2022 IR 100\\ISO 2022 IR 144")),
        (b"ISO_IR 192\\ISO 2022 IR 87", ("ISO_IR 192", "ISO_IR 192")),
        (b"\\ISO_IR 192\\ISO 2022 IR 87", ("\\ISO 2022 IR 87", "ISO_IR 192")),
        (b"ISO 2022 GBK", ("GBK", "ISO_IR 192")),
        (b"UTF-8", ("ISO_IR 100", "ISO_IR 192")),
        (b"ISO_IR 999", ("ISO_IR 100", "ISO_IR 192")),
        (b"ISO_IR 100\\nonsense", ("ISO_IR 100", "ISO_IR 100")),
        (b"\xff\xfe\\\\\\", ("ISO_IR 100", "ISO_IR 192")),
        (b"ISO 2022 IR 87\\" * 500, ("ISO 2022 IR 87", "ISO_IR 192")),
    ],
)
def test_odd_terms_are_answered_with_true_ones(
    term: bytes | None, expected: tuple[str, str], asking: Requested
) -> None:
    for number, name, due in ((200, "DOE^JOHN", expected[0]), (0, "Buc^Jérôme", expected[1])):
        (answer,) = answers(asking, term, {PATIENT_ID: ("LO", b"P%d" % number)})
        assert said(answer, NAME) == (due, name)


def test_what_gets_too_long_for_its_length_ends_with_a_whole_character(server: Running) -> None:
    with associate(address_of(server), proposals((STUDY_ROOT_FIND, (EXPLICIT,)))) as requested:
        (answer,) = answers(requested, b"", {PATIENT_ID: ("LO", b"P300")})
    assert said(answer, DESCRIPTION) == ("ISO_IR 192", "é" * 32767)


def test_findscu_reads_names_in_its_own_set(server: Running, tmp_path: Path) -> None:
    for term, codec, key, name in (
        ("ISO_IR 144", "iso8859_5", "Ива*", "Иванов^Юлия"),
        ("ISO_IR 126", "iso8859_7", "Διον*", "Διονυσιος"),
        ("GB18030", "gb18030", "Wang*", "Wang^XiaoDong=王^小东\U00020000"),
        ("ISO_IR 192", "utf_8", "Σ*", "Σ^山=한^Я"),
    ):
        folder = tmp_path / codec
        folder.mkdir()
        command = [require("findscu"), "-S", "-X", "-od", str(folder), "-aec", TITLE, "-k", "QueryRetrieveLevel=STUDY"]
        command += ["-k", f"SpecificCharacterSet={term}", "-k", os.fsdecode(b"PatientName=" + key.encode(codec))]
        subprocess.run([*command, "127.0.0.1", str(server.port)], check=True, capture_output=True, timeout=60)
        found = [dcmread(path, force=True) for path in folder.iterdir()]
        assert name in [str(one.PatientName) for one in found]
