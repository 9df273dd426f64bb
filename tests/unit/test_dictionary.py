"""What may be indexed by setting, and how what may not is refused."""

import sqlite3

import pytest
from pydicom._dicom_dict import DicomDictionary
from sqlite_utils import Database

from radnode.archive.schema import TABLES, migrate
from radnode.instance.dictionary import indexable
from radnode.model.attributes import BY_KEYWORD, BY_TAG, Attribute
from radnode.model.level import Level


@pytest.mark.parametrize(
    ("name", "vr", "expected"),
    [
        ("ContrastBolusAgent", None, Attribute("ContrastBolusAgent", 0x00180010, "LO", Level.SERIES)),
        ("0018,0010", "LO", Attribute("ContrastBolusAgent", 0x00180010, "LO", Level.SERIES)),
        ("(0018,9073)", None, Attribute("AcquisitionDuration", 0x00189073, "FD", Level.SERIES)),
        ("00181020", None, Attribute("SoftwareVersions", 0x00181020, "LO", Level.SERIES, multiple=True)),
        ("SmallestImagePixelValue", None, Attribute("SmallestImagePixelValue", 0x00280106, "US", Level.SERIES)),
        ("0019,100c", "IS", Attribute("Tag0019100C", 0x0019100C, "IS", Level.SERIES)),
        ("StudyDate", None, BY_KEYWORD["StudyDate"]),
    ],
)
def test_keywords_and_tags_name_attributes(name: str, vr: str | None, expected: Attribute) -> None:
    assert indexable(name, Level.SERIES, vr) == expected


@pytest.mark.parametrize(
    ("name", "vr", "why"),
    [
        ("ContrastAgent", None, "neither a keyword of the data dictionary nor a tag"),
        ("PixelData", None, "cannot be indexed, because its VR OB is no text or number"),
        ("ReferencedImageSequence", None, "cannot be indexed, because its VR SQ"),
        ("ContrastBolusAgent", "CS", "has the VR LO, not CS"),
        ("0019,100C", None, "is not in the data dictionary, so its vr must be said"),
        ("0019,100C", "OB", "cannot be indexed"),
        ("0019,0010", "LO", "is no private attribute"),
        ("SpecificCharacterSet", None, "says nothing of an object"),
        ("RetrieveAETitle", None, "says nothing of an object"),
        ("TransferSyntaxUID", None, "says nothing of an object"),
        ("0018,0000", "UL", "says nothing of an object"),
    ],
)
def test_what_cannot_be_indexed_is_refused_with_the_reason(name: str, vr: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        indexable(name, Level.SERIES, vr)


def test_the_name_of_every_attribute_can_be_that_of_a_column() -> None:
    database = Database(sqlite3.connect(":memory:"))
    migrate(database)
    taken = {column.name.lower() for name in TABLES.values() for column in database.table(name).columns}
    keywords = sorted({entry[4] for tag, entry in DicomDictionary.items() if entry[4] and tag not in BY_TAG})
    assert not taken.intersection(map(str.lower, keywords))
    for start in range(0, len(keywords), 500):
        database.execute(f"CREATE TABLE t{start} ({', '.join(keywords[start : start + 500])})")
