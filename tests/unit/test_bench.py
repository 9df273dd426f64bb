"""The pure parts of scripts/bench: what is measured, medians, ratios, targets, tables, the chart, the page."""

import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from benchmarks import chart, filling, finding, targets
from benchmarks.certificates import make
from benchmarks.comparing import Case, Measured, Result, turned
from benchmarks.instances import KINDS, Kind
from benchmarks.options import parser, scope_of
from benchmarks.page import PICTURES, RECEIVING, NoPlace, replaced
from benchmarks.planning import ESSENTIAL, FULL, QUICK, kinds_of, plan, time_left
from benchmarks.processes import forget_peaks, memory
from benchmarks.pushing import shares, told
from benchmarks.report import report
from benchmarks.servers import DCMQRSCP, ORTHANC, RADNODE, STORESCP
from benchmarks.serving import Failed
from benchmarks.tables import describe, markdown, short, summaries, summarise
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO

MR = next(kind for kind in KINDS if kind.key == "mr")
CT = next(kind for kind in KINDS if kind.key == "ct")
ROOT = Path(__file__).resolve().parents[2]
SERVERS = [RADNODE, ORTHANC, DCMQRSCP, STORESCP]


def measured(rate: float, *, cpu: float = 0.002, memory: int = 50_000_000, tls: str = "") -> Measured:
    return Measured(rate, cpu, 0.001, memory, 100, tls)


RESULTS: dict[Case, dict[str, list[Result]]] = {
    Case(MR, 1, no_delay=True): {
        "radnode": [measured(300), measured(500), measured(900)],
        "Orthanc": [measured(200), measured(150), measured(900)],
        "qrscp": [Failed("3 of 9 acknowledged; <refused>")],
    },
    Case(MR, 4, no_delay=False): {"radnode": [measured(250)], "Orthanc": [measured(11.04)], "qrscp": [measured(14)]},
    Case(MR, 1, no_delay=True, tls=True): {
        "radnode": [measured(180, tls="TLSv1.3 X")],
        "Orthanc": [measured(200, tls="TLSv1.3 X")],
        "storescp": [measured(400, tls="TLSv1.2 Y")],
    },
}


def test_a_summary_is_of_medians() -> None:
    summary = summarise([measured(1, cpu=0.001), measured(9, cpu=0.004), measured(5, cpu=0.003)])
    assert summary is not None
    assert (summary.rate, summary.cpu, summary.memory) == (5, 3, 50)
    assert summary.times is None


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    """A machine that was three times as slow in one round leaves the ratio as it is."""
    summary = summarise([measured(300), measured(100), measured(330)], [measured(200), measured(66), measured(200)])
    assert summary is not None
    assert summary.times is not None
    assert summary.times.median == pytest.approx(1.515, abs=0.001)
    assert summary.times.least == 1.5
    assert summary.times.most == pytest.approx(1.65)


def test_who_failed_once_has_no_number() -> None:
    assert summarise([measured(1), Failed("no"), measured(2)]) is None
    assert summarise([]) is None
    alone = summarise([measured(1)], [measured(1), Failed("no")])
    assert alone is not None
    assert alone.times is None


def test_tables() -> None:
    text = markdown(RESULTS)
    assert "| 35 KB MR, 1 sender | 500 (1.50x) | 200 | - | - |" in text
    assert "| 35 KB MR, 4 senders, Nagle on | 250 (22.64x) | 11.0 | 14.0 (1.27x) | - |" in text
    assert "| 35 KB MR, 1 sender, TLS | 180 (0.90x) | 200 | - | 400 (2.00x) |" in text
    assert "| 35 KB MR, 1 sender | 2.00 (1.00x) | 2.00 | - | - |" in text
    assert "- qrscp, 35 KB MR, 1 sender: 3 of 9 acknowledged; <refused>" in text


def test_targets() -> None:
    text = targets.markdown(summaries(RESULTS), 0.25)
    assert "| 35 KB MR, 1 sender: rate at least 1.2x Orthanc's | reached: 1.50x (1.00 to 3.33) |" in text
    assert "| 35 KB MR, 4 senders, Nagle on: rate at least 5x Orthanc's | reached: 22.64x (22.64 to 22.64) |" in text
    assert "| 35 KB MR, 1 sender: server CPU at most 1x Orthanc's | reached: 1.00x (1.00 to 1.00) |" in text
    assert "| 200 idle associations: server CPU under 1 % of a core | reached: 0.25 % |" in text
    assert "TLS" not in text
    assert "526 KB CT" not in text


