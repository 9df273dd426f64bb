"""The log: one JSON object a line off a terminal, whoever writes it; nothing that goes wrong there stops the work."""

import io
import json
import logging
import sys
import threading

import pytest
import structlog

from radnode.cli import logs
from radnode.settings import LogSettings

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


def test_an_exception_is_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(), "dicom-1")
    try:
        raise ValueError("odd")
    except ValueError:
        structlog.get_logger().exception("association_failed")
    (line,) = lines(capsys.readouterr().err)
    assert line["level"] == "error"
    assert str(line["exception"]).endswith("ValueError: odd")


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
