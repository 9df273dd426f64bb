"""`radnode` itself: help, version, unknown words, exit codes."""

import pytest

from radnode import __version__
from radnode.cli.main import VERBS, main


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"radnode {__version__}\n"


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert [verb for verb in VERBS if f"\n  {verb} " not in text] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert f"examples:\n  radnode {verb}" in text
    assert "--config FILE" in text


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "radnode: which verb? (see radnode --help)\n"),
        (["srve"], "radnode: unknown verb 'srve'; did you mean serve? (see radnode --help)\n"),
        (["config", "--dicom.prot=1"], "radnode: unknown option --dicom.prot; did you mean --dicom.port? (see "),
        (["config", "--dicom.po", "1"], "radnode: unknown option --dicom.po; did you mean --dicom.port? (see "),
        (["config", "more"], "radnode: unknown argument more (see radnode config --help)\n"),
        (["echo", "PACS"], "radnode: 'PACS' is neither a listed peer nor AET@host:port\n"),
        (["find", "A@b:1", "--key", "=x"], "radnode: --key =x: must be KEYWORD or KEYWORD=VALUE, such as"),
        (["find", "A@b:1", "--root", "study", "--level", "patient"], "radnode: --root study: has no level patient\n"),
        (["echo", "A@b:1", "--timeout", "0"], "radnode: --timeout 0: must be above 0, and at most 86400 (a day)\n"),
        (["echo", "A@b:1", "--timeout", "nan"], "radnode: --timeout nan: must be above 0"),
        (["echo", "A@b:1", "--timeout", "1e99"], "radnode: --timeout 1e+99: must be above 0, and at most 86400"),
        (["get", "A@b:1"], "radnode: --level study: needs --key StudyInstanceUID=VALUE, which says what is to be had"),
        (["get", "A@b:1", "-k", "StudyInstanceUID=*"], "radnode: --key StudyInstanceUID=*: must be a value without"),
        (["move", "A@b:1", "-k", "0020,000D=1.?"], "radnode: --key StudyInstanceUID=1.?: must be a value without"),
        (["move", "A@b:1", "--level", "patient", "-k", "PatientID"], "radnode: --key PatientID=: must be a value"),
        (
            ["get", "A@b:1", "--level", "series", "-k", "SeriesInstanceUID=1.2", "-k", "StudyInstanceUID"],
            "radnode: --key StudyInstanceUID=: must be a value without wildcards",
        ),
        (["send", "A@b:1", "/no/such/file"], "radnode: /no/such/file: no such file or folder\n"),
        (["import", "/no/such/file"], "radnode: /no/such/file: no such file or folder\n"),
        (["import", "/", "--processes", "99"], "radnode: --processes 99: must be 0 to 64\n"),
        (["stats", "--archive.root", "/no/such"], "radnode: archive.root = /no/such: must be a folder that holds an"),
        (["check", "--archive.root", "/no/such"], "radnode: archive.root = /no/such: must be a folder that holds an"),
        (["registry", "export", "--file", "x", "--archive.root", "/no/such"], "radnode: archive.root = /no/such: "),
    ],
)
def test_wrong_usage_is_one_line_and_2(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(line)
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize("words", [["config", "--dicom.port"], ["token"], ["serve", "--only", "x"]])
def test_what_the_grammar_refuses_is_one_line_and_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_peer_that_is_not_there_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "NOBODY@127.0.0.1:1", "--timeout", "5"]) == 1
    assert capsys.readouterr().err.startswith("radnode: NOBODY: ")