def test_targets_that_are_missed() -> None:
    results: dict[Case, dict[str, list[Result]]] = {
        Case(CT, 4, no_delay=True): {"radnode": [measured(80, cpu=0.003)], "Orthanc": [measured(100)]},
        Case(CT, 16, no_delay=True): {"radnode": [measured(80, memory=450_000_000)], "Orthanc": [Failed("no")]},
        Case(MR, 1, no_delay=True): {"radnode": [measured(80)], "Orthanc": [Failed("no")]},
        Case(MR, 4, no_delay=True): {"radnode": [Failed("no")], "Orthanc": [measured(100)]},
    }
    text = targets.markdown(summaries(results), Failed("rejected"))
    assert "| 526 KB CT, 4 senders: rate at least 1.5x Orthanc's | not reached: 0.80x (0.80 to 0.80) |" in text
    assert "| 526 KB CT, 4 senders: server CPU at most 1x Orthanc's | not reached: 1.50x (1.50 to 1.50) |" in text
    assert "| 526 KB CT, 16 senders: peak memory under 400 MB | not reached: 450 MB |" in text
    assert "| 35 KB MR, 1 sender: rate at least 1.2x Orthanc's | Orthanc has no number |" in text
    assert "| 35 KB MR, 4 senders: rate at least 1.5x Orthanc's | not reached: no number |" in text
    assert "core | not reached: rejected |" in text


def test_a_report_says_where_and_over_what() -> None:
    text = report(RESULTS, 3, {"cores": "2", "DCMTK": "3.6.7"}, None)
    assert text.startswith("Medians of 3 rounds; cores 2, DCMTK 3.6.7.")
    assert "TLS: TLSv1.2 Y (storescp); TLSv1.3 X (Orthanc, radnode)." in text
    assert "(performance.svg)" in text


def test_the_essential_run_has_all_that_the_targets_speak_of() -> None:
    cases = plan(ESSENTIAL, [RADNODE, ORTHANC, STORESCP])
    assert [target for target in targets.TARGETS if not any(target.is_of(case) for case in cases)] == []
    assert len(cases) * 3 * ESSENTIAL.rounds < 150


def test_the_full_run_has_every_set_in_every_way_that_tells_something() -> None:
    cases = plan(FULL, SERVERS)
    assert {(case.kind.key, case.senders) for case in cases if case.no_delay and not case.tls} == {
        (kind, senders) for kind in ("mr", "ct", "mf") for senders in (1, 4, 16)
    }
    assert (
        {case.senders for case in cases if case.tls} == {case.senders for case in cases if not case.no_delay} == {1, 4}
    )
    assert all(DCMQRSCP not in servers for case, servers in cases.items() if case.tls)
    assert not [case for case in cases if case.tls and not case.no_delay]
    assert set(plan(QUICK, SERVERS, nagle=(False,), tls=(True,))) == {
        Case(replace(kind, count=count), senders, no_delay=True, tls=True)
        for kind, count in ((MR, 60), (CT, 40))
        for senders in (1, 4)
    }


def test_enough_objects_are_made_for_all_senders() -> None:
    few = replace(MR, count=3)
    assert kinds_of([Case(few, 1, no_delay=True), Case(few, 16, no_delay=True)])["mr"][1] == 33


def test_what_the_command_line_says_goes_before_the_kind_of_run() -> None:
    words = ["--essential", "--rounds", "2", "--senders", "8", "--sets", "mr", "--find", "10000"]
    scope = scope_of(parser().parse_args(words))
    assert (scope.rounds, scope.senders, scope.sets, scope.find) == (2, (8,), ("mr",), (10_000,))
    assert scope.servers == ESSENTIAL.servers
    assert scope_of(parser().parse_args([])) == FULL
    assert scope_of(parser().parse_args(["--find", "none"])).find == ()


def test_servers_change_places() -> None:
    orders = ["".join(server.name[0] for server in turned([RADNODE, ORTHANC, STORESCP], number)) for number in range(4)]
    assert orders == ["rOs", "rsO", "srO", "sOr"]


def test_time_left() -> None:
    assert time_left(60, 10, 100) == "about 9 min left"
    assert time_left(60, 60, 100) == "about 40 s left"


def test_a_push_lasts_from_the_first_object_to_the_last_acknowledgement() -> None:
    first = "10.500 INFO Requesting Association\n11.000 INFO Sending file: a.dcm\n"
    first += "11.250 INFO Received Store Response (Success)\n14.000 INFO Releasing Association\n"
    second = "11.100 INFO Sending file: b.dcm\n11.750 INFO Received Store Response (Success)\n"
    found = told([first, second])
    assert (found.seconds, found.acknowledged) == (0.75, 2)


