"""`radnode config`: the settings in force."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr

from radnode.cli.catalogue import TABLES, every_setting
from radnode.cli.loading import Loaded
from radnode.cli.options import Parser
from radnode.settings import Settings

ABOUT = """\
Show the settings in force, as TOML, and where each one that is not a default came from.
Secrets are masked. What it prints can be used as a configuration file."""
EXAMPLES = """\
  radnode config
  radnode config --config /etc/radnode.toml --json"""
MASK = "********"


def arguments(parser: Parser) -> None:
    """Only how to print."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace, loaded: Loaded) -> int:
    """Print the settings."""
    text = as_json(loaded.settings) if args.json else as_toml(loaded)
    sys.stdout.write(text + "\n")
    return 0


def as_json(settings: Settings) -> str:
    """The whole tree."""
    return json.dumps({name: plain(getattr(settings, name)) for name in type(settings).model_fields}, indent=2)


def as_toml(loaded: Loaded) -> str:
    """The tree as a configuration file: a comment says where a value came from; what is not set is commented out."""
    lines: list[str] = []
    section = ""
    for name in every_setting():
        start, _, key = name.partition(".")
        if not key:
            continue
        if start != section:
            lines += ["", f"[{start}]"] if lines else [f"[{start}]"]
            section = start
        lines.append(_line(key, getattr(getattr(loaded.settings, start), key), loaded.origins.get(name)))
    for table in TABLES:
        for one in getattr(loaded.settings, table):
            lines += ["", _header(table, loaded.origins.get(table))]
            lines += [f"{key} = {literal(plain(value))}" for key, value in _pairs(one) if value is not None]
    return "\n".join(lines)


def plain(value: object) -> object:
    """A value as JSON and TOML know it, with secrets masked."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, BaseModel):
        return {key: plain(inner) for key, inner in _pairs(value)}
    if isinstance(value, tuple):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value


def _pairs(value: BaseModel) -> Iterator[tuple[str, object]]:
    """Its fields by the names that people write."""
    return ((type(value).model_fields[name].alias or name, inner) for name, inner in value)


def literal(value: object) -> str:
    """A plain value in TOML, whose strings, numbers and booleans are written as in JSON."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {literal(inner)}' for key, inner in value.items() if inner is not None)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(key: str, value: object, origin: str | None) -> str:
    note = f"  # from {origin}" if origin else ""
    if value is None:
        return f"# {key} ="
    if isinstance(value, SecretStr):
        return f"# {key} = {literal(MASK)}{note}"
    return f"{key} = {literal(plain(value))}{note}"


def _header(table: str, origin: str | None) -> str:
    return f"[[{table}]]  # from {origin}" if origin else f"[[{table}]]"
