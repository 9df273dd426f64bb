"""Sequences of answers: from the JSON that the index holds to encoded items (PS3.5 7.5)."""

import json
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from radnode.dimse.answer_charset import Encode
from radnode.dimse.encoding import ElementForm, element_form, encode_value
from radnode.dimse.keys import Requested
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN
from radnode.model.attributes import Attribute
from radnode.model.uid import UID

Item = Mapping[str, object]


class _Inner(NamedTuple):
    """An element of each item."""

    form: ElementForm
    vr: str
    keyword: str
    """"" where nothing is known of it."""
    value: bytes
    items: "ItemEncoder | None"


class ItemEncoder:
    """Encodes the items of one sequence, each with the elements that were asked for, in the order of their tags."""

    def __init__(self, sequence: Attribute, requested: tuple[Requested, ...], transfer_syntax: UID) -> None:
        known = {attribute.tag: attribute for attribute in sequence.items}
        self._big_endian = transfer_syntax == EXPLICIT_VR_BIG_ENDIAN
        self._item = struct.Struct(">HHL" if self._big_endian else "<HHL")
        self._inner = [
            _inner(one, known.get(one.tag), transfer_syntax) for one in sorted(requested, key=lambda one: one.tag)
        ]

    def encode(self, items: list[Item], encode: Encode) -> bytes:
        """The value of the sequence; `encode` is for text in the answer's character set."""
        encoded = (b"".join(self._elements(item, encode)) for item in items)
        return b"".join(self._item.pack(0xFFFE, 0xE000, len(one)) + one for one in encoded)

    def _elements(self, item: Item, encode: Encode) -> Iterator[bytes]:
        for form, vr, keyword, value, items in self._inner:
            known = item.get(keyword)
            if items is not None:
                yield form.write(items.encode(items_of(known), encode))
            elif isinstance(known, str):
                yield form.write(encode_value(vr, known, encode, big_endian=self._big_endian))
            else:
                yield form.write(value)


def items_of(stored: object) -> list[Item]:
    """The items of a sequence as the index holds it: a JSON array, or its text; none where it has none."""
    found = json.loads(stored) if isinstance(stored, str) and stored else stored
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def texts_in(items: list[Item]) -> Iterator[str]:
    """Every text in the items, however deep."""
    for item in items:
        for value in item.values():
            inner = items_of(value) if isinstance(value, list) else None
            yield from texts_in(inner) if inner is not None else ([value] if isinstance(value, str) else [])


def _inner(one: Requested, attribute: Attribute | None, transfer_syntax: UID) -> _Inner:
    form = element_form(one.tag, one.vr, transfer_syntax)
    if attribute is None:
        return _Inner(form, one.vr, "", one.value, None)
    items = ItemEncoder(attribute, one.items, transfer_syntax) if attribute.vr == "SQ" else None
    return _Inner(form, attribute.vr, attribute.keyword, one.value, items)
