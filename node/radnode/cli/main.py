"""`radnode VERB ...`: the verbs there are, and the way out with an exit code."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import NamedTuple

from radnode import __version__
from radnode.cli.standard_streams import give_up_output, open_missing

DONE, FAILED, WRONG = 0, 1, 2

INTERRUPTED = 130


class Verb(NamedTuple):
    """Where a verb lives, and its line in the help. Modules are imported only for the verb that is asked for."""

    module: str
    about: str


VERBS = MappingProxyType(
    {
        "serve": Verb("serve", "run the node: the DICOM server and its REST sidecar"),
        "token": Verb("mint", "make an access token for the REST API"),
        "echo": Verb("echo", "ask a peer whether it answers (C-ECHO)"),
        "send": Verb("send", "send files or folders to a peer (C-STORE)"),
        "find": Verb("find", "search a peer (C-FIND)"),
        "get": Verb("get", "fetch objects from a peer into the archive or a folder (C-GET)"),
        "move": Verb("move", "have a peer send objects to a destination (C-MOVE)"),
        "import": Verb("take", "take files and folders into the archive"),
        "deidentify": Verb("deidentify", "make de-identified copies of files or of what the archive holds"),
        "check": Verb("check", "compare the archive's files with its index, and mend with --repair"),
        "reindex": Verb("reindex", "read again what was stored when less was indexed, beside the node"),
        "registry": Verb("registry", "export or import .dicom_registry.json"),
        "stats": Verb("stats", "count what the archive holds"),
        "queue": Verb("queue", "show what is to be sent on, and send, send again or drop it"),
        "worklist": Verb("worklist", "show and change what modalities are to do"),
        "procedure-steps": Verb("procedure_steps", "show what modalities report of what they performed"),
        "peers": Verb("peers", "show who has called, and write a list of peers from it"),
        "commitments": Verb("commitments", "show storage commitments that are open or went wrong"),
        "conformance": Verb("conformance", "print the DICOM conformance statement"),
        "config": Verb("show", "show the settings in force and where they come from"),
    }
)


def main(words: Sequence[str] | None = None) -> int:
    """The exit code of `radnode WORDS...`; one line on standard error says what went wrong."""
    words = sys.argv[1:] if words is None else words
    open_missing()
    try:
        return _flushed(_run(words))
    except BrokenPipeError:
        give_up_output()
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _flushed(code: int) -> int:
    """The exit code, once the answer is out; it is a failure where it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        give_up_output()
        if code == DONE:
            sys.stderr.write(f"radnode: standard output cannot be written ({error.strerror})\n")
        return FAILED
    return code


def _run(words: Sequence[str]) -> int:
    first = words[0] if words else ""
    if first in {"-h", "--help", "help"}:
        sys.stdout.write(_help())
        return DONE
    if first in {"-V", "--version"}:
        sys.stdout.write(f"radnode {__version__}\n")
        return DONE
    if first not in VERBS:
        sys.stderr.write(f"radnode: {_unknown(first)}\n")
        return WRONG
    from radnode.cli.running import run_verb  # noqa: PLC0415 - --help and --version need none of what this imports

    return run_verb(first, VERBS[first].module, words[1:])


def _unknown(word: str) -> str:
    if not word:
        return "which verb? (see radnode --help)"
    near = get_close_matches(word, VERBS, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"unknown verb {word!r}{hint} (see radnode --help)"


def _help() -> str:
    width = max(map(len, VERBS)) + 2
    verbs = "\n".join(f"  {name:<{width}}{verb.about}" for name, verb in VERBS.items())
    return f"""\
usage: radnode VERB [OPTION ...]

A DICOM network node with a REST sidecar.

verbs:
{verbs}

radnode VERB --help explains each verb. Every setting is an option of every verb (--dicom.port 11112);
`radnode config` shows them all. Exit codes: 0 done, 1 failed, 2 wrong usage or settings.
"""
