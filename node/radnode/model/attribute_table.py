"""The table of indexed attributes as an archive has it: `ATTRIBUTES`, and those that were added to it by setting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from radnode.model.attributes import ATTRIBUTES, Attribute, Source
from radnode.model.level import Level


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """Made by `table_of`, so that there is one of each in a process: tables are told apart by being others."""

    further: tuple[Attribute, ...]

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """All of them."""
        return (*ATTRIBUTES, *self.further)

    @cached_property
    def by_tag(self) -> Mapping[int, Attribute]:
        """Those that are asked for by this tag."""
        return {attribute.tag: attribute for attribute in self.attributes}

    @cached_property
    def in_headers(self) -> Mapping[int, Attribute]:
        """Those whose value an object's header has, by tag."""
        return {tag: attribute for tag, attribute in self.by_tag.items() if attribute.source is Source.HEADER}

    def stored(self, level: Level) -> tuple[Attribute, ...]:
        """The attributes of `level` that have a column with the object's own value."""
        return self._stored[level]

    @cached_property
    def _stored(self) -> Mapping[Level, tuple[Attribute, ...]]:
        return {level: tuple(a for a in self.in_headers.values() if a.level is level) for level in Level}

    def __reduce__(self) -> tuple[Callable[..., "AttributeTable"], tuple[tuple[Attribute, ...]]]:
        """Another process makes its own, once."""
        return table_of, (self.further,)


@lru_cache(maxsize=16)
def table_of(further: tuple[Attribute, ...] = ()) -> AttributeTable:
    """The table with these attributes beside ATTRIBUTES; they must be others than those."""
    return AttributeTable(further)


STANDARD_TABLE = table_of()
"""ATTRIBUTES alone."""
