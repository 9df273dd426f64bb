"""The log: one JSON object a line off a terminal, whoever writes it; nothing that goes wrong there stops the work."""

import io
import json
import logging
import sys
import threading

import pytest
import structlog

from radnode.cli import logs
from radnode.sections.log import LogSettings

OURS = {"event", "level", "timestamp", "process", "pid"}


def lines(captured: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.splitlines()]


def test_our_events_and_those_of_libraries_have_one_form(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(), "dicom-1")
    structlog.get_logger().bind(calling="CT\u00e4\n1").info("operation", ms=1.5, what=("a", None), error=OSError(5))
    logging.getLogger("a.library").warning("said %s", "this")
    ours, theirs = lines(capsys.readouterr().err)
    assert ours.keys() - OURS == {"calling", "ms", "what", "error"}
    assert (ours["event"], ours["level"], ours["process"]) == ("operation", "info", "dicom-1")
    assert (ours["calling"], ours["what"], ours["error"]) == ("CT\u00e4\n1", ["a", None], "OSError(5)")
    assert theirs.keys() == OURS
    assert (theirs["event"], theirs["level"], theirs["process"]) == ("said this", "warning", "dicom-1")


def test_what_is_less_severe_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(level="warning"), "dicom-1")
    for log in (structlog.get_logger(), logging.getLogger("a.library")):
        log.info("operation")
        log.error("failure")
    assert [line["event"] for line in lines(capsys.readouterr().err)] == ["failure", "failure"]


def choke(patient: str) -> None:
    raise ValueError(f"odd: {patient}")


def fail_in_three_logs() -> None:
    try:
        choke("Doe^John")
    except ValueError as error:
        structlog.get_logger().exception("association_failed")
        structlog.get_logger().warning("association_failed", exc_info=error)
        logging.getLogger("a.library").exception("association_failed\nmessage: %s", "Doe^John")
    structlog.get_logger().error("operation", exc_info=True)  # where there is none


def test_an_exception_is_told_by_its_type_and_frames_alone(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="json"), "dicom-1")
    fail_in_three_logs()
    *failures, other = lines(written := capsys.readouterr().err)
    assert [(line["event"], line["error"]) for line in failures] == [("association_failed", "ValueError")] * 3
    for line in failures:
        assert line.keys() == OURS | {"error", "frames"}
        assert str(line["frames"]).endswith(" choke']")
    assert other.keys() == OURS
    assert "Doe" not in written


def test_text_quotes_no_more_of_an_exception_than_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="text"), "dicom-1")
    fail_in_three_logs()
    written = capsys.readouterr().err.splitlines()
    assert len(written) == 4
    assert all("ValueError" in line and " choke'" in line for line in written[:3])
    assert not any("Doe" in line for line in written)


def test_a_terminal_gets_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    logs.configure(LogSettings(), "dicom-1")
    structlog.get_logger().info("operation", service="store")
    assert "operation" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


def test_lines_of_many_threads_stay_whole(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(), "dicom-1")
    text = "x" * 300

    def write() -> None:
        for _ in range(50):
            structlog.get_logger().info("operation", text=text)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = lines(capfd.readouterr().err)
    assert [line["text"] for line in found] == [text] * 400


def test_nobody_who_reads_the_log_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    logs.configure(LogSettings(), "dicom-1")
    structlog.get_logger().info("operation")
    reader = io.StringIO()
    monkeypatch.setattr(sys, "stderr", reader)
    structlog.get_logger().info("operation")
    assert json.loads(reader.getvalue())["event"] == "operation"
