"""Every setting by name, as the command line, the configuration file and refusals speak of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Literal, TypeGuard, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from radnode.sections.rules import Rule
from radnode.setting_types import Allowed
from radnode.settings import Peer, Settings

TABLES: MappingProxyType[str, type[BaseModel]] = MappingProxyType({"peers": Peer, "rules": Rule})
"""The settings that are lists of tables, and what a table is."""


@dataclass(frozen=True)
class Setting:
    """One setting: its dotted name and what the typed tree says about it."""

    name: str
    field: FieldInfo

    @property
    def why(self) -> str:
        """The one line that explains it."""
        return " ".join((self.field.description or "").split())

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "RADNODE_" + self.name.replace(".", "__").upper()

    @property
    def is_json(self) -> bool:
        """Whether a text from the environment or the command line is JSON."""
        return get_origin(self.field.annotation) is tuple

    @property
    def is_switch(self) -> bool:
        """Whether it is true or false."""
        return self.field.annotation is bool

    @property
    def allowed(self) -> str:
        """What may stand there, in words that end the phrase "must be"."""
        return allowed(self.field)


@cache
def every_setting() -> MappingProxyType[str, Setting]:
    """All settings in the order of the tree; a list of tables counts as one."""
    found = (Setting(name, field) for name, field in _fields(Settings, ""))
    return MappingProxyType({setting.name: setting for setting in found})


def sections() -> tuple[str, ...]:
    """The names of the sections."""
    return tuple(name for name, field in Settings.model_fields.items() if _model(field))


def field_at(path: tuple[int | str, ...]) -> FieldInfo | None:
    """The field at a place such as ("peers", 0, "port"); None where there is none."""
    model: type[BaseModel] = Settings
    field = None
    for step in path:
        if isinstance(step, int):
            continue
        field = keys_of(model).get(step)
        if field is None:
            return None
        model = next(filter(_is_model, types(field.annotation)), model)
    return field


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a section or table by the names that people write."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def closest(name: str) -> str:
    """A hint for a name that is not known: `; did you mean ...?`, or nothing."""
    names = [*every_setting(), *(f"{table}.{key}" for table, model in TABLES.items() for key in keys_of(model))]
    near = get_close_matches(name, names, n=1, cutoff=0.75)
    return f"; did you mean {near[0]}?" if near else ""


def allowed(field: FieldInfo) -> str:
    """What a field takes, in words that end the phrase "must be"."""
    for note in _notes(field):
        return note
    for kind in types(field.annotation):
        if kind is bool:
            return "true or false"
        if kind in {int, float}:
            return _range(field)
        if get_origin(kind) is Literal:
            return "one of " + ", ".join(get_args(kind))
    return "a text"


def types(annotation: object) -> Iterator[object]:
    """An annotation and all that it is made of."""
    yield annotation
    if get_origin(annotation) is not Literal:
        for part in get_args(annotation):
            yield from types(part)


def _notes(field: FieldInfo) -> Iterator[str]:
    for part in (*field.metadata, *types(field.annotation)):
        if isinstance(part, Allowed):
            yield part.what


def _range(field: FieldInfo) -> str:
    bounds = {
        name: getattr(part, name) for part in field.metadata for name in ("ge", "gt", "le") if hasattr(part, name)
    }
    if "gt" in bounds:
        return f"above {bounds['gt']:g} and at most {bounds['le']:g}"
    if "le" in bounds:
        return f"{bounds['ge']} to {bounds['le']}"
    return f"a whole number, at least {bounds['ge']}"


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        section = _model(field)
        if section is None:
            yield prefix + name, field
        else:
            yield from _fields(section, f"{prefix}{name}.")


def _model(field: FieldInfo) -> type[BaseModel] | None:
    return field.annotation if _is_model(field.annotation) else None


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
