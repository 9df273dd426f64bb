"""A structured report as a page for people: one self-contained HTML text that fetches nothing and runs nothing."""

from collections.abc import Iterator
from html import escape

from radnode.instance.words.content_items import ContentItem, referenced
from radnode.instance.words.report_text import concept_shown, has_number, remark_of, value_shown
from radnode.instance.words.structured_report import Report

_LOWEST_HEADING = 6


def report_page(report: Report, style: str) -> Iterator[str]:
    """The whole page, in pieces, with this style sheet. Every word of the report is escaped; sections are headings."""
    title = escape(report.title)
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title><style>{style}</style></head><body><main><h1>{title}</h1>"
    if report.facts:
        yield "<dl>"
        yield from (f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in report.facts)
        yield "</dl>"
    yield from _below(report.root, 2, {*referenced(report.root)})
    yield "</main></body></html>\n"


def _below(item: ContentItem, heading: int, named: set[str]) -> Iterator[str]:
    if not item.children:
        return
    yield "<ul>"
    for child in item.children:
        yield f'<li id="i{child.position}">'
        yield from _section(child, heading, named) if child.is_container else _leaf(child, heading, named)
        yield "</li>"
    yield "</ul>"


def _section(item: ContentItem, heading: int, named: set[str]) -> Iterator[str]:
    tag = f"h{min(heading, _LOWEST_HEADING)}"
    yield f"<section><{tag}>{_number(item)}{escape(concept_shown(item))}{_remark(item)}</{tag}>"
    yield from _below(item, heading + 1, named)
    yield "</section>"


def _leaf(item: ContentItem, heading: int, named: set[str]) -> Iterator[str]:
    number = _number(item) if has_number(item, named) else ""
    concept = f"<b>{escape(item.concept)}:</b> " if item.concept else ""
    yield f"<p>{number}{concept}{_value(item)}{_remark(item)}</p>"
    yield from _below(item, heading, named)


def _value(item: ContentItem) -> str:
    shown = escape(value_shown(item))
    return (
        f'<a href="#i{escape(item.reference)}">{shown}</a>' if item.reference else f'<span class="value">{shown}</span>'
    )


def _number(item: ContentItem) -> str:
    return f'<span class="number">{item.position}</span> '


def _remark(item: ContentItem) -> str:
    remark = remark_of(item)
    return f" <small>({escape(remark)})</small>" if remark else ""
