"""Encoding of data sets with sequences (PS3.5 7.5) in one character set."""

import struct
from collections.abc import Iterator
from functools import lru_cache

from radnode.dimse.answer_charset import Encode, choose, term_for
from radnode.dimse.encoding import CHARSET_VRS, element_form, encode_value
from radnode.instance.charset import LONGEST
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN
from radnode.instance.nested import DataSet, Value
from radnode.instance.values import SPECIFIC_CHARACTER_SET
from radnode.instance.walk import ITEM
from radnode.model.uid import UID

_term_for = lru_cache(maxsize=256)(term_for)
_form = lru_cache(maxsize=4096)(element_form)  # a worklist's answers have the same few dozen elements


def encode_nested(data_set: DataSet, transfer_syntax: UID, character_set: bytes = b"") -> bytes:
    """The data set with its (0008,0005): `character_set` (a raw value) if that can hold the text, else UTF-8."""
    texts = list(_texts(data_set))
    if "".join(texts).isascii():  # the common case, and quick to see
        return _with_term(data_set, transfer_syntax, _term_for(character_set[:LONGEST]), str.encode)
    return _with_term(data_set, transfer_syntax, *choose(character_set, texts))


def _with_term(data_set: DataSet, transfer_syntax: UID, term: bytes, encode: Encode) -> bytes:
    named = {**data_set, SPECIFIC_CHARACTER_SET: Value("CS", term.decode("ascii", "replace"))}
    return encode_data_set(named, transfer_syntax, encode)


def _texts(data_set: DataSet) -> Iterator[str]:
    for value in data_set.values():
        if value.vr == "SQ":
            for item in value.items:
                yield from _texts(item)
        elif value.vr in CHARSET_VRS:
            yield value.text


def encode_data_set(data_set: DataSet, transfer_syntax: UID, encode: Encode) -> bytes:
    """The data set as it is, its text by `encode`. Raises UnicodeError where that cannot hold it."""
    big_endian = transfer_syntax == EXPLICIT_VR_BIG_ENDIAN
    parts = []
    for tag in sorted(data_set):
        value = data_set[tag]
        if value.vr == "SQ":
            raw = b"".join(_item(encode_data_set(item, transfer_syntax, encode), big_endian) for item in value.items)
        else:
            raw = encode_value(value.vr, value.text, encode, big_endian=big_endian)
        parts.append(_form(tag, value.vr, transfer_syntax).write(raw))
    return b"".join(parts)


def _item(content: bytes, big_endian: bool) -> bytes:
    order = ">" if big_endian else "<"
    return struct.pack(f"{order}HHL", ITEM >> 16, ITEM & 0xFFFF, len(content)) + content
