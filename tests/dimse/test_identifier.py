"""Identifiers: what kind of matching a key asks for, and what answers look like byte for byte."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from support.instances import encode_dataset

from radnode.archive.matching import condition
from radnode.dimse.answers import AnswerEncoder
from radnode.dimse.encoding import encode_elements
from radnode.dimse.extended import QueryOptions
from radnode.dimse.identifier import Identifier, parse_identifier
from radnode.dimse.matching_keys import matching_key
from radnode.dimse.scp.find import answer_constants
from radnode.model.attributes import BY_KEYWORD
from radnode.model.errors import InvalidQuery, NotDicom
from radnode.model.level import Root
from radnode.model.query import ListOfUID, MatchingKey, Range, SingleValue, Universal, Wildcard
from radnode.model.uid import UID

IMPLICIT, EXPLICIT, BIG = UID("1.2.840.10008.1.2"), UID("1.2.840.10008.1.2.1"), UID("1.2.840.10008.1.2.2")
CHARSET, LEVEL, AVAILABILITY, NAME, PATIENT_ID = 0x00080005, 0x00080052, 0x00080056, 0x00100010, 0x00100020
STUDY_UID, STUDY_DATE, ROWS = 0x0020000D, 0x00080020, 0x00280010


def parsed(
    elements: dict[int, tuple[str, bytes]], *, level: bytes = b"STUDY", syntax: UID = EXPLICIT, root: Root = Root.STUDY
) -> Identifier:
    return parse_identifier(encode_elements({LEVEL: ("CS", level), **elements}, syntax), syntax, root)


def answered(identifier: Identifier, values: dict[str, str], syntax: UID = EXPLICIT) -> Dataset:
    row = [values.get(attribute.keyword, "") for attribute in identifier.query.returns]
    constants = answer_constants(identifier, "RADNODE")
    encoder = AnswerEncoder(identifier.query.returns, identifier.requested, constants, identifier.character_set, syntax)
    encoded = encoder.encode(row)
    return read_dataset(BytesIO(encoded), syntax == IMPLICIT, syntax != BIG)


def raw(dataset: Dataset, tag: int) -> bytes:
    value = dataset.get_item(tag).value
    return value if isinstance(value, bytes) else b""


@pytest.mark.parametrize(
    ("keyword", "text", "key"),
    [
        ("PatientName", "", Universal()),
        ("PatientName", "*", Universal()),
        ("PatientName", "**", Universal()),
        ("PatientName", "DOE^J*", Wildcard("DOE^J*")),
        ("PatientName", "?OE", Wildcard("?OE")),
        ("PatientID", "0042", SingleValue("0042")),
        ("PatientID", "A-B", SingleValue("A-B")),
        ("StudyDate", "20200101", SingleValue("20200101")),
        ("StudyDate", "20200101-", Range("20200101", None)),
        ("StudyDate", "-20200131", Range(None, "20200131")),
        ("StudyDate", "20200101-20200131", Range("20200101", "20200131")),
        ("StudyDate", "*", Universal()),
        ("StudyTime", "1000-1200", Range("1000", "1200")),
        ("AcquisitionDateTime", "20200101-20210101", Range("20200101", "20210101")),
        ("AcquisitionDateTime", "20200101120000-0500", SingleValue("20200101120000-0500")),
        ("AcquisitionDateTime", "20200101120000-0500-", Range("20200101120000-0500", None)),
        ("AcquisitionDateTime", "2020-2021", Range("2020", "2021")),
        ("StudyInstanceUID", "1.2.3", SingleValue("1.2.3")),
        ("StudyInstanceUID", "1.2.3\\1.2.4", ListOfUID(("1.2.3", "1.2.4"))),
        ("StudyInstanceUID", " 1.2.3 \\ \\ 1.2.4", ListOfUID(("1.2.3", "1.2.4"))),
        ("StudyInstanceUID", "1.2.3\\", SingleValue("1.2.3")),
        ("ModalitiesInStudy", "CT\\MR", ListOfUID(("CT", "MR"))),
        ("Modality", "\\CT\\", ListOfUID(("CT",))),
        ("Modality", "C?", Wildcard("C?")),
        ("SeriesNumber", "1*", SingleValue("1*")),
        ("PatientAge", "03?Y", SingleValue("03?Y")),
    ],
)
def test_the_kind_of_matching_follows_vr_and_value(keyword: str, text: str, key: MatchingKey) -> None:
    assert matching_key(BY_KEYWORD[keyword], text) == key


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("StudyInstanceUID", "1.2.*"),
        ("StudyInstanceUID", "1.2.?"),
        ("StudyInstanceUID", "abc"),
        ("StudyInstanceUID", "\\"),
        ("StudyInstanceUID", "1.2 1.3"),
        ("StudyDate", "2020*"),
        ("StudyTime", "10?0"),
        ("StudyDate", "-"),
    ],
)
def test_what_can_be_no_key_is_refused(keyword: str, text: str) -> None:
    with pytest.raises(InvalidQuery, match=keyword):
        matching_key(BY_KEYWORD[keyword], text)


@pytest.mark.parametrize(("level", "root"), [(b"", Root.STUDY), (b"FRAME", Root.STUDY), (b"PATIENT", Root.STUDY)])
def test_a_level_that_the_model_does_not_have_is_refused(level: bytes, root: Root) -> None:
    with pytest.raises(InvalidQuery):
        parsed({}, level=level, root=root)


def test_garbage_is_no_identifier() -> None:
    with pytest.raises(NotDicom):
        parse_identifier(b"\x08\x00\x52\x00CS\xff\xff", EXPLICIT, Root.STUDY)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_every_requested_key_comes_back_in_every_transfer_syntax(syntax: UID) -> None:
    asked = {NAME: ("PN", b"DOE*"), ROWS: ("US", b""), 0x00081110: ("SQ", b""), 0x00091001: ("LO", b"x")}
    identifier = parsed({**asked, AVAILABILITY: ("CS", b"")}, level=b"IMAGE", syntax=syntax)
    assert identifier.has_unsupported_keys
    answer = answered(identifier, {"PatientName": "DOE^JANE", "Rows": "512"}, syntax)
    assert set(asked) | {CHARSET, LEVEL, AVAILABILITY, 0x00080054} <= {int(tag) for tag in list(answer.keys())}
    assert raw(answer, NAME) == b"DOE^JANE"
    assert int.from_bytes(raw(answer, ROWS), "big" if syntax == BIG else "little") == 512
    assert raw(answer, AVAILABILITY) == b"ONLINE"
    assert raw(answer, 0x00091001) == b""


def test_the_standards_own_example_of_two_japanese_sets_comes_out_byte_for_byte() -> None:
    """PS3.5 H.3.2: the kanji return to the romaji of JIS X 0201, not to ASCII."""
    asked = {CHARSET: ("CS", b"ISO 2022 IR 13\\ISO 2022 IR 87"), NAME: ("PN", b"")}
    answer = answered(parsed(asked), {"PatientName": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"})
    assert raw(answer, NAME) == bytes.fromhex(
        "d4cfc0de5ec0dbb33d 1b24423b3345441b284a5e1b244242404f3a1b284a3d"
        "1b24422464245e24401b284a5e1b2442243f246d24261b284a"
    )


def test_a_private_key_is_answered_below_its_creators_name() -> None:
    asked = {0x00090010: ("LO", b"MAKER"), 0x00091001: ("LO", b"x"), 0x000910FF: ("SH", b"y")}
    answer = answered(parsed(asked), {})
    assert [raw(answer, tag) for tag in asked] == [b"MAKER ", b"", b""]


@pytest.mark.parametrize("elements", [{0x00100030: ("DA", b"19850315x-")}, {LEVEL: ("CS", b"19850315")}])
def test_a_refusal_does_not_repeat_what_was_asked(elements: dict[int, tuple[str, bytes]]) -> None:
    with pytest.raises(InvalidQuery) as refused:
        assert [condition(*key) for key in parsed(elements).query.keys]
    assert "1985" not in str(refused.value)


def test_a_lower_level_key_is_carried_but_neither_matched_nor_supported() -> None:
    identifier = parsed({0x00080060: ("CS", b"CT")})
    assert identifier.query.keys == ()
    assert identifier.has_unsupported_keys
    assert raw(answered(identifier, {}), 0x00080060) == b""


def test_a_lower_level_key_of_a_relational_query_is_supported() -> None:
    asked = encode_elements({LEVEL: ("CS", b"STUDY"), 0x00080060: ("CS", b"CT")}, EXPLICIT)
    identifier = parse_identifier(asked, EXPLICIT, Root.STUDY, QueryOptions(relational=True))
    assert identifier.query.keys == ((BY_KEYWORD["Modality"], SingleValue("CT")),)
    assert not identifier.has_unsupported_keys
    only_studies = parse_identifier(asked, EXPLICIT, Root.PATIENT_STUDY_ONLY, QueryOptions(relational=True))
    assert only_studies.query.keys == ()


def test_an_item_is_answered_with_what_was_asked_for_in_every_transfer_syntax() -> None:
    for syntax in (IMPLICIT, EXPLICIT, BIG):
        item = Dataset()
        item.CodeValue, item.CodeMeaning, item.MappingResource = "C*", "", ""
        query = Dataset()
        query.QueryRetrieveLevel, query.ProcedureCodeSequence = "STUDY", [item]
        identifier = parse_identifier(encode_dataset(query, syntax), syntax, Root.STUDY)
        assert identifier.has_unsupported_keys, "Mapping Resource"
        stored = '[{"CodeValue":"C1","CodeMeaning":"Größe","CodingSchemeDesignator":"99A"},{"CodeValue":"C2"}]'
        answer = answered(identifier, {"ProcedureCodeSequence": stored}, syntax)
        first, second = answer.ProcedureCodeSequence
        assert [str(element.value or "") for element in first] == ["C1", "Größe", ""]
        assert [str(element.value or "") for element in second] == ["C2", "", ""]
        assert answer.SpecificCharacterSet == "ISO_IR 192"


def test_supported_keys_alone_are_no_reason_to_warn() -> None:
    assert not parsed({NAME: ("PN", b""), STUDY_UID: ("UI", b""), CHARSET: ("CS", b"ISO_IR 100")}).has_unsupported_keys


def test_unique_keys_down_to_the_level_are_answered_unasked() -> None:
    identifier = parsed({NAME: ("PN", b"")}, level=b"SERIES", root=Root.PATIENT)
    returned = [attribute.keyword for attribute in identifier.query.returns]
    assert returned == ["PatientName", "PatientID", "StudyInstanceUID", "SeriesInstanceUID"]
    assert raw(answered(identifier, {"StudyInstanceUID": "1.2.3"}), STUDY_UID) == b"1.2.3\0"


@pytest.mark.parametrize("text", ["007", " 7", "2020.01.01", "x" * 100, "not a number", "-0.0"])
def test_stored_text_is_never_normalised(text: str) -> None:
    identifier = parsed({0x00200011: ("IS", b""), STUDY_DATE: ("DA", b"")}, level=b"SERIES")
    answer = answered(identifier, {"SeriesNumber": text, "StudyDate": text})
    assert raw(answer, 0x00200011) == text.encode() + b" " * (len(text) % 2)
    assert raw(answer, STUDY_DATE) == text.encode() + b" " * (len(text) % 2)


def test_the_identifiers_character_set_decodes_its_keys() -> None:
    identifier = parsed({CHARSET: ("CS", b"ISO_IR 144"), NAME: ("PN", "Иванов".encode("iso8859_5"))})
    assert identifier.query.keys == ((BY_KEYWORD["PatientName"], SingleValue("Иванов")),)


@pytest.mark.parametrize(
    ("asked", "name", "term"),
    [
        (b"", "DOE", b"ISO_IR 100"),
        (b"", "Müller", b"ISO_IR 192"),
        (b"ISO_IR 100", "DOE", b"ISO_IR 100"),
        (b"ISO_IR 100", "Müller", b"ISO_IR 100"),
        (b"ISO_IR 100", "Иванов", b"ISO_IR 192"),
        (b"ISO_IR 144 ", "Иванов", b"ISO_IR 144"),
        (b"ISO_IR 192", "山田", b"ISO_IR 192"),
        (b"GB18030", "山田", b"GB18030 "),
        (b"\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう", b"\\ISO 2022 IR 87"),
        (b"ISO 2022 IR 6\\ISO 2022 IR 149", "Hong^Gildong=洪^吉洞=홍^길동", b"ISO 2022 IR 6\\ISO 2022 IR 149"),
        (b"ISO 2022 IR 100\\ISO 2022 IR 144", "Müller=Иванов", b"ISO 2022 IR 100\\ISO 2022 IR 144"),
        (b"ISO_IR 999", "Müller", b"ISO_IR 192"),
        (b"ISO_IR 13", "山田", b"ISO_IR 192"),
        (b"ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ", b"ISO_IR 13"),
        (b"ISO 2022 IR 13\\ISO 2022 IR 87", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", b"ISO 2022 IR 13\\ISO 2022 IR 87"),
        (b"\\ISO 2022 IR 13\\ISO 2022 IR 87", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", b"\\ISO 2022 IR 13\\ISO 2022 IR 87"),
    ],
)
def test_answers_speak_the_requesters_character_set_where_it_can_hold_the_text(
    asked: bytes, name: str, term: bytes
) -> None:
    identifier = parsed({NAME: ("PN", b"")} | ({CHARSET: ("CS", asked)} if asked else {}))
    answer = answered(identifier, {"PatientName": name})
    assert raw(answer, CHARSET).rstrip() == term.rstrip()
    assert str(answer.PatientName) == name


@given(st.binary(max_size=300), st.sampled_from([IMPLICIT, EXPLICIT, BIG]))
def test_no_bytes_do_worse_than_a_named_refusal(data: bytes, syntax: UID) -> None:
    head = encode_elements({LEVEL: ("CS", b"STUDY")}, syntax)
    try:
        identifier = parse_identifier(head + data, syntax, Root.STUDY)
    except (InvalidQuery, NotDicom):
        return
    assert answered(identifier, {}, syntax) is not None
