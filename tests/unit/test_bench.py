"""The pure parts of scripts/bench: medians, ratios, tables, the chart, the page."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from benchmarks import chart
from benchmarks.comparing import Case, Measured, Result
from benchmarks.instances import KINDS, Kind
from benchmarks.page import BEGIN, END, NoPlace, replaced
from benchmarks.pushing import shares
from benchmarks.serving import Failed
from benchmarks.tables import describe, markdown, ratio, short, summaries, summarise

MR = next(kind for kind in KINDS if kind.key == "mr")
ROOT = Path(__file__).resolve().parents[2]


def measured(rate: float, *, cpu: float = 0.002, memory: int = 50_000_000) -> Measured:
    return Measured(rate, cpu, 0.001, memory, 100)


RESULTS: dict[Case, dict[str, list[Result]]] = {
    Case(MR, 1, no_delay=True): {
        "radnode": [measured(300), measured(500), measured(10)],
        "Orthanc": [measured(200), measured(150), measured(900)],
        "qrscp": [Failed("3 of 9 acknowledged; <refused>")],
    },
    Case(MR, 4, no_delay=False): {"radnode": [measured(250)], "Orthanc": [measured(11.04)], "qrscp": [measured(14)]},
}


def test_a_summary_is_of_medians() -> None:
    summary = summarise([measured(1, cpu=0.001), measured(9, cpu=0.004), measured(5, cpu=0.003)])
    assert summary is not None
    assert (summary.rate, summary.cpu, summary.memory) == (5, 3, 50)


def test_who_failed_once_has_no_number() -> None:
    assert summarise([measured(1), Failed("no"), measured(2)]) is None
    assert summarise([]) is None
    assert ratio(summarise([measured(1)]), None) is None
    assert ratio(None, summarise([measured(1)])) is None


def test_tables() -> None:
    text = markdown(RESULTS)
    assert "| 35 KB MR, 1 sender | 300 (1.50x) | 200 | - |" in text
    assert "| 35 KB MR, 4 senders, Nagle on | 250 (22.64x) | 11.0 | 14.0 (1.27x) |" in text
    assert "| 35 KB MR, 1 sender | 2.00 | 2.00 | - |" in text
    assert "- qrscp, 35 KB MR, 1 sender: 3 of 9 acknowledged; <refused>" in text


@pytest.mark.parametrize(
    ("number", "text"), [(0.123, "0.12"), (9.994, "9.99"), (9.996, "10.0"), (99.96, "100"), (1234.5, "1,234")]
)
def test_short_numbers(number: float, text: str) -> None:
    assert short(number) == text


def test_the_chart_draws_what_the_reference_has_a_number_for() -> None:
    drawn = chart.svg(summaries(RESULTS))
    words = ["".join(element.itertext()) for element in ET.fromstring(drawn).iter() if element.text]
    assert "300/s, 1.50x" in words
    assert "35 KB MR, 1 sender" in words
    assert not [word for word in words if "Nagle on" in word or "14.0/s" in word]


def test_a_chart_of_nothing_is_a_picture_still() -> None:
    assert ET.fromstring(chart.svg({})).tag.endswith("svg")


def test_shares_are_equal_and_whole() -> None:
    files = [Path(str(number)) for number in range(10)]
    parts = shares(files, 4)
    assert sorted(map(len, parts)) == [2, 2, 3, 3]
    assert [path for part in parts for path in part] == files


def test_the_page_keeps_what_is_around_the_marks() -> None:
    page = replaced(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new\n")
    assert page == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert replaced(page, "new") == page
    with pytest.raises(NoPlace):
        replaced(f"{END} {BEGIN}", "new")


def test_the_docs_have_the_place() -> None:
    page = (ROOT / "docs/performance.md").read_text("utf-8")
    assert replaced(page, "new").count(BEGIN) == 1


def test_instances_are_distinct_and_about_as_large_as_their_name_says() -> None:
    first, second = MR.make(0), MR.make(1)
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.StudyInstanceUID == second.StudyInstanceUID != MR.make(MR.per_study).StudyInstanceUID
    assert len(first.PixelData) == 32768
    assert first.PixelData != second.PixelData


def test_cases_have_names() -> None:
    kind = Kind("x", "X", MR.make, 1, 1)
    assert Case(kind, 4, no_delay=True).key == "x-4-nodelay"
    assert describe(Case(kind, 1, no_delay=False)) == "X, 1 sender, Nagle on"
