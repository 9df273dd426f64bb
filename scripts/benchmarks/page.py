"""The page that keeps the results: docs/performance.md, between two comments that mark the place."""

BEGIN, END = "<!-- scripts/bench writes from here -->", "<!-- to here -->"


class NoPlace(Exception):
    """The page has not both marks, in this order."""


def replaced(page: str, text: str) -> str:
    """The page with `text` between the marks instead of what was there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoPlace(f"the page lacks {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}"
