"""Refused settings, as one line that a person can act on."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from radnode.cli.catalogue import allowed, closest, field_at, types

SHOWN = 80


class Refused(Exception):
    """The node cannot start with these settings; the text is one line for standard error, and the exit code is 2."""


def shown(value: object, length: int = SHOWN) -> str:
    """A value on one line, cut to a readable length, with nothing in it that a terminal would act upon."""
    text = value if isinstance(value, str) else repr(value)
    line = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return line if len(line) <= length else line[: length - 3] + "..."


def shown_path(path: Path) -> str:
    """A path on one line, whole: its end tells which file it is."""
    return shown(str(path), sys.maxsize)


def explain(error: ValidationError, origins: Mapping[str, str]) -> Refused:
    """The first thing that is wrong, and how many more there are."""
    details = error.errors(include_url=False)
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return Refused(_line(details[0], origins) + more)


def _line(detail: ErrorDetails, origins: Mapping[str, str]) -> str:
    path = detail["loc"]
    name = dotted(path)
    origin = _origin(path, origins)
    if detail["type"] == "extra_forbidden":
        return f"{name}: unknown setting{closest(name)}{origin}"
    if detail["type"] == "missing":
        return f"{name}: is missing, must be {_allowed(path)}{origin}"
    value = "" if _is_secret(path) or detail["input"] is None else f" = {shown(detail['input'])}"
    return f"{name}{value}: {_demand(detail)}{origin}"


def _demand(detail: ErrorDetails) -> str:
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    if detail["type"] in {"tuple_type", "model_type"}:
        return f"must be a {'list' if detail['type'] == 'tuple_type' else 'table'}"
    return f"must be {_allowed(detail['loc'])}"


def _allowed(path: Sequence[int | str]) -> str:
    field = field_at(tuple(path))
    return "something else" if field is None else allowed(field)


def _is_secret(path: Sequence[int | str]) -> bool:
    """Whether a value at this place could hold a secret: it is one, or a whole section with one in it."""
    field = field_at(tuple(path))
    return tuple(path) == ("auth",) or (field is not None and SecretStr in types(field.annotation))


def _origin(path: Sequence[int | str], origins: Mapping[str, str]) -> str:
    steps = [step for step in path if isinstance(step, str)]
    origin = origins.get(".".join(steps)) or origins.get(steps[0] if steps else "")
    return f" (from {origin})" if origin else ""


def dotted(path: Sequence[int | str]) -> str:
    """The name of a place: `peers[0].port`."""
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name
