"""Integer strings as SQL compares them: by their number, `1` as `01` and `+1`.

PS3.4 C.2.2.2.1 leaves to the implementation whether IS matches so; devices differ in how they fill up numbers.
"""

import re

from radnode.archive.condition import Condition

_INTEGER = re.compile("[+-]?[0-9]{1,12}")  # as long as an IS is at most


def number_condition(expression: str, value: str) -> Condition | None:
    """The condition that the text of an expression is this number; None where the value is none."""
    if not _INTEGER.fullmatch(value):
        return None
    digits = f"ltrim({expression}, '+-')"
    is_number = f"{digits} <> '' AND {digits} NOT GLOB '*[^0-9]*'"
    return Condition(f"CAST({expression} AS INTEGER) = ? AND {is_number}", (int(value),))
