"""C-FIND answers: from an index row to an encoded data set, without a Dataset in between.

Values are never normalised: what an answer carries is the stored text, whatever its VR allows.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from radnode.dimse.answer_charset import DEFAULT_TERM, Encode, choose
from radnode.dimse.encoding import CHARSET_VRS, element_writer, encode_value
from radnode.dimse.identifier import AVAILABILITY, CHARACTER_SET, LEVEL, RETRIEVE_AE_TITLE, Identifier
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN
from radnode.model.uid import UID

Piece = Callable[[Sequence[str], bytes, Encode], bytes]
"""Writes one element of an answer from the row, the value of (0008,0005) and the encoding of its text."""


class AnswerEncoder:
    """Encodes the matches of one query: every requested key, and what an answer always has (C.4.1.1.3.2).

    What is the same in all answers is laid out once.
    """

    def __init__(self, identifier: Identifier, transfer_syntax: UID, retrieve_ae_title: str) -> None:
        returns = identifier.query.returns
        self._character_set = identifier.character_set
        self._ascii_term = identifier.character_set.strip(b"\0 ") or DEFAULT_TERM
        self._texts = [place for place, attribute in enumerate(returns) if attribute.vr in CHARSET_VRS]
        pieces: dict[int, Piece] = {
            tag: _same(element_writer(tag, vr, transfer_syntax)(value))
            for tag, (vr, value) in _constants(identifier, retrieve_ae_title).items()
        }
        pieces[CHARACTER_SET] = _character_set(element_writer(CHARACTER_SET, "CS", transfer_syntax))
        for place, attribute in enumerate(returns):
            write = element_writer(attribute.tag, attribute.vr, transfer_syntax)
            pieces[attribute.tag] = _column(place, attribute.vr, write, transfer_syntax)
        self._pieces = [pieces[tag] for tag in sorted(pieces)]

    def encode(self, values: Sequence[str]) -> bytes:
        """One match; `values` are the stored texts in the order of the query's `returns`."""
        texts = [values[place] for place in self._texts]
        is_ascii = "".join(texts).isascii()  # the common case, and quick to see
        term, encode = (self._ascii_term, str.encode) if is_ascii else choose(self._character_set, texts)
        return b"".join([piece(values, term, encode) for piece in self._pieces])


def _constants(identifier: Identifier, retrieve_ae_title: str) -> Mapping[int, tuple[str, bytes]]:
    elements = {tag: (vr, value) for tag, vr, value in identifier.requested}
    elements[LEVEL] = ("CS", identifier.query.level.name.encode())
    elements[RETRIEVE_AE_TITLE] = ("AE", retrieve_ae_title.encode("ascii", "replace"))
    if identifier.asks_availability:
        elements[AVAILABILITY] = ("CS", b"ONLINE")
    return elements


def _same(encoded: bytes) -> Piece:
    return lambda _values, _term, _encode: encoded


def _character_set(write: Callable[[bytes], bytes]) -> Piece:
    return lambda _values, term, _encode: write(term)


def _column(place: int, vr: str, write: Callable[[bytes], bytes], transfer_syntax: UID) -> Piece:
    if vr in CHARSET_VRS:
        return lambda values, _term, encode: write(encode(values[place]))
    convert = partial(encode_value, vr, encode=str.encode, big_endian=transfer_syntax == EXPLICIT_VR_BIG_ENDIAN)
    return lambda values, _term, _encode: write(convert(values[place]))
