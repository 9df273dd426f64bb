"""SIGHUP in the supervisor and its children, where reading again fails or comes at an awkward moment."""

import json
import signal
import subprocess
import sys

from support.node import DEADLINE

STARTING = """
import os, select, signal, sys, threading, time
from pathlib import Path
from radnode.cli import logs
from radnode.cli.child import Child, Job
from radnode.cli.supervisor import Supervisor
from radnode.cli.waking import Waking
from radnode.sections.log import LogSettings

logs.configure(LogSettings(format="json"), "supervisor")
"""

FAILING = """
class Odd(Exception):
    pass

supervisor, calls = os.getpid(), []

def reload():
    calls.append(None)
    if os.getpid() == supervisor and len(calls) > 1:
        return True
    raise Odd("-----BEGIN PRIVATE KEY-----")

def serve(post, stop):
    logs.configure(LogSettings(format="json"), "dicom-1")
    post.say_ready()
    stop.wait()

with Waking() as waking, Supervisor([Job("dicom", "dicom-1", serve, reload=reload)], waking) as running:
    def ready(is_ready):
        print(is_ready, flush=True)
    running.run(on_ready=ready, on_death=print)
    sys.exit(0 if running.stop() else 1)
"""

JUST_FORKED = """
reread = threading.Event()

def reload():
    reread.set()
    return True

def serve(post, stop):
    if reread.wait(5):
        post.say_ready()

child = Child(Job("dicom", "dicom-1", serve, reload=reload))
child.start(time.monotonic(), os.pipe()[0], lambda: os.kill(os.getpid(), signal.SIGHUP))
print(os.read(child.ready_end, 1), child.died(time.monotonic()))
"""


def test_neither_the_supervisor_nor_a_child_is_harmed_by_a_failure() -> None:
    command = [sys.executable, "-c", STARTING + FAILING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "True\n"
        failures = []
        for _ in range(2):  # it fails in the supervisor, then in the child
            process.send_signal(signal.SIGHUP)
            while (line := json.loads(process.stderr.readline()))["event"] != "reload_failed":
                assert line["level"] == "info"
            failures.append(line)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
        assert "child_killed" not in process.stderr.read()
    assert [(line["process"], line["level"], line["error"]) for line in failures] == [
        ("supervisor", "error", "Odd"),
        ("dicom-1", "error", "Odd"),
    ]
    assert "PRIVATE" not in str(failures)


def test_a_hangup_that_comes_right_after_the_fork_is_heeded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTING + JUST_FORKED], stdout=subprocess.PIPE, text=True, timeout=DEADLINE, check=True
    )
    assert done.stdout == "b'\\n' 0\n"
