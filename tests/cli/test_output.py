"""Verbs whose answer nobody can have."""

import subprocess
from pathlib import Path

from support.node import COMMAND, environment


def config(folder: Path, where: str) -> tuple[int, str]:
    """The exit code and the complaint of `radnode config`, printing to `where`."""
    shell = ["sh", "-c", f'exec "$@" {where}', "sh", *COMMAND, "config"]
    done = subprocess.run(
        shell, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment(), timeout=60, check=False
    )
    return done.returncode, done.stderr


def test_an_answer_that_cannot_be_written_is_a_failure_in_one_line(tmp_path: Path) -> None:
    code, complaint = config(tmp_path, "> /dev/full")
    assert code == 1
    assert complaint.startswith("radnode: ")
    assert complaint.count("\n") == 1
    assert "No space left" in complaint


def test_no_standard_output_at_all_is_no_mistake_of_the_program(tmp_path: Path) -> None:
    assert config(tmp_path, ">&-") == (0, "")
