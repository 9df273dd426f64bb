"""The command line's grammar: one line per error, and every setting as an option of every verb."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from radnode.cli.catalogue import Setting, closest, every_setting
from radnode.cli.refusal import Refused, shown

PREFIX = "set:"


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line, and never guesses at shortened options."""

    def __init__(self, prog: str, description: str, examples: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"examples:\n{examples}" if examples else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Exit 2, with one line on standard error."""
        sys.stderr.write(f"radnode: {message} (see {self.prog} --help)\n")
        sys.exit(2)


def add_settings(parser: Parser, *, listed: bool) -> None:
    """Make every setting an option; `listed` says whether the help shows them."""
    group = parser.add_argument_group("settings", "each overrides the environment and the configuration file")
    group.add_argument("--config", metavar="FILE", type=Path, help="configuration file (TOML)")
    for setting in every_setting().values():
        help_text = _help(setting) if listed else argparse.SUPPRESS
        name = f"--{setting.name}"
        dest = PREFIX + setting.name
        if setting.is_switch:
            group.add_argument(name, dest=dest, nargs="?", const="true", metavar="true|false", help=help_text)
        else:
            group.add_argument(name, dest=dest, metavar="JSON" if setting.is_json else "VALUE", help=help_text)


def parse(parser: Parser, words: Sequence[str]) -> tuple[argparse.Namespace, dict[str, str]]:
    """The verb's own arguments, and the settings that stood among them. Raises Refused for an unknown option."""
    arguments, unknown = parser.parse_known_intermixed_args(words)
    if unknown:
        word = unknown[0].partition("=")[0]
        kind = "option" if word.startswith("-") else "argument"
        hint = closest(word.removeprefix("--")).replace("mean ", "mean --")
        raise Refused(f"unknown {kind} {shown(word)}{hint} (see {parser.prog} --help)")
    given = {
        name.removeprefix(PREFIX): value
        for name, value in vars(arguments).items()
        if name.startswith(PREFIX) and value is not None
    }
    return arguments, given


def _help(setting: Setting) -> str:
    return setting.why.replace("%", "%%")
