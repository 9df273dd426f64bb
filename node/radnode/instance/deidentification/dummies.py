"""Values that say nothing, valid in their VR (PS3.5 6.2), and sequences with one item that says nothing."""

from radnode.instance.element_output import Form
from radnode.instance.encodings import WORDS
from radnode.instance.walk import ITEM

DUMMY = "ANONYMIZED"
_TEXTS = {
    "AS": "000D",
    "DA": "19000101",
    "DS": "0",
    "DT": "19000101000000",
    "IS": "0",
    "TM": "000000",
    "UR": "https://anonymized.invalid",
}
_WORDS = {"H": 2, "I": 4, "Q": 8}
_OTHER = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})

_Element = tuple[int, str, "bytes | str | tuple[_Items, ...]"]
_Items = tuple[_Element, ...]
Value = bytes | str | tuple[_Items, ...]
"""An encoded value, a text, or the items of a sequence."""


def code(value: str, scheme: str, meaning: str) -> _Items:
    """A code as an item (PS3.3 8.8)."""
    return (0x00080100, "SH", value), (0x00080102, "SH", scheme), (0x00080104, "LO", meaning)


_CODE = (code("ANONYMIZED", "99RADNODE", "Anonymized"),)
_CONTENT = (
    (0x0040A010, "CS", "CONTAINS"),
    (0x0040A040, "CS", "TEXT"),
    (0x0040A043, "SQ", (code("121106", "DCM", "Comment"),)),
    (0x0040A160, "UT", DUMMY),
)
_TEXT_OBJECT = (
    (0x00700004, "CS", "PIXEL"),
    (0x00700006, "ST", DUMMY),
    (0x00700014, "FL", bytes(8)),
    (0x00700015, "CS", "N"),
)
_OBSERVER = (
    (0x0040A027, "LO", DUMMY),
    (0x0040A030, "DT", _TEXTS["DT"]),
    (0x0040A075, "PN", DUMMY),
    (0x0040A088, "SQ", ()),
)
_PERFORMED_STEP = (
    (0x00081150, "UI", "1.2.840.10008.3.1.2.3.3"),
    (0x00081155, "UI", "2.25.0"),
)
ITEMS: dict[int, tuple[_Items, ...]] = {
    0x00080082: _CODE,
    0x00081111: (_PERFORMED_STEP,),
    0x00081072: (((0x00080080, "LO", DUMMY), (0x00401101, "SQ", _CODE)),),
    0x00340001: (((0x00340002, "OB", b"\0\0"),),),
    0x00401101: _CODE,
    0x0040A073: (_OBSERVER,),
    0x0040A730: (_CONTENT,),
    0x0040B020: (((0x0040A0B0, "US", bytes(4)), (0x00700006, "ST", DUMMY)),),
    0x00700001: (((0x00700002, "CS", DUMMY), (0x00700008, "SQ", (_TEXT_OBJECT,))),),
}
"""What stands for the sequences that are to be replaced (D): the least that their modules and macros ask for."""


def dummy(vr: str) -> Value:
    """A value of that VR that says nothing."""
    if vr in _OTHER:
        return bytes(_WORDS.get(WORDS.get(vr, "H"), 2))
    if vr in WORDS:
        return bytes(_WORDS[WORDS[vr]] * (2 if vr == "AT" else 1))
    return _TEXTS.get(vr, DUMMY)


def encoded(form: Form, tag: int, vr: str, value: Value) -> bytes:
    """The whole element, padded to even length."""
    if isinstance(value, tuple):
        body = b"".join(_item(form, item) for item in value)
        return form.header(tag, "SQ", len(body)) + body
    raw = value.encode("ascii", "replace") if isinstance(value, str) else value
    raw += (b"\0" if vr in _OTHER or vr == "UI" else b" ") * (len(raw) % 2)
    return form.header(tag, vr, len(raw)) + raw


def _item(form: Form, elements: _Items) -> bytes:
    body = b"".join(encoded(form, *element) for element in elements)
    return form.header(ITEM, "", len(body)) + body
