"""The content tree of a structured report (PS3.3 C.17.3) as values: what each item says, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from radnode.instance.nested import DataSet
from radnode.instance.words.content_values import CONTAINER, concept_of, items_at, text_at, value_of


@dataclass(frozen=True, slots=True)
class ContentItem:
    """One item. `position` is what by-reference relationships name it by: 1 for the root, 1.2 for its second child.

    `value` is "" of containers and of items by reference, of which `reference` is the position that they mean.
    """

    position: str
    relationship: str
    value_type: str
    concept: str
    value: str
    reference: str
    observed: str
    children: "tuple[ContentItem, ...]"

    @property
    def is_container(self) -> bool:
        """Whether it has a heading instead of a value."""
        return self.value_type == CONTAINER


def read_tree(data_set: DataSet, position: str = "1") -> ContentItem:
    """The item in a data set (or item) and all below it; the nesting was limited when that was read."""
    kind = text_at(data_set, "ValueType")
    return ContentItem(
        position=position,
        relationship=text_at(data_set, "RelationshipType"),
        value_type=kind,
        concept=concept_of(data_set),
        value=value_of(data_set, kind),
        reference=text_at(data_set, "ReferencedContentItemIdentifier").replace("\\", "."),
        observed=text_at(data_set, "ObservationDateTime"),
        children=tuple(
            read_tree(item, f"{position}.{number}")
            for number, item in enumerate(items_at(data_set, "ContentSequence"), 1)
        ),
    )


def referenced(item: ContentItem) -> Iterator[str]:
    """The positions that items below (and with) this one refer to."""
    if item.reference:
        yield item.reference
    for child in item.children:
        yield from referenced(child)
