"""Loading the settings: command line > environment > .env > --config file > defaults."""

import os
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from radnode.cli.layers import Given, dotenv, from_environment, from_guide, from_options, from_toml
from radnode.cli.refusal import explain
from radnode.settings import Settings


@dataclass(frozen=True)
class Loaded:
    """The settings in force, and where each one that is not a default came from."""

    settings: Settings
    origins: Mapping[str, str]


def load_settings(
    options: Mapping[str, str] | None = None,
    config: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Loaded:
    """The settings of this process.

    `options` are the command line's, by setting name; `environment` and `folder` (where a .env may be) are the
    process's own unless given. Raises Refused with one line that says what is wrong.
    """
    variables = os.environ if environment is None else environment
    file = dotenv((folder or Path.cwd()) / ".env")
    given: ChainMap[str, Given] = ChainMap(
        dict(from_options(options or {})),
        dict(from_environment(variables)),
        dict(from_guide(variables)),
        dict(from_environment(file, ".env ")),
        dict(from_guide(file, ".env ")),
        dict(from_toml(config)) if config else {},
    )
    origins = {name: value.origin for name, value in given.items()}
    try:
        return Loaded(Settings(**_tree(given)), origins)
    except ValidationError as error:
        raise explain(error, origins) from None


def _tree(given: Mapping[str, Given]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in given.items():
        section, _, key = name.partition(".")
        if key:
            tree.setdefault(section, {})[key] = value.value
        else:
            tree[section] = value.value
    return tree
