"""Keys of a query by name: keywords, tags, and what stands in sequences as `Sequence.Attribute`."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import TypeAlias

from radnode.instance.nested import keyword_of, tag_of, vr_of
from radnode.model.call_errors import InvalidKey

_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
_NO_DATA_SET = {0x0000, 0x0002, 0xFFFE}  # groups of commands, file meta and delimiters
_SHOWN = 80

Keys: TypeAlias = "dict[int, str | Keys]"
"""Tag -> the value that is asked for, or of a sequence the keys in its one item."""


def parse_key(name: str) -> tuple[int, ...]:
    """The tags from the outermost sequence to the attribute. InvalidKey for what PS3.6 does not know."""
    tags = tuple(_tag(part, name) for part in name.split("."))
    for tag in tags[:-1]:
        if vr_of(tag) != "SQ":
            raise InvalidKey(f"{_shown(name)}: {name_of(tag)} is no sequence, so nothing can stand in it")
    return tags


def tree_of(keys: Mapping[str, str]) -> Keys:
    """Keys by name as they nest. InvalidKey for a name that is none, and for a value that a sequence cannot have."""
    tree: Keys = {}
    for name, text in keys.items():
        *outer, tag = parse_key(name)
        place = tree
        for sequence in outer:
            place = _inside(place, sequence)
        if vr_of(tag) != "SQ":
            place[tag] = text
        elif text:
            raise InvalidKey(f"{_shown(name)} is a sequence: name what stands in it, as in {_shown(name)}.Keyword")
        else:
            _inside(place, tag)
    return tree


def name_of(tag: int) -> str:
    """Its keyword, or the tag as `gggg,eeee` where it has none."""
    return keyword_of(tag) or f"{tag >> 16:04X},{tag & 0xFFFF:04X}"


def _inside(place: Keys, sequence: int) -> Keys:
    inner = place.setdefault(sequence, {})
    assert isinstance(inner, dict)  # only sequences get here, and they never hold text
    return inner


def _tag(part: str, name: str) -> int:
    tag = tag_of(part) if part else None  # pydicom has entries without a keyword
    if tag is None and (found := _TAG.fullmatch(part)):
        tag = int(found[1] + found[2], 16)
    if tag is None:
        near = get_close_matches(part, _keywords(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InvalidKey(f"{_shown(name)}: {_shown(part)} is neither a keyword nor a tag{hint}")
    if (tag >> 16) % 2:
        raise InvalidKey(f"{_shown(name)}: {name_of(tag)} is a private attribute, which no dictionary describes")
    if not vr_of(tag):
        raise InvalidKey(f"{_shown(name)}: {name_of(tag)} is no attribute of PS3.6")
    if tag >> 16 in _NO_DATA_SET:
        raise InvalidKey(f"{_shown(name)}: {name_of(tag)} is no attribute of a data set")
    return tag


@cache
def _keywords() -> tuple[str, ...]:
    from pydicom._dicom_dict import DicomDictionary  # noqa: PLC0415 - only where a name was misspelt

    return tuple(entry[4] for entry in DicomDictionary.values())


def _shown(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:_SHOWN])
