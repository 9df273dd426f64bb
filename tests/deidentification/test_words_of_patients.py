"""What somebody has typed into attributes that no table names: names, identifiers, dates and UIDs of the object."""

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from support.deidentified import deidentified, element, implicit, read, with_bytes
from support.instances import make_instance, write_part10

from radnode.instance.deidentification.acts import Act
from radnode.instance.deidentification.identifying import Identifying
from radnode.instance.deidentification.kept_values import KeptValues
from radnode.instance.deidentification.profile import Dates, Profile
from radnode.instance.walk import Element

UTF8 = "ISO_IR 192"
JOHN: dict[str, Any] = {
    "SpecificCharacterSet": UTF8,
    "PatientName": "DOE^JOHN^M^DR^PHD",
    "PatientBirthDate": "19870612",
}


def de(tmp_path: Path, profile: Profile | None = None, **values: Any) -> Dataset:
    return read(deidentified(write_part10(make_instance(**values), tmp_path / "one.dcm"), profile)[0])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DOE^JOHN", "John Doe"),
        ("DOE^JOHN", "DOE, JOHN"),
        ("DOE^JOHN", "seg of doe"),
        ("DOE^JOHN", "DOE_JOHN_01"),
        ("DOE^JOHN", "JohnDoe"),
        ("DOE^JOHN", "doejohn."),
        ("Müller^Jörg", "MÜLLER"),
        ("Müller^Jörg", "Muller, Jorg"),
        ("Müller^Jörg", "Mueller"),
        ("Mueller^Jorg", "Müller"),
        ("Groß^Ana", "GROSS"),
        ("O'Brien^Sean", "Sean O Brien"),
        ("van der Berg^Piet", "Pt. Berg"),
        ("Li^Na", "Na Li"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田太郎様"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "yamada"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "환자 길동"),
        ("Фёдоров^Илья", "ФЕДОРОВ"),
        ("DOE^JOHN", "Patient 12345678, left"),
        ("DOE^JOHN", "ID12345678x"),
        ("DOE^JOHN", "12-345-678"),
        ("Andersen^H", "Andersens liver"),
        ("Andersen^H", "CTandersen"),
        ("DOE^JOHN", "born 1987-06-12"),
        ("DOE^JOHN", "12.06.1987"),
        ("DOE^JOHN", "DOB 06/12/1987"),
        ("DOE^JOHN", "of 06.11.2025"),
        ("DOE^JOHN", "scan 2024-02-29"),
        ("DOE^JOHN", "from 1.2.826.0.1.3680043.10.543.1.5"),
        ("DOE^JOHN", "A2025110601"),
        ("DOE^JOHN", "read by Smith"),
    ],
)
def test_a_text_that_tells_who_it_is_does_not_stay(tmp_path: Path, name: str, text: str) -> None:
    values = {**JOHN, "PatientName": name, "ReferringPhysicianName": "SMITH^ALICE"}
    values["AcquisitionDateTime"] = "20240229101112.5+0100"
    new = de(tmp_path, DetectorDescription=text, **values)
    assert new.DetectorDescription == "ANONYMIZED"


@pytest.mark.parametrize(
    "text",
    [
        "SIEMENS",
        "Dr. nobody",
        "HU",
        "left",
        "MR 1.5T",
        "syngo 4.1.2.10.5",
        "12",
        "20101006",
        "johnson",
        "1.2.840.10008.6.1.20",
    ],
)
def test_other_texts_stay(tmp_path: Path, text: str) -> None:
    assert de(tmp_path, DetectorDescription=text, **JOHN).DetectorDescription == text


def test_one_short_name_alone_is_also_a_unit(tmp_path: Path) -> None:
    new = de(tmp_path, **{**JOHN, "PatientName": "HU^NA"}, RescaleType="HU", DetectorDescription="Na Hu")
    assert (new.RescaleType, new.DetectorDescription) == ("HU", "ANONYMIZED")


def test_everywhere_in_sequences_and_codes(tmp_path: Path) -> None:
    code, segment = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99LOCAL", "Lesion of Mr. Doe"
    segment.SegmentLabel, segment.SegmentDescription = "Doe lesion", "lesion"
    segment.SegmentedPropertyTypeCodeSequence = [code]
    (new,) = de(tmp_path, SegmentSequence=[segment], **JOHN).SegmentSequence
    assert (new.SegmentLabel, new.SegmentDescription) == ("ANONYMIZED", "lesion")
    assert new.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "ANONYMIZED"
    assert new.SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator == "99LOCAL"


def test_names_that_stand_in_sequences_count_and_their_own_character_sets(tmp_path: Path) -> None:
    other = Dataset()
    other.SpecificCharacterSet, other.PatientID = "ISO_IR 144", "9"
    other.add(DataElement(0x00101001, "PN", "Сименс^Илья"))
    new = de(tmp_path, OtherPatientIDsSequence=[other], DetectorDescription="сименс 1", **JOHN)
    assert new.DetectorDescription == "ANONYMIZED"


def test_names_that_hide_in_un_count(tmp_path: Path) -> None:
    name = implicit(0x00101001, b"Zyxcanary^N ")
    hidden = element(0x00101002, b"UN", implicit(0xFFFEE000, name))
    told = element(0x00187006, b"LT", b"for zyxcanary ")
    assert b"yxcanary" not in deidentified(with_bytes(tmp_path / "hidden.dcm", hidden, told))[0]


