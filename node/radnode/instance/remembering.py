"""Texts of values that were met before: the objects of a series say mostly the same, and decoding is half the work."""

from functools import lru_cache

from radnode.instance.charset import LONGEST, codecs_of
from radnode.instance.sequences import items_text
from radnode.instance.values import text_of
from radnode.model.attribute_table import STANDARD_TABLE, AttributeTable

_SHORT = 128  # bytes of a value, at most, that is remembered
_KEPT = 4096

_Value = tuple[int, tuple[str, bytes]]  # tag, VR as written, encoded value


class Texts(dict[_Value, tuple[str, str]]):
    """Keyword and text of each value of an indexed attribute, as one character set and byte order have it."""

    def __init__(self, specific_character_set: bytes, big_endian: bool, table: AttributeTable) -> None:
        """`specific_character_set` is the raw value of (0008,0005)."""
        super().__init__()
        self._codecs = codecs_of(specific_character_set)
        self._big_endian = big_endian
        self._attributes = table.in_headers

    def __missing__(self, value: _Value) -> tuple[str, str]:
        """Decode a value that was not met before."""
        tag, (written_vr, raw) = value
        attribute = self._attributes[tag]
        if attribute.items:
            text = items_text(attribute, raw, written_vr, self._codecs, big_endian=self._big_endian)
        else:
            text = text_of(raw, attribute.vr, written_vr, self._codecs, big_endian=self._big_endian)
        found = attribute.keyword, text
        if len(raw) <= _SHORT:
            if len(self) >= _KEPT:
                self.clear()
            self[value] = found
        return found


def texts(specific_character_set: bytes, *, big_endian: bool, table: AttributeTable = STANDARD_TABLE) -> Texts:
    """The texts under that character set, one for all threads; some 2.5 MB each at most."""
    return _texts(specific_character_set[:LONGEST], big_endian, table)


@lru_cache(maxsize=8)
def _texts(specific_character_set: bytes, big_endian: bool, table: AttributeTable) -> Texts:
    return Texts(specific_character_set, big_endian, table)
