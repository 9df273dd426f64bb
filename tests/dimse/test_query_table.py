# ruff: noqa: RUF001 (names in many scripts)
"""Some hundred queries of an archive with objects of every character set, each answered as the slow matcher does."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from support.instances import encode_dataset, put
from support.queried_archive import NAMES, branches_of, fill, put_text
from support.slow_keys import Asked, slow_keys
from support.slow_matcher import slow_find

from radnode.archive.archive import Archive
from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.dimse.identifier import Identifier, parse_identifier
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.attributes import BY_KEYWORD
from radnode.model.level import Level, Root
from radnode.model.query import Query

Row = tuple[Level, str, dict[str, Asked]]
OPTIONS = {
    "": NO_OPTIONS,
    "combined": QueryOptions(date_time=True),
    "empty": QueryOptions(empty_value=True),
    "several": QueryOptions(multiple_value=True),
    "fuzzy": QueryOptions(fuzzy=True),
    "relational": QueryOptions(relational=True),
}
SYNTAXES = (IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN)
PATIENT, STUDY, SERIES, IMAGE = Level


def each(level: Level, keyword: str, texts: str, *options: str) -> Iterator[Row]:
    """One query for each of the texts, which spaces separate, under each of the options."""
    for option in options or ("",):
        for text in texts.split():
            yield level, option, {keyword: text}


def both(level: Level, option: str, **keys: Asked) -> Iterator[Row]:
    """A query without and with an option."""
    yield level, "", dict(keys)
    yield level, option, dict(keys)


def items(level: Level, keyword: str, *asked: Asked) -> Iterator[Row]:
    """One query for each item of a sequence key."""
    for item in asked:
        yield level, "", {keyword: item}


BY_HAND: list[Row] = [
    *((level, "", {}) for level in Level),
    *each(STUDY, "StudyDate", "20250110 2025.01.10 -20250301 20250601- 20250201-20250331 20250211-20250211"),
    *each(STUDY, "StudyDate", "19000101-19991231 20250230 -19000101 20251211-"),
    *each(STUDY, "StudyTime", "1030 103000 103000.5 10:30:00 1030-1030 -0730 1030- 00-10 103000.4-103000.6 22-2359 12"),
    (STUDY, "combined", {"StudyDate": "20250211-20250610", "StudyTime": "1030-0930"}),
    *both(STUDY, "combined", StudyDate="20250211-20250610", StudyTime="0730-1100"),
    *both(STUDY, "combined", StudyDate="20250610-", StudyTime="1030-"),
    *both(STUDY, "combined", StudyDate="-20250610", StudyTime="-1030"),
    *both(STUDY, "combined", StudyDate="20250610-", StudyTime="-1030"),
    *both(STUDY, "combined", StudyDate="20250211", StudyTime="0730-1100"),
    *each(IMAGE, "AcquisitionDateTime", "20251106103000 20251106093000+0000 20251106 2025-2025 20251106-20251106"),
    *each(
        IMAGE, "AcquisitionDateTime", "20251105223000+0000- -20251106 202511- 20251106040000+0000-20251106040000+0000"
    ),
    *each(IMAGE, "AcquisitionDateTime", "20251105230000-0500-20251105230000-0500 20251106+0900-20251106+0900"),
    *each(STUDY, "AccessionNumber", "A1%_[x] a1%_[x] A?%_[x] A*[x] A[0-9]* A_%* *%* A??%* * ?* A1%_ **[*"),
    *each(STUDY, "AccessionNumber", '""', "", "empty"),
    *each(STUDY, "StudyTime", '""', "empty"),
    *each(STUDY, "ReferringPhysicianName", '""', "", "empty"),
    *each(STUDY, "StudyDescription", '""', "", "empty"),
    *each(STUDY, "ModalitiesInStudy", '""', "empty"),
    (SERIES, "empty", {"RequestAttributesSequence": {"RequestedProcedureID": '""'}}),
    *each(STUDY, "ModalitiesInStudy", r"CT MR CT\PT PT\CT SR\XX C* ct CT\PT\SR PT\MR", "", "several"),
    *each(SERIES, "OperatorsName", r"ROE^ANN\Smith^Adam ROE^ANN roe* *adam", "", "several"),
    *each(SERIES, "Modality", r"CT CT\MR ?R M*", "", "several"),
    *both(STUDY, "relational", Modality="PT"),
    *both(PATIENT, "relational", Modality="SR", StudyDate="20250101-20250630"),
    *both(STUDY, "relational", SOPInstanceUID=r"1.4.1\1.4.5"),
    *both(STUDY, "relational", Modality="SR", ImageType="AXIAL"),
    *both(STUDY, "relational", Modality="C?", StudyDate="20250101-20250930"),
    *both(STUDY, "relational", SeriesInstanceUID="1.3.7", PatientName="*"),
    *both(STUDY, "relational", RequestAttributesSequence={"RequestedProcedureID": "RP2"}),
    *both(PATIENT, "relational", SOPInstanceUID="1.4.3", StudyTime=""),
    *each(STUDY, "SOPInstanceUID", "1.4.1 9.9.9", "relational"),
    *items(STUDY, "ProcedureCodeSequence", {}, {"CodeValue": ""}, {"CodeValue": "C1"}, {"CodeValue": "C*"}),
    *items(STUDY, "ProcedureCodeSequence", {"CodeValue": "C1", "CodingSchemeDesignator": "CT"}, {"CodeMeaning": "*2"}),
    *items(STUDY, "ProcedureCodeSequence", {"CodeValue": "C1", "CodeMeaning": "Meaning C2"}, {"CodeValue": "c1"}),
    *items(SERIES, "RequestAttributesSequence", {"RequestedProcedureID": "RP2"}, {"RequestedProcedureID": "RP1*"}),
    *items(SERIES, "RequestAttributesSequence", {"RequestedProcedureID": "RP3", "ScheduledProcedureStepID": "SPS1"}),
    *items(SERIES, "RequestAttributesSequence", {"RequestedProcedureID": "RP3", "ScheduledProcedureStepID": "SPS0"}),
    *items(SERIES, "RequestAttributesSequence", {"ScheduledProcedureStepID": "SPS?", "RequestedProcedureID": ""}),
    *each(IMAGE, "SOPInstanceUID", r"1.4.1 1.4.1\1.4.2\9.9 9.9.9.9 1.4.1\1.4.1"),
    *each(IMAGE, "ImageType", r"AXIAL PRIMARY AX O*L ORIGINAL\PRIMARY"),
    *each(STUDY, "NumberOfStudyRelatedSeries", "3 1 03 2"),
    *each(STUDY, "SOPClassesInStudy", "1.2.840.10008.5.1.4.1.1.2 1.2.840.10008.5.1.4.1.1.4"),
    *each(SERIES, "SeriesNumber", "1 2 02"),
    *each(PATIENT, "PatientID", "P01 p01 P0? *0* P*"),
    *(row for level in Level for row in both(level, "combined", PatientName="?*^*", StudyDate="20250101-20251231")),
    *each(STUDY, "PatientName", "Tarou ウ jorg xx * ^", "fuzzy"),
    (STUDY, "fuzzy", {"PatientName": "adam smi"}),
    (STUDY, "fuzzy", {"PatientName": "太郎 yam"}),
    *each(
        PATIENT,
        "PatientName",
        "*=山田* Yamada^Tarou=山田^太郎 =山田^太郎 ==やまだ^たろう Yamada^Tarou= 山田 山田* *田^*",
    ),
    *each(
        PATIENT,
        "PatientName",
        "Wang* wang^xiaodong WANG^?*=王^* Many^Series^^ many^series ＷＡＮＧ^* M*^S* *=* A=B=C=D 王*",
    ),
]


def by_name(terms: list[str], name: str) -> Iterator[tuple[list[str], dict[str, Asked]]]:
    """A name as its own character set, and UTF-8, ask for it: whole, in another case, by its parts."""
    groups = name.split("=")
    family = groups[-1].split("^")[0]
    for text in (name, groups[0].upper(), groups[-1], f"{family[:-1]}?^*", f"*{groups[0][2:]}", f"{family}*"):
        # pydicom encodes no wild card beside the half-width letters of ISO_IR 13.
        is_mixed = "ISO_IR 13" in terms and ("*" in text or "?" in text)
        yield ["ISO_IR 192"] if is_mixed else terms, {"PatientName": text}
    yield ["ISO_IR 192"], {"PatientName": groups[-1].lower()}


TABLE: list[tuple[list[str], Row]] = [(["ISO_IR 192"], row) for row in BY_HAND]
TABLE += [(terms, (PATIENT, "", keys)) for own, name in NAMES.values() for terms, keys in by_name(own, name)]


@pytest.fixture(scope="module")
def queried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, list[dict[str, Any]]]]:
    with Archive.open(tmp_path_factory.mktemp("table")) as archive:
        yield archive, fill(archive)


def asked(terms: list[str], row: Row, syntax: Any) -> Identifier:
    level, option, keys = row
    identifier = Dataset()
    if terms:
        put(identifier, "SpecificCharacterSet", terms)
    put(identifier, "QueryRetrieveLevel", level.name)
    for keyword, text in keys.items():
        if isinstance(text, str):
            put_text(identifier, keyword, text, terms)
            continue
        item = Dataset()
        for inner, inner_text in text.items():
            put(item, inner, inner_text)
        put(identifier, keyword, [item])
    return parse_identifier(encode_dataset(identifier, syntax), syntax, Root.PATIENT, OPTIONS[option])


def test_every_query_is_answered_as_the_standard_says(queried: tuple[Archive, list[dict[str, Any]]]) -> None:
    archive, said = queried
    matched = []
    below = {level: branches_of(said, level) for level in Level}
    for number, (terms, row) in enumerate(TABLE):
        level, option, keys = row
        query = asked(terms, row, SYNTAXES[number % 3]).query
        own = {BY_KEYWORD[keyword]: text for keyword, text in keys.items()}
        again = Query(level, slow_keys(own, OPTIONS[option]), query.returns, relational=OPTIONS[option].relational)
        branches = below[level]
        expected = slow_find([branch[0] for branch in branches], again, branches)
        found = list(archive.find(query))
        assert sorted(map(str, found)) == sorted(map(str, expected)), (terms, row)
        matched.append((len(found) > 0, len(found) < len(branches)))
    assert len(TABLE) >= 200
    finds, leaves_out = (sum(each) for each in zip(*matched, strict=True))
    assert finds > 0.8 * len(TABLE)
    assert leaves_out > 0.8 * len(TABLE)
