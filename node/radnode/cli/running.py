"""Running one verb: its arguments, the settings, and what went wrong as one line and an exit code."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from radnode.cli import logs
from radnode.cli.loading import Loaded, load_settings
from radnode.cli.options import Parser, add_settings, parse
from radnode.cli.refusal import Refused
from radnode.model.errors import RadnodeError

FAILED, WRONG = 1, 2
LISTS_SETTINGS = frozenset({"serve", "config"})


class VerbModule(Protocol):
    """What a module in `radnode.cli.verbs` offers."""

    ABOUT: str
    """What the verb does, for its help."""
    EXAMPLES: str
    """Commands that work, for its help."""

    def arguments(self, parser: Parser) -> None:
        """Add the verb's own arguments."""

    def run(self, args: argparse.Namespace, loaded: Loaded) -> int:
        """Do it; gives the exit code."""


def run_verb(name: str, module: str, words: Sequence[str]) -> int:
    """The exit code of `radnode NAME WORDS...`."""
    verb = cast("VerbModule", import_module(f"radnode.cli.verbs.{module}"))
    parser = Parser(f"radnode {name}", verb.ABOUT, verb.EXAMPLES)
    verb.arguments(parser)
    add_settings(parser, listed=name in LISTS_SETTINGS)
    try:
        args, given = parse(parser, words)
        loaded = load_settings(given, args.config)
        logs.configure(loaded.settings.log, name)  # standard output is for the verb's answer alone
        return verb.run(args, loaded)
    except Refused as refusal:
        return _complain(str(refusal), WRONG)
    except RadnodeError as error:
        return _complain(str(error), FAILED)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _complain(f"{error.filename or name}: {error.strerror or error}", FAILED)


def _complain(line: str, code: int) -> int:
    sys.stderr.write(f"radnode: {line}\n")
    return code
