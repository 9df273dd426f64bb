"""A structured report as a page for people: one self-contained HTML text that fetches nothing and runs nothing."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from importlib.resources import files

from radnode.instance.words.content_items import ContentItem, referenced
from radnode.instance.words.report_text import concept_shown, has_number, remark_of, value_shown
from radnode.instance.words.structured_report import Report

_LOWEST_HEADING = 6


def report_page(report: Report) -> str:
    """The whole page. Every word of the report is escaped; sections are headings, items are nested lists."""
    facts = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in report.facts)
    title = escape(report.title)
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_style()}</style></head><body><main>",
            f"<h1>{title}</h1>",
            f"<dl>{facts}</dl>" if facts else "",
            *_below(report.root, 2, {*referenced(report.root)}),
            "</main></body></html>\n",
        )
    )


def report_policy() -> str:
    """The Content-Security-Policy of such a page: its own style by its digest, and nothing else at all."""
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; sandbox"


def _style() -> str:
    return files("radnode_http").joinpath("pages", "report.css").read_text("utf-8")


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
    return f'<span class="value">{shown}</span>' if item.value_type else f'<a href="#i{escape(item.value)}">{shown}</a>'


def _number(item: ContentItem) -> str:
    return f'<span class="number">{item.position}</span> '


def _remark(item: ContentItem) -> str:
    remark = remark_of(item)
    return f" <small>({escape(remark)})</small>" if remark else ""
