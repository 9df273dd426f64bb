"""C-FIND identifiers: from an encoded data set to a Query, and to what its answers have to carry."""

from dataclasses import dataclass
from functools import lru_cache

from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.dimse.keys import CHARACTER_SET, IdentifierReader, Requested
from radnode.model.attribute_table import STANDARD_TABLE, AttributeTable
from radnode.model.attributes import UNIQUE_KEY, Attribute
from radnode.model.errors import InvalidQuery
from radnode.model.level import Level, Root
from radnode.model.query import Query
from radnode.model.uid import UID

LEVEL, RETRIEVE_AE_TITLE, AVAILABILITY = 0x00080052, 0x00080054, 0x00080056
_NOT_KEYS = {CHARACTER_SET, LEVEL, RETRIEVE_AE_TITLE, AVAILABILITY}


@dataclass(frozen=True, slots=True)
class Identifier:
    """What was asked: the query, and how its answers are to be written; `requested` is every key they must carry."""

    query: Query
    requested: tuple[Requested, ...]
    character_set: bytes
    asks_availability: bool

    @property
    def has_unsupported_keys(self) -> bool:
        """Whether some key is neither matched nor ever answered with a value, which FF01 tells (C.4.1.1.4)."""
        matched = (attribute for attribute, _ in self.query.keys)
        return not _are_supported(self.requested, (*self.query.returns, *matched))


def parse_identifier(
    data: bytes,
    transfer_syntax: UID,
    root: Root,
    options: QueryOptions = NO_OPTIONS,
    table: AttributeTable = STANDARD_TABLE,
) -> Identifier:
    """The identifier in an encoded data set; NotDicom, or InvalidQuery where it has no answer (C.4.1.3).

    Keys above the level that are missing are no error: without them the answers are of all parents. Keys below it
    count in relational queries only.
    """
    reader = IdentifierReader(data, transfer_syntax, options)
    level = level_of(reader.raw(LEVEL), root)
    lowest = root.lowest if options.relational else level
    asked = reader.asked(table.by_tag, _down_to(lowest, table), aside=_NOT_KEYS)
    returns = [attribute for attribute, _ in asked.keys if attribute.level <= level]
    returns += [other for other in _unique_keys(root, level) if other not in returns]
    query = Query(level, asked.keys, tuple(returns), relational=options.relational)
    return Identifier(query, asked.requested, reader.character_set, AVAILABILITY in reader)


@lru_cache(maxsize=64)
def _down_to(lowest: Level, table: AttributeTable) -> frozenset[int]:
    """The tags of what is known of this level and those above."""
    return frozenset(tag for tag, attribute in table.by_tag.items() if attribute.level <= lowest)


def _are_supported(requested: tuple[Requested, ...], known: tuple[Attribute, ...]) -> bool:
    attributes = {attribute.tag: attribute for attribute in known}
    return all(one.tag in attributes and _are_supported(one.items, attributes[one.tag].items) for one in requested)


def level_of(raw: bytes, root: Root) -> Level:
    """The query/retrieve level that (0008,0052) names. Raises InvalidQuery where the model has no such level."""
    name = raw.decode("ascii", "replace").strip("\0 ")
    if not name:
        raise InvalidQuery("QueryRetrieveLevel is missing")
    if name not in Level.__members__:
        raise InvalidQuery("QueryRetrieveLevel is unknown")
    level = Level[name]
    if not root.has(level):
        raise InvalidQuery(f"{name} level is not in this information model")
    return level


def _unique_keys(root: Root, level: Level) -> list[Attribute]:
    return [UNIQUE_KEY[above] for above in Level if root.top <= above <= level]
