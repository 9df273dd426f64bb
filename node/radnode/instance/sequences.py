"""Indexed sequences as text: a JSON array of objects, from the keywords of an item's attributes to their texts.

Compact, and bounded whatever was sent: so many items, so many bytes of a value, so much text.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import islice

from radnode.instance.charset import codecs_of
from radnode.instance.encodings import UNDEFINED, HeaderReader, read_explicit, read_explicit_big, read_implicit
from radnode.instance.values import MAX_VALUE, SPECIFIC_CHARACTER_SET, text_of
from radnode.instance.walk import ITEM, walk_within
from radnode.model.attributes import Attribute
from radnode.model.errors import NotDicom

EMPTY = "[]"
"""The text of a sequence without items."""
MAX_ITEMS = 64
MAX_ITEM_VALUE = 1024  # bytes of a value in an item
_MAX_WALKED = 4096  # elements, nested ones too, that are looked at in one sequence
_SHORT = 1024  # bytes of a sequence, at most, that is remembered

_Item = dict[int, tuple[str, bytes]]  # tag -> VR as written, encoded value


def items_text(attribute: Attribute, raw: bytes, vr: str, codecs: tuple[str, ...], *, big_endian: bool) -> str:
    """The text of a sequence's encoded value `raw`, which may lack its last delimiters.

    `vr` is as written; `codecs` are the data set's, where an item has no character set of its own (PS3.3 C.12.1.1.2).
    What is damaged within a sequence ends it, and raises nothing: nobody else looks into it.
    """
    text = _remembered if len(raw) <= _SHORT else _text
    return text(attribute, raw, vr, codecs, big_endian)


def _text(attribute: Attribute, raw: bytes, vr: str, codecs: tuple[str, ...], big_endian: bool) -> str:
    read = _reader(vr, big_endian=big_endian)
    known = {item.tag: item for item in attribute.items}
    parts, room = [], MAX_VALUE
    for item in _items(raw, read, known):
        own = codecs_of(item.pop(SPECIFIC_CHARACTER_SET)[1]) if SPECIFIC_CHARACTER_SET in item else codecs
        texts = {
            known[tag].keyword: text_of(value, known[tag].vr, written, own, big_endian=big_endian)
            for tag, (written, value) in item.items()
        }
        part = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        room -= len(part) + 1
        if room < 0:
            break
        parts.append(part)
    return f"[{','.join(parts)}]"


_remembered = lru_cache(maxsize=256)(_text)  # the objects of a series say the same


def _reader(vr: str, *, big_endian: bool) -> HeaderReader:
    """How the elements within are written: by themselves in a sequence of VR UN (PS3.5 6.2.2), else as around it."""
    if vr in ("", "UN"):
        return read_implicit
    return read_explicit_big if big_endian else read_explicit


def _items(raw: bytes, read: HeaderReader, known: Mapping[int, Attribute]) -> list[_Item]:
    """The encoded values of known attributes, item by item."""
    items: list[_Item] = []
    with suppress(NotDicom):
        for tag, vr, offset, length, depth in islice(walk_within(raw, read, 0, len(raw)), _MAX_WALKED):
            if depth == 1 and tag == ITEM:
                if len(items) == MAX_ITEMS:
                    break
                items.append({})
            elif depth == 2 and length != UNDEFINED and (tag in known or tag == SPECIFIC_CHARACTER_SET):
                items[-1][tag] = vr, raw[offset : offset + min(length, MAX_ITEM_VALUE)]
    return items
