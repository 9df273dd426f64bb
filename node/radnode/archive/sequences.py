"""Sequence matching (PS3.4 C.2.2.2.6) over an expression that holds a JSON array of objects, one for each item."""

from radnode.archive.condition import Condition, all_of
from radnode.model.attributes import Attribute


def item_of(sequence: Attribute) -> str:
    """The name under which conditions on the sequence's items see one of them."""
    return f"{sequence.keyword}_item"


def value_in(sequence: Attribute, attribute: Attribute) -> str:
    """The text of an attribute of such an item, as an expression; of a sequence its JSON array."""
    return f"json_extract({item_of(sequence)}.value, '$.{attribute.keyword}')"


def has_item(sequence: Attribute, stored: str, conditions: list[Condition]) -> Condition:
    """The condition that one item meets all of these, at least one of them."""
    found = all_of(*conditions)
    items = f"json_each({stored}) AS {item_of(sequence)}"
    return Condition(f"EXISTS (SELECT 1 FROM {items} WHERE {found.sql})", found.parameters)  # noqa: S608 (no values)


def matching_items(sequence: Attribute, stored: str, conditions: list[Condition]) -> Condition:
    """The JSON array of the items that meet all of these, as an expression with its parameters."""
    found = all_of(*conditions)
    item = item_of(sequence)
    items = f"json_each({stored}) AS {item} WHERE {found.sql}"
    return Condition(f"(SELECT json_group_array(json({item}.value)) FROM {items})", found.parameters)  # noqa: S608
