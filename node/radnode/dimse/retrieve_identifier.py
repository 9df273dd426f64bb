"""Identifiers of C-GET and C-MOVE: from an encoded data set to the query of unique keys in it (PS3.4 C.4.2.1.4)."""

from radnode.dimse.identifier import LEVEL, level_of
from radnode.dimse.keys import IdentifierReader, Key
from radnode.model.attributes import UNIQUE_KEY
from radnode.model.errors import InvalidQuery
from radnode.model.level import Level, Root
from radnode.model.query import ListOfUID, Query, SingleValue, Universal
from radnode.model.uid import UID


def parse_retrieve_identifier(data: bytes, transfer_syntax: UID, root: Root) -> Query:
    """What is to be retrieved; NotDicom, or InvalidQuery for an identifier that names nothing.

    Of its level the unique key has to have a value, or a list of UIDs; above it a single one or none, whether
    relational retrieval was negotiated or not; below it none. Neither may have a wild card. Keys that are not unique
    have no meaning here and are passed over, since what is named is named without them.
    """
    reader = IdentifierReader(data, transfer_syntax)
    level = level_of(reader.raw(LEVEL), root)
    unique = {attribute.tag: attribute for own, attribute in UNIQUE_KEY.items() if root.has(own)}
    keys = tuple(_checked(key, level) for key in reader.asked(unique, unique, aside=()).keys if not _is_empty(key))
    if not any(attribute.level is level for attribute, _ in keys):
        raise InvalidQuery(f"{UNIQUE_KEY[level].keyword} has no value, which says what to retrieve")
    return Query(level, keys, ())


def _is_empty(key: Key) -> bool:
    return isinstance(key[1], Universal)


def _checked(key: Key, level: Level) -> Key:
    attribute, wanted = key
    if attribute.level > level:
        raise InvalidQuery(f"{attribute.keyword} is below the level {level.name}")
    if isinstance(wanted, ListOfUID) and attribute.level < level:
        raise InvalidQuery(f"{attribute.keyword} has more than one value")
    is_single = isinstance(wanted, SingleValue) and "\\" not in wanted.value
    if not is_single and not isinstance(wanted, ListOfUID):
        raise InvalidQuery(f"{attribute.keyword} takes one value without wild cards in a retrieval")
    return key
