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
_CODES = frozenset({"AE", "AS", "CS"})
_NUMBERS = frozenset({"DA", "DS", "DT", "IS", "TM"})
_LOOKED_AT = _FREE | _CODES | _NUMBERS | {"UI"}
_LETTERS = re.compile(rb"[A-Za-z\x80-\xff]{2}")
_PARTS_OF_CODES = frozenset({0x00080100, 0x00080102, 0x00080103})  # value, scheme and its version
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
        known = known_vr(element.tag)
        if element.tag in _PARTS_OF_CODES or not {known, element.vr} & _LOOKED_AT:
            return Act.KEEP
        if element.length > MAX_TEXT:
            return Act.DUMMY
        raw = bytes(self._dataset[element.offset : element.offset + element.length])
        if known == "UI":
            return Act.KEEP if _OF_UIDS.issuperset(raw) else Act.MAP
        if not {known, element.vr} & (_FREE | _CODES) and not _LETTERS.search(raw):
            return Act.KEEP  # digits of a number are no identifier
        return Act.DUMMY if self._tells(raw, codecs, is_code=known in _CODES and element.vr not in _FREE) else Act.KEEP

    def _tells(self, raw: bytes, codecs: tuple[str, ...], *, is_code: bool) -> bool:
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
