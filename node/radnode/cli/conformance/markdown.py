"""Writing Markdown: headings, paragraphs, tables."""

from collections.abc import Iterable, Sequence


def heading(depth: int, title: str) -> str:
    """A heading; `depth` 1 is the document's."""
    return f"{'#' * depth} {title}"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; what stands in a cell cannot end it."""
    lines = [_line(columns), _line(["---"] * len(columns)), *(_line([str(cell) for cell in row]) for row in rows)]
    return "\n".join(lines)


def listed(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def document(parts: Iterable[str]) -> str:
    """The parts, a blank line between two."""
    return "\n\n".join(part for part in parts if part) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
