"""Rows of plain values as a table for people."""

import sys
from collections.abc import Mapping, Sequence

from radnode.cli.refusal import shown


def print_table(rows: Sequence[Mapping[str, str | int | None]]) -> None:
    """The rows below their columns' names, on standard output; nothing where there are none."""
    if not rows:
        return
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def _cell(value: str | int | None) -> str:
    return "-" if value is None or value == "" else shown(str(value), 200)
