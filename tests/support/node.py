"""The whole node as a process of its own, the way it is run."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from radnode.settings import AuthSettings
from radnode_http.signing_keys import load_key
from radnode_http.tokens import mint

T = TypeVar("T")

COMMAND = [sys.executable, "-m", "radnode"]
DEADLINE = 60.0
"""Seconds; far more than anything should take, because the machine may be busy with other tests."""


def environment(**more: str) -> dict[str, str]:
    """This process's, without anything that would set radnode."""
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith(("RADNODE_", "DICOM_"))}
    return ours | more


def radnode(*words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`radnode WORDS...`, run to its end in `folder`."""
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(**variables),
        timeout=DEADLINE,
        check=False,
    )


RUNNING = """
import contextlib, io, json, sys
from radnode.cli.main import main

for words in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
"""


def run_all(command_lines: Sequence[Sequence[str]], folder: Path) -> list[tuple[int, str, str]]:
    """Command lines that end by themselves, one after another in one process; exit code and what each printed."""
    done = subprocess.run(
        [sys.executable, "-c", RUNNING], input=json.dumps(command_lines), stdout=subprocess.PIPE, text=True,
        cwd=folder, env=environment(), timeout=DEADLINE, check=True,
    )  # fmt: skip
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def wait_for(
    condition: Callable[[], T], *, what: str, deadline: float = DEADLINE, alive: Callable[[], bool] = lambda: True
) -> T:
    """The first true value of `condition`; fails after the deadline, or as soon as `alive` is false."""
    end = time.monotonic() + deadline
    while not (found := condition()):
        assert time.monotonic() < end, f"{what}: not within {deadline} s"
        assert alive() or condition(), f"{what}: not any more"
        time.sleep(0.01)
    return found


class Node:
    """`radnode serve` on free ports over the archive at `root`, ready once it is entered; stopped at the end."""

    def __init__(self, root: Path, *options: str, **variables: str) -> None:
        self.root = root
        self._options = options
        self._variables = variables
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "Node":
        """Start it and wait until it is ready."""
        self.root.mkdir(exist_ok=True)
        words = ["serve", "--archive.root", str(self.root), "--dicom.port", "0", "--http.port", "0"]
        words += ["--http.render_workers", "1", *self._options]  # each is a process that loads all decoders
        name = f"{self.root.name}-{secrets.token_hex(4)}"
        self._out = (self.root.parent / f"{name}.out").open("w+")
        self._log = (self.root.parent / f"{name}.log").open("w+")
        self.process = subprocess.Popen(
            [*COMMAND, *words], stdout=self._out, stderr=self._log, text=True, cwd=self.root.parent,
            env=environment(**self._variables),
        )  # fmt: skip
        wait_for(self._is_ready, what=f"ready ({self.log_text()})", alive=self.is_alive)
        return self

    def _is_ready(self) -> bool:
        is_there = self.process is not None and self.ready().get("pid") == self.process.pid
        return is_there and any(line.startswith("ready") for line in self.output())

    @property
    def ready_file(self) -> Path:
        return self.root / ".radnode" / "ready.json"

    def ready(self) -> dict[str, Any]:
        """What ready.json says; nothing where it is not there."""
        try:
            found: dict[str, Any] = json.loads(self.ready_file.read_text())
        except FileNotFoundError:
            return {}
        return found

    @property
    def dicom_port(self) -> int:
        port: int = self.ready()["dicom_port"]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ready()['http_port']}"

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def output(self) -> list[str]:
        """The lines it has printed."""
        return Path(self._out.name).read_text().splitlines()

    @property
    def log_path(self) -> Path:
        return Path(self._log.name)

    def log_text(self) -> str:
        return self.log_path.read_text()

    def events(self) -> list[dict[str, Any]]:
        """Its log."""
        return [json.loads(line) for line in self.log_text().splitlines()]

    def children(self) -> dict[int, str]:
        """The processes below it, by id, with their names."""
        assert self.process is not None
        return descendants(self.process.pid)

    def token(self, scope: str = "dicom:admin") -> str:
        """A token of an administrator, with the secret that the node keeps."""
        settings = AuthSettings()
        return mint(settings, load_key(settings, self.root / ".radnode"), subject="test", scope=scope, ttl=3600)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and give the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        """`kill -9` of the supervisor alone."""
        assert self.process is not None
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        assert self.process is not None
        try:
            return self.process.wait(DEADLINE)
        finally:
            self._out.close()
            self._log.close()

    def __enter__(self) -> "Node":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def descendants(parent: int) -> dict[int, str]:
    """All processes below `parent`, by id, with their names."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found: dict[int, str] = {}
    left: Sequence[int] = parents.get(parent, [])
    while left:
        found |= {pid: _name(pid) for pid in left}
        left = [child for pid in left for child in parents.get(pid, [])]
    return found


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
