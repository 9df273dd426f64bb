"""The conformance statement is what the code says, and what a node does."""

import re
from pathlib import Path

import pytest
from support.dimse_server import EXPLICIT, address_of, proposals, running
from support.fake_archive import FakeArchive

from radnode.cli.conformance.acceptor import services_offered
from radnode.cli.conformance.services import PROVIDED, statuses_of
from radnode.cli.conformance.statement import statement
from radnode.cli.main import main
from radnode.dimse.contexts import SERVICES_OFFERED
from radnode.dimse.status import Status
from radnode.dimse.upper.requesting import MAX_CONTEXTS, associate
from radnode.settings import DicomSettings, Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
SECTION = re.compile(r"#### 4\.2\.1\.1 SOP classes\n(.*?)##### 4\.2\.1\.1\.2 ", re.DOTALL)


def test_the_page_is_what_the_code_says() -> None:
    made = statement(Settings())
    assert PAGE.read_text("utf-8") == made, "run: radnode conformance --write docs/conformance.md"


def test_every_sop_class_of_the_page_is_accepted_by_a_node_and_no_other_is_offered() -> None:
    section = SECTION.search(PAGE.read_text("utf-8"))
    assert section is not None
    listed = re.findall(r"\| (1\.2\.840[0-9.]+) \|", section[1])
    assert sorted(listed) == sorted(SERVICES_OFFERED)
    accepted: set[str] = set()
    with running(FakeArchive()) as server:
        for start in range(0, len(listed), MAX_CONTEXTS):
            contexts = proposals(*((uid, (EXPLICIT,)) for uid in listed[start : start + MAX_CONTEXTS]))
            with associate(address_of(server), contexts) as requested:
                accepted |= {context.abstract_syntax for context in requested.accepted.values()}
    assert accepted == set(listed)


def test_every_status_that_the_code_knows_has_its_meaning() -> None:
    told = {code for service in services_offered() for code, _ in statuses_of(service)}
    assert [f"{status:04X}" for status in Status if status not in told] == []
    assert set(services_offered()) <= set(PROVIDED)


def test_a_node_states_its_own_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "statement.md"
    attribute = '[{"attribute": "ContrastBolusAgent", "level": "SERIES"}]'
    words = ["--dicom.ae_title", "WARD7", "--dicom.max_associations", "17", "--archive.attributes", attribute]
    assert main(["conformance", *words]) == 0
    printed = capsys.readouterr().out
    assert "#### 4.2.1 WARD7\n" in printed
    assert "| 17 (`dicom.max_associations`) |" in printed
    assert "| ContrastBolusAgent | (0018,0010) | LO | O | O |" in printed
    assert main(["conformance", *words, "--write", str(file)]) == 0
    assert (file.read_text("utf-8"), capsys.readouterr().out) == (printed, "")
    assert printed == statement(
        Settings.model_validate(
            {
                "dicom": DicomSettings(ae_title="WARD7", max_associations=17),
                "archive": {"attributes": [{"attribute": "ContrastBolusAgent", "level": "SERIES"}]},
            }
        )
    )
