"""Whatever a header says, its summary keeps its form: known labels once each, one line and 128 characters a value."""

import math
import unicodedata
from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from radnode.instance.words.metadata import (
    EquipmentMetadata,
    ImageMetadata,
    Metadata,
    PatientMetadata,
    SeriesMetadata,
    Spacing,
    StudyMetadata,
    parse_spacing,
)
from radnode.instance.words.summary import summarize

SECTIONS = {
    "PATIENT INFORMATION:": ["Name", "ID", "Age", "Sex"],
    "STUDY INFORMATION:": ["Exam", "Date", "Accession", "Modality"],
    "TECHNICAL PARAMETERS:": ["Manufacturer", "Slice Thickness", "Matrix", "Pixel Spacing"],
}
TEXTS = st.none() | st.text(st.characters() | st.sampled_from("\\^=\n\0 0123456789eE.+-"), max_size=60)
LONG = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=3), st.integers(1, 400))
NUMBERS = st.none() | st.integers(-(10**12), 10**12)
SPACINGS = st.none() | st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2)


def some(group: type[Any]) -> st.SearchStrategy[Any]:
    kinds = {str | None: TEXTS | LONG, int | None: NUMBERS, Spacing | None: SPACINGS, bool: st.booleans()}
    named = {field.name: kinds[field.type] for field in fields(group)}  # type: ignore[index]  # no text, but the type
    return st.builds(group, **named)


METADATA = st.builds(
    Metadata,
    *(some(group) for group in (PatientMetadata, StudyMetadata, SeriesMetadata, ImageMetadata, EquipmentMetadata)),
)


@settings(max_examples=150, deadline=None)
@given(METADATA)
def test_a_summary_keeps_its_form(metadata: Metadata) -> None:
    text = summarize(metadata).summary
    assert not [one for one in text.replace("\n", "") if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cs")]
    assert text == text.strip("\n")
    sections = text.split("\n\n") if text else []
    headings = [section.split("\n")[0] for section in sections]
    assert headings == [heading for heading in SECTIONS if heading in headings]
    for section in sections:
        heading, *lines = section.split("\n")
        labels = [line.partition(": ")[0] for line in lines]
        assert labels
        assert labels == [label for label in SECTIONS[heading] if label in labels]
        assert all(0 < len(line.partition(": ")[2]) <= (128 if "Manuf" not in line else 257) for line in lines)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("0123456789.eE+-\\ \0n,"), max_size=20))
def test_spacing_is_two_finite_numbers_or_nothing(text: str) -> None:
    spacing = parse_spacing(text)
    assert spacing is None or [math.isfinite(one) for one in spacing] == [True, True]
