"""From data set to Header: identity, indexed values, character sets, and what is refused."""

from typing import Any

import pytest
from pydicom.dataset import Dataset
from support.instances import INSTANCE, REMOVED, SERIES, STUDY, encode_dataset, make_instance

from radnode.instance.header import read_header
from radnode.instance.values import MAX_VALUE
from radnode.model.errors import InvalidIdentity, NotDicom, Truncated
from radnode.model.header import Header
from radnode.model.uid import UID

IMPLICIT = UID("1.2.840.10008.1.2")
EXPLICIT = UID("1.2.840.10008.1.2.1")
BIG = UID("1.2.840.10008.1.2.2")
DEFLATED = UID("1.2.840.10008.1.2.1.99")


def header_of(syntax: UID = EXPLICIT, **overrides: Any) -> Header:
    return read_header(encode_dataset(make_instance(syntax, **overrides)), syntax)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_identity_and_values_in_every_uncompressed_encoding(syntax: UID) -> None:
    header = header_of(syntax, NumberOfFrames="1")
    assert header.transfer_syntax == syntax
    assert (header.study, header.series, header.sop_instance) == (STUDY, SERIES, INSTANCE)
    assert header.sop_class == "1.2.840.10008.5.1.4.1.1.2"
    assert header.patient_id == "12345678"
    assert header.values["PatientName"] == "DOE^JOHN"
    assert header.values["ImageType"] == "ORIGINAL\\PRIMARY\\AXIAL"
    assert (header.values["Rows"], header.values["Columns"]) == ("16", "12")
    assert header.values["NumberOfFrames"] == "1"
    assert "SliceThickness" not in header.values, "it is not indexed"


def test_absent_and_empty_are_told_apart() -> None:
    values = header_of(StudyDescription="", PatientAge=REMOVED, Rows=None).values
    assert values["StudyDescription"] == ""
    assert values["Rows"] == ""
    assert "PatientAge" not in values


@pytest.mark.parametrize(("patient", "known_as"), [(REMOVED, ""), ("", ""), ("  ", ""), (" 7 8 ", "7 8"), ("\0", "")])
def test_the_patient_id_is_trimmed_on_both_sides(patient: object, known_as: str) -> None:
    assert header_of(PatientID=patient).patient_id == known_as


def test_only_what_the_vr_calls_padding_is_trimmed_from_values() -> None:
    values = header_of(
        StudyDescription=" a  b \0",
        PatientComments=" x\r\ny\\z ",
        StudyID=" 007 ",
        ImageType=" A \\ B ",
        PatientID=" 7",
    ).values
    assert values["StudyDescription"] == "a  b"
    assert values["PatientComments"] == " x\r\ny\\z"  # in LT leading spaces are text (PS3.5 table 6.2-1)
    assert values["StudyID"] == "007"
    assert values["ImageType"] == "A\\B"
    assert values["PatientID"] == "7"


def test_only_the_top_level_counts() -> None:
    item = Dataset()
    item.PatientID = "OTHER"
    item.StudyInstanceUID = "9.9"
    header = header_of(ReferencedStudySequence=[item], OtherPatientIDsSequence=[item])
    assert (header.patient_id, header.study) == ("12345678", STUDY)


@pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        (REMOVED, "is missing"),
        ("", "is empty"),
        ("../etc", "is no UID"),
        ("1..2", "is no UID"),
        ("9" * 66, "no UID"),
    ],
)
def test_identifying_uids_are_needed_and_checked(keyword: str, value: object, why: str) -> None:
    with pytest.raises(InvalidIdentity, match=f"{keyword}.* {why}") as refusal:
        header_of(EXPLICIT, **{keyword: value})
    assert refusal.value.keyword == keyword


def test_uids_keep_their_leading_zeros() -> None:
    assert header_of(StudyInstanceUID="1.02.3").study == "1.02.3"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_a_data_set_that_is_cut_anywhere_is_refused(syntax: UID) -> None:
    whole = encode_dataset(make_instance(syntax))
    for end in (len(whole) - 2, len(whole) - 100, len(whole) // 2 + 1):
        with pytest.raises(Truncated):
            read_header(whole[:end], syntax)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
@pytest.mark.parametrize("dataset", [b"", b"\0" * 64, b"\x89PNG\r\n\x1a\n" + b"\0\xff" * 100, b"no DICOM, hello\n" * 9])
def test_what_is_no_data_set_is_not_dicom(dataset: bytes, syntax: UID) -> None:
    with pytest.raises(NotDicom):
        read_header(dataset, syntax)


def test_a_huge_value_is_cut() -> None:
    assert len(header_of(IMPLICIT, PatientComments="x" * 200_000).values["PatientComments"]) == MAX_VALUE


CHARACTER_SETS = [
    ("", b"Buc^J\xe9r\xf4me", "Buc^J\xe9r\xf4me"),
    ("ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^J\xe9r\xf4me"),
    ("ISO_IR 144", b"\xbb\xee\xda\x63\x65\xdc\xd1\x79\x70\xd3", "\u041b\u044e\u043ace\u043c\u0431yp\u0433"),
    ("ISO_IR 192", "Wang^XiaoDong=\u738b^\u5c0f\u6771".encode(), "Wang^XiaoDong=\u738b^\u5c0f\u6771"),
    ("GB18030", "Wang^XiaoDong=\u738b^\u5c0f\u4e1c".encode("gb18030"), "Wang^XiaoDong=\u738b^\u5c0f\u4e1c"),
    ("iso-ir 100", b"\xe9", "\xe9"),
    ("NONSENSE", b"\xe9", "\xe9"),
    ("ISO_IR 192", b"A\xff\xfeB", "A\ufffd\ufffdB"),
    (
        "\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046",
    ),
    (
        "\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=\u6d2a^\u5409\u6d1e=\ud64d^\uae38\ub3d9",
    ),
    (
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
        "\uff94\uff8f\uff80\uff9e^\uff80\uff9b\uff73=\u5c71\u7530^\u592a\u90ce",
    ),
    ("\\ISO 2022 IR 58", b"Zhang=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab", "Zhang=\u5f20^\u5c0f\u4e1c"),
    ("ISO 2022 IR 100\\ISO 2022 IR 144", b"A\xe9=\x1b-L\xbb\xee=\xe9", "A\xe9=\u041b\u044e=\xe9"),
    ("\\ISO 2022 IR 87", b"A\x1bXB\x1b", "A\x1bXB\x1b"),
]  # fmt: skip


@pytest.mark.parametrize(("charset", "encoded", "name"), CHARACTER_SETS)
def test_text_is_unicode_whatever_the_character_set(charset: str, encoded: bytes, name: str) -> None:
    padded = encoded + b" " * (len(encoded) % 2)
    plain = encode_dataset(make_instance(PatientName="@" * len(padded)))
    assert plain.count(b"@" * len(padded)) == 1
    term = charset.encode() + b" " * (len(charset) % 2)
    dataset = b"\x08\0\x05\0CS" + len(term).to_bytes(2, "little") + term + plain.replace(b"@" * len(padded), padded)
    assert read_header(dataset, EXPLICIT).values["PatientName"] == name
