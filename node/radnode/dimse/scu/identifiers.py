"""Identifiers of a user's queries: written from names and text, read as names and text; sequences nest in both."""

from collections.abc import Iterator, Mapping

from radnode.dimse.answer_charset import UNICODE_TERM, Encode, encoder_for
from radnode.dimse.encoding import CHARSET_VRS, element_form, encode_value
from radnode.dimse.nested_encoding import encode_data_set
from radnode.dimse.scu.keys import Keys, name_of, tree_of
from radnode.dimse.scu.values import Match, Nested
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN
from radnode.instance.nested import DataSet, Value, read_nested, vr_of
from radnode.instance.values import NUMBER_VRS, SPECIFIC_CHARACTER_SET
from radnode.model.call_errors import CallFailed, InvalidKey
from radnode.model.errors import NotDicom
from radnode.model.level import Level
from radnode.model.uid import UID

_LEVEL = 0x00080052


def encode_identifier(
    level: Level | None, keys: Mapping[str, str], transfer_syntax: UID, *, charset: str = ""
) -> bytes:
    """The identifier of a query; InvalidKey for a key that cannot be asked for, and text that `charset` cannot hold.

    Without a `charset`, text that is not ASCII goes as ISO_IR 192.
    """
    tree = tree_of(keys)
    if level is not None:
        tree.setdefault(_LEVEL, level.name)
    term = charset or tree.get(SPECIFIC_CHARACTER_SET) or ""
    assert isinstance(term, str)
    if term or not all(text.isascii() for text in _texts(tree)):
        term = term or UNICODE_TERM.decode()
        tree[SPECIFIC_CHARACTER_SET] = term
    encode = encoder_for(term.encode("ascii", "replace"))
    return encode_data_set(_data_set(tree, transfer_syntax, encode), transfer_syntax, encode)


def check(level: Level | None, keys: Mapping[str, str], *, charset: str = "") -> None:
    """InvalidKey where these keys cannot be asked for."""
    encode_identifier(level, keys, EXPLICIT_VR_LITTLE_ENDIAN, charset=charset)


def _texts(tree: Keys) -> Iterator[str]:
    for tag, value in tree.items():
        if not isinstance(value, str):
            yield from _texts(value)
        elif vr_of(tag) in CHARSET_VRS:
            yield value


def _data_set(tree: Keys, transfer_syntax: UID, encode: Encode) -> DataSet:
    """What is asked for; InvalidKey where it cannot be written so."""
    values = {}
    for tag, value in tree.items():
        if isinstance(value, str):
            values[tag] = _checked(tag, value, transfer_syntax, encode)
        else:
            values[tag] = Value("SQ", "", [_data_set(value, transfer_syntax, encode)] if value else [])
    return values


def _checked(tag: int, text: str, transfer_syntax: UID, encode: Encode) -> Value:
    vr = vr_of(tag)
    try:
        raw = encode_value(vr, text, encode, big_endian=transfer_syntax == EXPLICIT_VR_BIG_ENDIAN)
    except UnicodeError:
        raise InvalidKey(f"the value of {name_of(tag)} cannot be written in the character set of the query") from None
    if vr in NUMBER_VRS and text and not raw:
        raise InvalidKey(f"the value of {name_of(tag)} must be a number")
    if len(raw) > element_form(tag, vr, transfer_syntax).limit:
        raise InvalidKey(f"the value of {name_of(tag)} is too long")
    return Value(vr, text)


def decode_identifier(data: bytes, transfer_syntax: UID) -> Match:
    """The elements of an answer; CallFailed where it is no data set."""
    try:
        return Match(_named(read_nested(data, transfer_syntax)))
    except NotDicom as error:
        raise CallFailed(f"the peer answered with what is no data set: {error}") from error


def _named(data_set: DataSet) -> Mapping[str, Nested]:
    return {
        name_of(tag): [_named(item) for item in value.items] if value.vr == "SQ" else value.text
        for tag, value in data_set.items()
    }
