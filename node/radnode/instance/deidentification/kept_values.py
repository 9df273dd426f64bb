"""A last look at values that the rules let stay: whether they name somebody, or are not what their attribute holds."""

import re

from radnode.instance.charset import decode
from radnode.instance.deidentification.acts import TEXT_VRS, Act, known_vr
from radnode.instance.deidentification.identifying import Identifying
from radnode.instance.encodings import Buffer
from radnode.instance.values import PADDING
from radnode.instance.walk import Element

MAX_TEXT, MAX_TEXTS = 1 << 20, 1 << 25
"""Bytes of a value, and of all different ones, that are looked at; what is beyond that does not stay."""
_FREE = TEXT_VRS | {"PN", "UR"}
_CODES = frozenset({"AE", "CS"})
_NUMBERS = frozenset({"AS", "DA", "DS", "DT", "IS", "TM"})
_TEXTS = _FREE | _CODES | _NUMBERS | {"UI"}
_LETTERS = re.compile(rb"[A-Za-z\x80-\xff]{2}")
_CODE_VALUE = 0x00080100  # digits of it are no identifier either
_NOT_LOOKED_AT = frozenset(  # a code's scheme and the version of that; pixels
    {0x00080102, 0x00080103, 0x7FE00008, 0x7FE00009, 0x7FE00010}
)
_CODE = re.compile(rb"[A-Z0-9_ ]{0,16}(?:\\[A-Z0-9_ ]{0,16})*\0?")
_OF_UIDS = frozenset(b"0123456789.\\ \0")
_MAX_REMEMBERED = 4096


class KeptValues:
    """Decides by value, and remembers, since objects repeat their values."""

    def __init__(self, dataset: Buffer, identifying: Identifying, *, room: int = MAX_TEXTS) -> None:
        self._dataset = dataset
        self._identifying = identifying
        self._left = room
        self._told: dict[tuple[bytes, tuple[str, ...], bool], bool] = {}

    def act(self, element: Element, codecs: tuple[str, ...]) -> Act:
        """KEEP, or what is to be done with the value of an element of defined length instead."""
        vrs = {known_vr(element.tag), element.vr}
        if element.tag in _NOT_LOOKED_AT:
            return Act.KEEP
        if element.length > MAX_TEXT:
            return Act.DUMMY if vrs & _TEXTS else Act.KEEP
        raw = bytes(self._dataset[element.offset : element.offset + element.length])
        if known_vr(element.tag) == "UI":
            return Act.KEEP if _OF_UIDS.issuperset(raw) else Act.MAP
        tells = self._identifying.tells_in_bytes(raw) if element.tag == _CODE_VALUE else self._tells(raw, vrs, codecs)
        return Act.DUMMY if tells else Act.KEEP

    def _tells(self, raw: bytes, vrs: set[str], codecs: tuple[str, ...]) -> bool:
        if vrs & _FREE:
            return self._text_tells(raw, codecs, is_code=False)
        if vrs & _CODES:
            return self._text_tells(raw, codecs, is_code=_CODE.fullmatch(raw) is not None)
        if vrs & _NUMBERS:  # digits of a number are no identifier
            return _LETTERS.search(raw) is not None and self._text_tells(raw, codecs, is_code=False)
        return self._identifying.tells_in_bytes(raw)

    def _text_tells(self, raw: bytes, codecs: tuple[str, ...], *, is_code: bool) -> bool:
        key = raw, codecs, is_code
        told = self._told.get(key)
        if told is None:
            self._left -= len(raw)
            if self._left < 0:
                return True
            text = decode(raw, codecs, is_name=False).strip(PADDING)
            told = self._identifying.tells(text, is_code=is_code)
            if len(raw) < _MAX_REMEMBERED and len(self._told) < _MAX_REMEMBERED:
                self._told[key] = told
        return told
