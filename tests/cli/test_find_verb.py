"""`radnode find` as people use it, against pynetdicom as provider."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from support.archives import store
from support.dimse_server import running
from support.finding import provider, without_end
from support.instances import make_instance

from radnode.archive.archive import Archive
from radnode.cli.main import main

WORKLIST = "1.2.840.10008.5.1.4.31"


def entries(event: Any) -> Iterator[Any]:
    item = Dataset()
    item.Modality = event.identifier.ScheduledProcedureStepSequence[0].Modality
    item.ScheduledStationAETitle = "CT\t01"
    match = Dataset()
    match.PatientName = "DOE^JOHN"
    match.ScheduledProcedureStepSequence = Sequence([item])
    yield 0xFF00, match


def test_a_worklist_nests_in_json_and_is_flat_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with provider(entries, WORKLIST) as peer:
        target = f"{peer.title}@{peer.host}:{peer.port}"
        words = ["PatientName", "ScheduledProcedureStepSequence.Modality=CT", "-k", "0040,0100.0040,0001"]
        assert main(["find", target, "--worklist", "--json", *words]) == 0
        nested = json.loads(capsys.readouterr().out)
        assert main(["find", target, "--worklist", *words]) == 0
        assert capsys.readouterr().out == "DOE^JOHN\tCT\tCT 01\n"
        assert main(["find", target, words[1], "--worklist"]) == 0
        assert capsys.readouterr().out.split("\t")[0] == "DOE^JOHN"
    assert nested["ScheduledProcedureStepSequence"] == [{"Modality": "CT", "ScheduledStationAETitle": "CT\t01"}]


def test_a_limit_ends_the_query_with_a_cancel(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[bool] = []
    with provider(without_end(heard)) as peer:
        target = f"{peer.title}@{peer.host}:{peer.port}"
        assert main(["find", target, "--limit", "3", "PatientID"]) == 0
    assert capsys.readouterr().out == "0\n1\n2\n"
    assert heard == [True]


def test_an_interrupt_ends_the_query_with_a_cancel_and_1() -> None:
    heard: list[bool] = []
    endless = without_end(heard)

    def interrupt(event: Any) -> Iterator[Any]:
        os.kill(os.getpid(), signal.SIGINT)
        yield from endless(event)

    with provider(interrupt) as peer:
        assert main(["find", f"{peer.title}@{peer.host}:{peer.port}", "PatientID"]) == 1
    assert heard == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_options_are_negotiated_and_old_models_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Archive.open(tmp_path) as archive, running(archive) as server:
        for number, modality in enumerate(("CT", "MR")):
            uid = f"1.2.{number}"
            store(
                archive,
                make_instance(StudyInstanceUID=uid, SOPInstanceUID=uid, SeriesInstanceUID=uid, Modality=modality),
            )
        target = f"RADNODE@127.0.0.1:{server.port}"
        for option, studies in (((), ["1.2.0", "1.2.1"]), (("--relational",), ["1.2.1"])):
            assert main(["find", target, *option, "StudyInstanceUID", "Modality=MR"]) == 0
            lines = capsys.readouterr().out.splitlines()
            assert [line.split("\t")[0] for line in lines] == studies
        assert main(["find", target, "--root", "patient-study", "--level", "patient", "PatientID"]) == 0
        assert capsys.readouterr().out == "12345678\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["PatientNmae=X"], "radnode: --key PatientNmae: PatientNmae is neither a keyword nor a tag; did you mean"),
        (["0029,1010=X"], "radnode: --key 0029,1010: 0029,1010 is a private attribute"),
        (["Rows=X"], "radnode: the value of Rows must be a number\n"),
        (["--charset", "ISO_IR 100", "PatientName=山"], "radnode: the value of PatientName cannot be written"),
        (["--limit", "0"], "radnode: --limit 0: must be at least 1\n"),
        (["--worklist", "--root", "study"], "radnode: --root: goes without --worklist"),
        (["--root", "patient-study", "--level", "series"], "radnode: --root patient-study: has no level series\n"),
    ],
)
def test_wrong_usage_is_one_line_and_2(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", "A@127.0.0.1:1", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(line)
    assert captured.err.count("\n") == 1
    assert captured.out == ""
