"""C-FIND answers: from an index row to an encoded data set, without a Dataset in between.

Values are never normalised: what an answer carries is the stored text, whatever its VR allows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import methodcaller
from typing import Any, NamedTuple

from radnode.dimse.answer_charset import Encode, choose, shortened, term_for
from radnode.dimse.answer_items import Item, ItemEncoder, items_of, texts_in
from radnode.dimse.encoding import CHARSET_VRS, ElementForm, element_form, encode_value
from radnode.dimse.keys import CHARACTER_SET, Requested
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN
from radnode.model.attributes import Attribute
from radnode.model.uid import UID

_BINARY_VRS = {"US", "SS", "UL", "SL", "FL", "FD"}
_plain: Callable[[str], bytes] = methodcaller("encode", "latin_1", "replace")

Constants = Mapping[int, tuple[str, bytes]]
"""Elements that are the same in every answer: tag -> VR and value."""


class _Varying(NamedTuple):
    """An element whose value differs from answer to answer, and what is the same in all of them before it."""

    before: bytes
    form: ElementForm
    place: int | None
    """In the row; None for the element that names the character set."""
    convert: Callable[[Any], bytes] | None
    """None for text in that character set."""


class AnswerEncoder:
    """Encodes the matches of one query: every requested key, and what an answer always has (C.4.1.1.3.2)."""

    def __init__(
        self,
        returns: Sequence[Attribute],
        requested: Sequence[Requested],
        constants: Constants,
        character_set: bytes,
        transfer_syntax: UID,
    ) -> None:
        """`returns` are the attributes of a row, in its order; `character_set` is the identifier's, as it was sent."""
        self._character_set = character_set
        self._ascii_term = term_for(character_set)
        self._texts = [place for place, attribute in enumerate(returns) if attribute.vr in CHARSET_VRS]
        items = {one.tag: one.items for one in requested}
        self._sequences = [
            (place, ItemEncoder(attribute, items.get(attribute.tag, ()), transfer_syntax))
            for place, attribute in enumerate(returns)
            if attribute.vr == "SQ"
        ]
        self._end = b""
        everywhere = {one.tag: (one.vr, one.value) for one in requested} | dict(constants)
        self._layout = list(self._laid_out(returns, everywhere, transfer_syntax))

    def encode(self, values: Sequence[str]) -> bytes:
        """One match; `values` are the stored texts in the order of the query's `returns`."""
        texts = [values[place] for place in self._texts]
        sequences = [items_of(values[place]) for place, _ in self._sequences]
        if sequences:
            texts.extend(text for items in sequences for text in texts_in(items))
        is_ascii = "".join(texts).isascii()  # the common case, and quick to see
        term, encode = (self._ascii_term, str.encode) if is_ascii else choose(self._character_set, texts)
        row: Sequence[Any] = self._with_items(values, sequences, encode) if sequences else values
        parts: list[bytes] = []
        for before, (head, length, limit, padding), place, convert in self._layout:
            value = term if place is None else (convert or encode)(row[place])
            if len(value) > limit:
                value = value[:limit] if place is None or convert else shortened(row[place], encode, limit)
            if len(value) % 2:
                value += padding
            parts += (before, head, length(len(value)), value)  # as ElementForm.write does it, at half its cost
        parts.append(self._end)
        return b"".join(parts)

    def _with_items(self, values: Sequence[str], sequences: list[list[Item]], encode: Encode) -> list[str | bytes]:
        row: list[str | bytes] = list(values)
        for (place, encoder), items in zip(self._sequences, sequences, strict=True):
            row[place] = encoder.encode(items, encode)
        return row

    def _laid_out(self, returns: Sequence[Attribute], constants: Constants, transfer_syntax: UID) -> Iterator[_Varying]:
        """What varies, each with all that is the same before it: keys can be many. What comes last is kept."""
        varying: dict[int, tuple[str, int | None]] = {
            attribute.tag: (attribute.vr, place) for place, attribute in enumerate(returns)
        }
        varying[CHARACTER_SET] = ("CS", None)
        same: list[bytes] = []
        for tag in sorted(constants.keys() | varying.keys()):
            if tag in varying:
                vr, place = varying[tag]
                form = element_form(tag, vr, transfer_syntax)
                yield _Varying(b"".join(same), form, place, _conversion(vr, transfer_syntax))
                same = []
            else:
                vr, value = constants[tag]
                same.append(element_form(tag, vr, transfer_syntax).write(value))
        self._end = b"".join(same)


def _conversion(vr: str, transfer_syntax: UID) -> Callable[[Any], bytes] | None:
    if vr in CHARSET_VRS:
        return None
    if vr == "SQ":
        return bytes  # encoded already, with the character set that all of the answer has
    if vr in _BINARY_VRS:
        return partial(encode_value, vr, encode=str.encode, big_endian=transfer_syntax == EXPLICIT_VR_BIG_ENDIAN)
    return _plain
