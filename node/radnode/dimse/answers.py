"""C-FIND answers: from an index row to an encoded data set, without a Dataset in between.

Values are never normalised: what an answer carries is the stored text, whatever its VR allows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import methodcaller
from typing import NamedTuple

from radnode.dimse.answer_charset import DEFAULT_TERM, choose
from radnode.dimse.encoding import CHARSET_VRS, ElementForm, element_form, encode_value
from radnode.dimse.identifier import AVAILABILITY, CHARACTER_SET, LEVEL, RETRIEVE_AE_TITLE, Identifier
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN
from radnode.model.uid import UID

_BINARY_VRS = {"US", "SS", "UL", "SL", "FL", "FD"}
_plain: Callable[[str], bytes] = methodcaller("encode", "latin_1", "replace")


class _Varying(NamedTuple):
    """An element whose value differs from answer to answer, and what is the same in all of them before it."""

    before: bytes
    form: ElementForm
    place: int | None
    """In the row; None for the element that names the character set."""
    convert: Callable[[str], bytes] | None
    """None for text in that character set."""


class AnswerEncoder:
    """Encodes the matches of one query: every requested key, and what an answer always has (C.4.1.1.3.2)."""

    def __init__(self, identifier: Identifier, transfer_syntax: UID, retrieve_ae_title: str) -> None:
        returns = identifier.query.returns
        self._character_set = identifier.character_set
        self._ascii_term = identifier.character_set.strip(b"\0 ") or DEFAULT_TERM
        self._texts = [place for place, attribute in enumerate(returns) if attribute.vr in CHARSET_VRS]
        self._end = b""
        self._layout = list(self._laid_out(identifier, transfer_syntax, retrieve_ae_title))

    def encode(self, values: Sequence[str]) -> bytes:
        """One match; `values` are the stored texts in the order of the query's `returns`."""
        texts = [values[place] for place in self._texts]
        is_ascii = "".join(texts).isascii()  # the common case, and quick to see
        term, encode = (self._ascii_term, str.encode) if is_ascii else choose(self._character_set, texts)
        parts: list[bytes] = []
        for before, (head, length, limit, padding), place, convert in self._layout:
            value = term if place is None else (convert or encode)(values[place])
            if len(value) > limit:
                value = value[:limit]
            if len(value) % 2:
                value += padding
            parts += (before, head, length(len(value)), value)  # as ElementForm.write does it, at half its cost
        parts.append(self._end)
        return b"".join(parts)

    def _laid_out(self, identifier: Identifier, transfer_syntax: UID, retrieve_ae_title: str) -> Iterator[_Varying]:
        """What varies, each with all that is the same before it: keys can be many. What comes last is kept."""
        constants = _constants(identifier, retrieve_ae_title)
        varying: dict[int, tuple[str, int | None]] = {
            attribute.tag: (attribute.vr, place) for place, attribute in enumerate(identifier.query.returns)
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


def _constants(identifier: Identifier, retrieve_ae_title: str) -> Mapping[int, tuple[str, bytes]]:
    elements = {tag: (vr, value) for tag, vr, value in identifier.requested}
    elements[LEVEL] = ("CS", identifier.query.level.name.encode())
    elements[RETRIEVE_AE_TITLE] = ("AE", retrieve_ae_title.encode("ascii", "replace"))
    if identifier.asks_availability:
        elements[AVAILABILITY] = ("CS", b"ONLINE")
    return elements


def _conversion(vr: str, transfer_syntax: UID) -> Callable[[str], bytes] | None:
    if vr in CHARSET_VRS:
        return None
    if vr in _BINARY_VRS:
        return partial(encode_value, vr, encode=str.encode, big_endian=transfer_syntax == EXPLICIT_VR_BIG_ENDIAN)
    return _plain
