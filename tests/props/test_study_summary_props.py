"""Whatever a study's objects say, the summary keeps its form: known labels, one line a value, no control characters."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from radnode.instance.words.study_data import Contradiction, Extent, Sections, SeriesData, StudyData
from radnode.instance.words.study_doses import DoseData
from radnode.instance.words.study_summary import study_text

ODD = st.text(st.characters() | st.sampled_from("\\^=\n\0 0123456789eE.+-;:"), max_size=40)
TEXTS = st.none() | ODD | st.builds(lambda text: text * 300, st.text(min_size=1, max_size=2))
COUNTS = st.integers(0, 10**6)
SERIES = st.builds(
    SeriesData,
    *(TEXTS.map(str), TEXTS, TEXTS, TEXTS, TEXTS, COUNTS, COUNTS, COUNTS, COUNTS),
    *(st.none() | COUNTS, st.none() | COUNTS, TEXTS),
)
NUMBERS = st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str), min_size=1, max_size=3)
DOSES = st.builds(DoseData, st.sampled_from(["CTDIvol"]), ODD, NUMBERS.map(tuple), ODD, ODD, TEXTS)
KEYS = (
    "patient_name",
    "patient_id",
    "patient_age",
    "patient_sex",
    "patient_birth_date",
    "study_description",
    "study_date",
    "accession_number",
)
STUDIES = st.builds(
    StudyData,
    *(st.dictionaries(st.sampled_from(KEYS[:5]), TEXTS), st.dictionaries(st.sampled_from(KEYS[5:]), TEXTS)),
    *(st.lists(ODD, max_size=3).map(tuple), st.lists(SERIES, max_size=3).map(tuple)),
    *(st.lists(DOSES, max_size=3).map(tuple),),
    st.lists(st.builds(Contradiction, st.sampled_from(KEYS), ODD), max_size=3).map(tuple),
    st.lists(ODD, max_size=3).map(tuple),
    st.builds(Extent, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, st.booleans(), COUNTS),
)
HEADINGS = ["PATIENT INFORMATION:", "STUDY INFORMATION:", "SERIES:", "DOSE:", "NOTES:"]
LINE = re.compile(
    r"((Name|ID|Age|Sex|Birth Date|Exam|Date|Accession)( \(contradicting\))?"
    r"|Modalities|Series|Instances|Series .{1,128}?( \(another patient\))?"
    r"|CTDIvol.*|Patients with this study|Read|Listed|Doses listed): .+"
)


@settings(max_examples=60, deadline=None)
@given(STUDIES)
def test_a_studys_summary_keeps_its_form(data: StudyData) -> None:
    text = study_text(data, Sections())
    assert not [one for one in text.replace("\n", "") if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cs")]
    sections = [section.split("\n") for section in text.split("\n\n")]
    headings = [heading for heading, *_ in sections]
    assert headings == [heading for heading in HEADINGS if heading in headings]
    for _, *lines in sections:
        assert lines
        assert all(LINE.fullmatch(line) and len(line) < 800 for line in lines), lines
