"""What `radnode get` and `radnode move` print, and their exit codes."""

import json

import pytest

from radnode.cli.transfers import follow
from radnode.dimse.scu import Progress

NOTHING = Progress(0, 0, 0, 0, 0)
PENDING = Progress(0xFF00, 2, 1, 0, 0)


@pytest.mark.parametrize(
    ("steps", "line", "code"),
    [
        ([PENDING, Progress(0, 0, 3, 0, 0)], "0000: 3 completed, 0 failed, 0 with a warning", 0),
        ([NOTHING], "0000: nothing matched", 1),
        ([PENDING, Progress(0xB000, 0, 2, 1, 0)], "B000: 2 completed, 1 failed, 0 with a warning", 1),
        ([Progress(0xA801, 0, 0, 0, 0, "who?")], "A801: 0 completed, 0 failed, 0 with a warning who?", 1),
        # A peer need not count: that it told no number does not say that there was nothing.
        ([Progress(0, 0, 0, 0, 0, is_counted=False)], "0000: 0 completed, 0 failed, 0 with a warning", 0),
        ([PENDING, NOTHING], "0000: 0 completed, 0 failed, 0 with a warning", 0),
    ],
)
def test_the_result_is_one_line(
    steps: list[Progress], line: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow("title", steps, as_json=False) == code
    assert capsys.readouterr().out == line + "\n"


def test_nothing_that_matched_is_1_in_json_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert follow("title", [NOTHING], as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {
        "status": "0000", "completed": 0, "failed": 0, "warning": 0, "comment": ""
    }  # fmt: skip
