"""A data set as text: what a worklist entry or a procedure step says, for storing and for showing."""

from collections.abc import Mapping, Sequence

Document = Mapping[str, "str | Sequence[Document]"]
"""Keyword (PS3.6) -> Unicode text, several values joined by backslashes; of a sequence its items."""


def text_in(document: Document, keyword: str) -> str:
    """The text of an attribute; "" where it is absent."""
    value = document.get(keyword, "")
    return value if isinstance(value, str) else ""


def items_in(document: Document, keyword: str) -> Sequence[Document]:
    """The items of a sequence; none where it is absent."""
    value = document.get(keyword, ())
    return () if isinstance(value, str) else value
