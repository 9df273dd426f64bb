"""Where settings come from. Each source is read into a layer: setting name -> what was given, and where."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from types import MappingProxyType

from dotenv import dotenv_values

from radnode.cli.catalogue import TABLES, closest, every_setting, sections
from radnode.cli.refusal import Refused, shown

PREFIX = "RADNODE_"
GUIDE = MappingProxyType(
    {
        "DICOM_ENABLED": "archive.enabled",
        "DICOM_UPLOAD_DIR": "archive.root",
        "DICOM_MAX_FILE_SIZE": "http.max_file_size",
    }
)
"""The names of the guide that radnode replaces; they are read just below the RADNODE names."""

NOT_SETTINGS = frozenset({"RADNODE_REQUIRE_PEERS"})
SERVICE_LINK = re.compile(r"(SERVICE_HOST|SERVICE_PORT|_PORT_\d+_[A-Z]+)")
LINK_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


@dataclass(frozen=True)
class Given:
    """A value as it was found, and the words for where that was."""

    value: object
    origin: str


Layer = Mapping[str, Given]


def from_options(options: Mapping[str, str]) -> Layer:
    """What stands on the command line, already by setting name."""
    return {name: Given(_parsed(name, text, f"--{name}"), f"--{name}") for name, text in options.items()}


def from_environment(variables: Mapping[str, str], where: str = "") -> Layer:
    """RADNODE_<SECTION>__<KEY>, or RADNODE_<SECTION> as a JSON table. An empty variable counts as not set.

    Names that nobody knows are refused, because a misspelt one would silently do nothing. What container platforms
    invent for a service that is called radnode is passed over.
    """
    layer: dict[str, Given] = {}
    for variable, text in sorted(variables.items(), key=lambda item: len(item[0])):
        name = variable.upper()
        if name.startswith(PREFIX) and text and not _is_foreign(name, text):
            layer.update(_setting(name, text, where + variable))
    return layer


def from_guide(variables: Mapping[str, str], where: str = "") -> Layer:
    """DICOM_ENABLED, DICOM_UPLOAD_DIR and DICOM_MAX_FILE_SIZE."""
    return {
        GUIDE[variable.upper()]: Given(text, where + variable)
        for variable, text in variables.items()
        if variable.upper() in GUIDE and text
    }


def dotenv(path: Path) -> dict[str, str]:
    """The variables of a .env file, as they stand; none where there is no file."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: cannot be read ({_reason(error)})") from error
    return {name: value or "" for name, value in dotenv_values(stream=StringIO(text), interpolate=False).items()}


def from_toml(path: Path) -> Layer:
    """A configuration file."""
    try:
        tree = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise Refused(f"--config {path}: cannot be read ({_reason(error)})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"--config {path}: is not valid TOML ({shown(_reason(error))})") from error
    return {name: Given(value, str(path)) for name, value in _flat(tree, str(path))}


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _is_foreign(name: str, text: str) -> bool:
    if "__" in name:
        return False
    return name in NOT_SETTINGS or bool(SERVICE_LINK.search(name)) or bool(LINK_ADDRESS.match(text))


def _setting(variable: str, text: str, origin: str) -> Iterator[tuple[str, Given]]:
    name = variable.removeprefix(PREFIX).lower().replace("__", ".", 1)
    if name in sections():
        tree = _json(name, text, origin)
        return ((name, Given(value, origin)) for name, value in _flat({name: tree}, origin))
    if name not in every_setting():
        raise Refused(f"{origin}: unknown setting{_variable_hint(name)}")
    return iter([(name, Given(_parsed(name, text, origin), origin))])


def _variable_hint(name: str) -> str:
    """A single underscore between section and key is the likeliest slip."""
    settings = every_setting()
    meant = [setting for setting in settings.values() if setting.name.replace(".", "_") == name.replace(".", "_")]
    near = get_close_matches(name, settings, n=1, cutoff=0.75)
    meant += [settings[name] for name in near]
    return f"; did you mean {meant[0].variable}?" if meant else ""


def _flat(tree: Mapping[str, object], origin: str) -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        if key in sections() and isinstance(value, dict):
            for inner, leaf in value.items():
                yield _known(f"{key}.{inner}", origin), leaf
        elif key in sections():
            raise Refused(f"{key}: must be a table of settings (from {origin})")
        else:
            yield _known(key, origin), value


def _known(name: str, origin: str) -> str:
    if name not in every_setting():
        raise Refused(f"{shown(name)}: unknown setting{closest(name)} (from {origin})")
    return name


def _parsed(name: str, text: str, origin: str) -> object:
    return _json(name, text, origin) if every_setting()[name].is_json else text


def _json(name: str, text: str, origin: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        value = "" if name.startswith("auth") else f" = {shown(text)}"
        kind = "list" if "." in name or name in TABLES else "table"
        raise Refused(f"{name}{value}: must be a JSON {kind} (from {origin})") from error