def test_codes_stay_unless_they_name_somebody_in_full(tmp_path: Path) -> None:
    values = {**JOHN, "PatientName": "CHEST^AP"}
    assert de(tmp_path, BodyPartExamined="CHEST", **values).BodyPartExamined == "CHEST"
    assert de(tmp_path, BodyPartExamined="JOHN DOE", **JOHN).BodyPartExamined == "ANONYMIZED"


def test_dates_in_texts_stay_only_where_dates_do(tmp_path: Path) -> None:
    text = "calibrated 2025-11-06"
    values = {**JOHN, "DetectorDescription": text}
    assert de(tmp_path, Profile(dates=Dates.KEEP), **values).DetectorDescription == text
    assert de(tmp_path, Profile(dates=Dates.MODIFY), **values).DetectorDescription == "ANONYMIZED"
    values["DetectorDescription"] = "born 12.06.1987"
    assert de(tmp_path, Profile(dates=Dates.KEEP), **values).DetectorDescription == "ANONYMIZED"


def test_what_options_keep_is_looked_at_too(tmp_path: Path) -> None:
    profile = Profile(retain_device_identity=True, retain_institution_identity=True)
    new = de(tmp_path, profile, StationName="DOE_CT", InstitutionName="St. Mary", **JOHN)
    assert (new.StationName, new.InstitutionName) == ("ANONYMIZED", "St. Mary")


def test_a_text_too_long_to_be_looked_at_does_not_stay(tmp_path: Path) -> None:
    dataset = make_instance(**JOHN)
    dataset.add(DataElement(0x0018990F, "UT", "x " * 600_000 + "DOE"))  # Protocol Planning Information
    dataset.add(DataElement(0x00189910, "UT", "x " * 60_000 + "DOE"))
    dataset.add(DataElement(0x00189917, "UT", "x " * 60_000))
    file, _ = deidentified(write_part10(dataset, tmp_path / "long.dcm"))
    new = read(file)
    assert new.ProtocolPlanningInformation == new.ProtocolDesignRationale == "ANONYMIZED"
    assert len(new.InstructionDescription) > 100_000
    assert b"DOE" not in file


def test_texts_beyond_what_can_be_looked_at_do_not_stay() -> None:
    values = KeptValues(b"onetwo", Identifying(), room=5)
    one, two = (Element(0x00187006, "LT", offset, 3, 0) for offset in (0, 3))
    assert [values.act(element, ("ascii",)) for element in (one, one, two, one)] == [
        Act.KEEP,
        Act.KEEP,
        Act.DUMMY,
        Act.KEEP,
    ]


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (0x00189306, "LO", "DOE^JOHN"),  # a number
        (0x00081150, "UI", "DOE^JOHN"),  # a class
        (0x00187006, "PN", "SOMEBODY^ELSE"),
        (0x00181600, "LT", "DOE^JOHN"),  # a code
        (0x00200012, "IS", "JOHN DOE"),
        (0x00180050, "DS", "DOE"),
        (0x00102203, "CS", "a code is never so long: DOE"),
        (0x7F020010, "OB", "DOE^JOHN"),  # further images of an old kind
    ],
)
def test_names_in_what_is_no_text(tmp_path: Path, tag: int, vr: str, value: str) -> None:
    file, _ = deidentified(with_bytes(tmp_path / "odd.dcm", element(tag, vr.encode(), value.encode().ljust(14))))
    assert value.encode() not in file


@pytest.mark.parametrize(
    ("tag", "vr"), [(0x00080100, b"SH"), (0x00282000, b"OB"), (0x00280010, b"US"), (0x00189306, b"FD")]
)
def test_long_names_are_found_in_what_is_no_text(tmp_path: Path, tag: int, vr: bytes) -> None:
    name = element(0x00101001, b"PN", b"Zyxcanary ")
    profile = element(tag, vr, b"\0\1of ZYXCANARY\0")
    assert b"ZYX" not in deidentified(with_bytes(tmp_path / "bytes.dcm", name, profile))[0]


def test_digits_of_numbers_are_no_identifiers(tmp_path: Path) -> None:
    new = de(tmp_path, ImagePositionPatient=["-12345678.5", "1e5", "0"], **JOHN)
    assert str(new["ImagePositionPatient"].value[0]) == "-12345678.5"


def test_an_age_that_is_kept_is_an_age(tmp_path: Path) -> None:
    profile = Profile(retain_patient_characteristics=True)
    assert de(tmp_path, profile, PatientAge="039Y", **JOHN).PatientAge == "039Y"
    assert de(tmp_path, profile, PatientAge="DOE", **JOHN).PatientAge == "000D"


def test_dates_that_are_kept_are_dates(tmp_path: Path) -> None:
    new = de(tmp_path, Profile(dates=Dates.KEEP), StudyDate="20251106", SeriesDate="DOE JOHN", **JOHN)
    assert (new.StudyDate, new.SeriesDate) == ("20251106", "19000101")


def test_a_name_in_a_description_is_cleaned_whatever_its_accents(tmp_path: Path) -> None:
    values = {**JOHN, "PatientName": "Léft^J"}
    new = de(tmp_path, Profile(clean_descriptors=True), StudyDescription="left hip", **values)
    assert new.StudyDescription == "hip"
