"""The headers by which a picture tells how it was made."""

import re
from collections.abc import Mapping
from dataclasses import fields

from radnode.instance.pictures.picture import Facts

_LONGEST = 128
_UNFIT = re.compile("[^ -~]")


def _name(fact: str) -> str:
    words = (word.upper() if word == "voi" else word.capitalize() for word in fact.split("_"))
    return "-".join(("X-Render", *words))


RENDER_HEADERS: Mapping[str, str] = {fact.name: _name(fact.name) for fact in fields(Facts)}
"""The header of each fact."""


def header_text(value: str) -> str:
    """A fact as it may stand in a header: what comes from a file must not end a line, nor be without end."""
    return _UNFIT.sub("?", value[:_LONGEST]).strip()