def test_what_storescu_complains_of_is_told() -> None:
    log = "1.000 INFO Sending file: a.dcm\n\n1.001 ERROR Store Failed, file: a.dcm:\n"
    found = told([log + "1.002 FATAL later\n1.003 INFO Received Store Response (Refused: OutOfResources)\n"])
    assert (found.acknowledged, found.complaint) == (0, "Store Failed, file: a.dcm:")
    assert told([]).complaint
    assert told(["1.0 INFO Received Store Response (Error: CannotUnderstand)"]).complaint.endswith("CannotUnderstand)")


@pytest.mark.parametrize(
    ("number", "text"), [(0.123, "0.12"), (9.994, "9.99"), (9.996, "10.0"), (99.96, "100"), (1234.5, "1,234")]
)
def test_short_numbers(number: float, text: str) -> None:
    assert short(number) == text


def test_the_chart_draws_what_the_reference_has_a_number_for() -> None:
    drawn = chart.svg(summaries(RESULTS))
    words = ["".join(element.itertext()) for element in ET.fromstring(drawn).iter() if element.text]
    assert "500/s, 1.50x" in words
    assert "180/s, 0.90x" in words
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
    page = replaced(f"before\n{RECEIVING.begin}\nold\n{RECEIVING.end}\nafter\n", "new\n")
    assert page == f"before\n{RECEIVING.begin}\n\nnew\n\n{RECEIVING.end}\nafter\n"
    assert replaced(page, "new") == page
    with pytest.raises(NoPlace):
        replaced(f"{RECEIVING.end} {RECEIVING.begin}", "new")


def test_the_docs_have_the_place() -> None:
    page = (ROOT / "docs/performance.md").read_text("utf-8")
    assert replaced(page, "new").count(RECEIVING.begin) == 1
    assert replaced(page, "new", PICTURES).count(PICTURES.begin) == 1


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
    assert Case(kind, 1, no_delay=True, tls=True).key == "x-1-nodelay-tls"


def test_objects_to_search_for_are_as_the_questions_want() -> None:
    studies = [filling.values(number) for number in range(10_000)]
    assert sum(one["StudyDate"].startswith("2020") for one in studies) == 5000
    assert sum(one["StudyDate"].startswith("2021") for one in studies) == 325
    assert [one["PatientID"] for one in studies].count(finding.QUESTIONS[1]["PatientID"]) == 1
    assert {len(one["StudyInstanceUID"]) for one in studies} == {len(filling.values(999_999)["StudyInstanceUID"])}


def test_an_object_laid_out_by_template_says_what_it_should() -> None:
    dataset = dcmread(DicomBytesIO(filling.encoded(1234, 7)))
    wanted = filling.values(1234, 7)
    assert {keyword: str(dataset[keyword].value) for keyword in wanted} == wanted
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert filling.encoded(1234, 7) != filling.encoded(1234, 8)


def test_many_instances_are_ten_a_study() -> None:
    assert (filling.Shape(10_000).studies, filling.Shape(1_000_000).studies) == (filling.LEAST, 100_000)


def test_the_table_of_queries_says_what_each_server_had() -> None:
    filled = [filling.Filled(Path(), 100_000, 1_000_000), filling.Filled(Path(), 90_000, 90_000)]
    text = finding.markdown(["radnode", "Orthanc"], filled, {(1, "findscu"): [30, 45], (500, "findscu"): [80, 150]})
    assert "| radnode, 1,000,000 instances in 100,000 studies | Orthanc, 90,000 instances in 90,000 studies |" in text
    assert "| 1 match, findscu | 30.0 | 45.0 (1.50x) |" in text
    assert "| 500 matches, findscu | 80.0 | 150 (1.88x) |" in text


def test_a_certificate_is_its_own_authority(tmp_path: Path) -> None:
    made = make(tmp_path)
    context = ssl.create_default_context(cafile=made.path)
    context.load_cert_chain(made.path, made.key)
    assert context.cert_store_stats()["x509_ca"] == 1
    assert made.key.stat().st_mode & 0o077 == 0


def test_memory_that_was_given_back_between_two_looks_counts() -> None:
    act = "import mmap; input(); m = mmap.mmap(-1, 64_000_000, flags=mmap.MAP_PRIVATE); m.write(b'1' * 64_000_000)"
    command = [sys.executable, "-c", f"{act}; m.close(); print('gone', flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        before = memory(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"gone\n"
        assert memory(process.pid) > before + 60_000_000
        forget_peaks(process.pid)
        assert memory(process.pid) < before + 30_000_000
        process.stdin.write(b"\n")
