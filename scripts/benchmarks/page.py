"""The page that keeps the results: docs/performance.md, between comments that mark the places."""

from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


@dataclass(frozen=True)
class Place:
    """Two comments that mark where the results of a program go."""

    begin: str
    end: str


RECEIVING = Place("<!-- scripts/bench writes from here -->", "<!-- to here -->")
PICTURES = Place("<!-- scripts/bench render writes from here -->", "<!-- pictures to here -->")


class NoPlace(Exception):
    """The page has not both marks, in this order."""


def replaced(page: str, text: str, place: Place = RECEIVING) -> str:
    """The page with `text` between the marks instead of what was there."""
    before, begin, rest = page.partition(place.begin)
    _, end, after = rest.partition(place.end)
    if not begin or not end:
        raise NoPlace(f"the page lacks {place.begin!r} and {place.end!r}")
    return f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}"


def write_page(place: Place, text: str) -> None:
    """Put the text into docs/performance.md."""
    PAGE.write_text(replaced(PAGE.read_text(), text, place))
