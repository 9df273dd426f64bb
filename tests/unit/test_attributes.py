"""The table of indexed attributes agrees with the data dictionary (PS3.6) and the information models (PS3.4 C.6)."""

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

from radnode.model.attributes import ATTRIBUTES, BY_KEYWORD, BY_TAG, UNIQUE_KEY, Attribute, KeyType
from radnode.model.level import Level, Root

ALL = {(one.keyword, one.tag, one.vr): one for each in ATTRIBUTES for one in (each, *each.items)}.values()


@pytest.mark.parametrize("attribute", ALL, ids=lambda attribute: attribute.keyword)
def test_tag_and_vr_are_those_of_the_dictionary(attribute: Attribute) -> None:
    assert tag_for_keyword(attribute.keyword) == attribute.tag
    assert dictionary_VR(attribute.tag) == attribute.vr


def test_no_attribute_stands_twice() -> None:
    assert len(BY_KEYWORD) == len(BY_TAG) == len(ATTRIBUTES)


def test_each_level_has_one_unique_key() -> None:
    assert {level: attribute.keyword for level, attribute in UNIQUE_KEY.items()} == {
        Level.PATIENT: "PatientID",
        Level.STUDY: "StudyInstanceUID",
        Level.SERIES: "SeriesInstanceUID",
        Level.IMAGE: "SOPInstanceUID",
    }
    assert sum(attribute.unique for attribute in ATTRIBUTES) == 4


def test_required_keys_are_those_of_the_information_models() -> None:
    required = {attribute.keyword for attribute in ATTRIBUTES if attribute.key is KeyType.REQUIRED}
    assert required == {
        *("PatientName", "StudyDate", "StudyTime", "AccessionNumber", "StudyID"),
        *("Modality", "SeriesNumber", "InstanceNumber"),
    }
    patient_id = BY_KEYWORD["PatientID"]
    assert patient_id.key_type(Root.PATIENT) is KeyType.UNIQUE
    assert patient_id.key_type(Root.STUDY) is KeyType.REQUIRED
    assert BY_KEYWORD["StudyInstanceUID"].key_type(Root.STUDY) is KeyType.UNIQUE


def test_only_sequences_have_items_and_none_is_within_another() -> None:
    for attribute in ATTRIBUTES:
        assert bool(attribute.items) == (attribute.vr == "SQ")
        assert "SQ" not in {item.vr for item in attribute.items}


def test_levels_are_ordered_from_the_root() -> None:
    assert list(Level) == sorted(Level)
    assert Root.PATIENT.top < Root.STUDY.top
