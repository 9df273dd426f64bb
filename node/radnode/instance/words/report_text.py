"""A structured report as plain text: its header, then its items, indented as they are nested, containers numbered."""

from collections.abc import Iterator

from radnode.instance.words.content_items import ContentItem, referenced
from radnode.instance.words.structured_report import Report
from radnode.instance.words.wording import moment, one_line

_INDENT = "  "
RELATIONSHIPS = {
    "CONTAINS": "",
    "HAS PROPERTIES": "has properties",
    "HAS OBS CONTEXT": "observation context",
    "HAS ACQ CONTEXT": "acquisition context",
    "INFERRED FROM": "inferred from",
    "SELECTED FROM": "selected from",
    "HAS CONCEPT MOD": "modifier",
}
"""What is said of how an item belongs to the one above it (PS3.3 C.17.3.2.4)."""


def report_text(report: Report) -> Iterator[str]:
    """The text in pieces; it ends with a line break. No line of a value can look like one of the report's own."""
    yield f"{report.title}\n\n"
    yield from (f"{label}: {text}\n" for label, text in report.facts)
    yield "\n"
    yield from _below(report.root, 0, {*referenced(report.root)})


def _below(item: ContentItem, depth: int, named: set[str]) -> Iterator[str]:
    for child in item.children:
        indent = _INDENT * depth
        first, *others = said(child, named).split("\n")
        yield f"{indent}{first}\n"
        yield from (f"{indent}{_INDENT}{_INDENT}{line}".rstrip() + "\n" for line in others)
        yield from _below(child, depth + 1, named)


def said(item: ContentItem, named: set[str]) -> str:
    """One item in words, which may have several lines; `named` are the positions that others refer to."""
    remark = remark_of(item)
    number = item.position if has_number(item, named) else ""
    head = ": ".join(filter(None, (concept_shown(item), value_shown(item))))
    return " ".join(filter(None, (number, f"[{remark}]" if remark else "", head)))


def has_number(item: ContentItem, named: set[str]) -> bool:
    """Whether an item's position is shown: that of sections, and of what others refer to."""
    return item.is_container or item.position in named


def concept_shown(item: ContentItem) -> str:
    """What an item is about; a container without a title is a section."""
    return item.concept or ("Section" if item.is_container else "")


def value_shown(item: ContentItem) -> str:
    """The value, and to which item an item by reference refers."""
    return ", ".join(filter(None, (item.value, item.reference and f"see {item.reference}")))


def remark_of(item: ContentItem) -> str:
    """The relationship to the item above and when it was observed; "" where there is nothing to remark."""
    relationship = RELATIONSHIPS.get(item.relationship, one_line(item.relationship).lower())
    observed = f"observed {moment(one_line(item.observed))}" if item.observed else ""
    return ", ".join(filter(None, (relationship, observed)))
