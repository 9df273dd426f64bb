"""What is to be done with an element: the action codes of PS3.15 table E.1-1a resolved by profile, tag and VR.

Where the code leaves a choice to the IOD (Z/D, X/Z, X/D, X/Z/D, X/Z/U*), the alternative is taken that every IOD
allows: an attribute that stays cannot be missed, and a dummy value is right for type 1 and 2 alike.
"""

from enum import Enum
from functools import lru_cache

from pydicom.datadict import dictionary_keyword, dictionary_VR

from radnode.instance.deidentification import option_columns as columns
from radnode.instance.deidentification.further_attributes import FURTHER, FURTHER_DESCRIPTORS, FURTHER_DEVICE_IDENTITY
from radnode.instance.deidentification.profile import Dates, Profile
from radnode.instance.deidentification.table import CURVES, OVERLAYS, basic_profile

DATE_VRS = frozenset({"DA", "DT", "TM"})
TEXT_VRS = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})
PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
ENCAPSULATED_DOCUMENT, ENCAPSULATED_LENGTH = 0x00420011, 0x00420015
IDENTITY_REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED = 0x00120062, 0x00120063, 0x00120064, 0x00280303
_DEVICE_IDENTITY = columns.DEVICE_IDENTITY | FURTHER_DEVICE_IDENTITY
_DESCRIPTORS = columns.DESCRIPTORS | FURTHER_DESCRIPTORS
_OWN = frozenset({IDENTITY_REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED})
_TEXT_VALUE, _ENCRYPTED_ATTRIBUTES = 0x0040A160, 0x04000500
_VARIABLE_PIXELS = 0x7F00  # repeating groups of further images, which nobody looks at any more
_PRESENTED_AS_OVERLAY = frozenset({0x1500, 0x0022})  # label and description of an overlay
_CODES = {"Z": "empty", "X/Z": "empty", "X": "remove", "U": "map"}
_CLASS_WORDS = ("SOPClass", "TransferSyntax")
_CLASS_KEYWORDS = frozenset({"CodingSchemeUID", "ContextUID", "MappingResourceUID"})


class Act(Enum):
    """What becomes of an element."""

    KEEP = "kept"
    REMOVE = "removed"
    EMPTY = "emptied"
    DUMMY = "replaced by a dummy"
    FILLED_DUMMY = "replaced by a dummy unless empty"
    MAP = "mapped to a new UID"
    MOVE = "moved in time"
    CLEAN = "cleaned"
    NAME = "replaced by a pseudonym"
    LENGTH = "counted anew"


class Rules:
    """The decisions under one profile; each is made once, since objects repeat their attributes."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._table = {**basic_profile(), **FURTHER}
        self._decided: dict[tuple[int, bool], Act] = {}

    def act(self, tag: int, *, structured: bool) -> Act:
        """For a standard tag (of an even group); `structured`: it is part of content that is cleaned (E.3.4)."""
        known = self._decided.get((tag, structured))
        if known is None:
            known = self._decide(tag, known_vr(tag), structured)
            if len(self._decided) < 10_000:
                self._decided[tag, structured] = known
        return known

    def cleans_content(self, tag: int) -> bool:
        """Whether a sequence stays because an option cleans what is in it."""
        return self._cleans(tag) and tag != columns.GRAPHIC_ANNOTATIONS and not self._retains(tag)

    def without_options(self, tag: int) -> Act:
        """What the Basic Profile alone does, for what an option cannot clean."""
        vr, code = known_vr(tag), self._table.get(tag, "")
        return _basic(code, vr) if code else self._unlisted(tag, vr, structured=False)

    def _decide(self, tag: int, vr: str, structured: bool) -> Act:
        special = self._special(tag)
        if special is not None:
            return special
        if tag in self._table:
            return self._optional(tag, vr) or _basic(self._table[tag], vr)
        return self._unlisted(tag, vr, structured)

    def _special(self, tag: int) -> Act | None:
        group = tag >> 16
        if (
            not tag & 0xFFFF
            or group in (0, 2)
            or (group == 4 and tag not in self._table)
            or tag in _OWN
            or tag == _ENCRYPTED_ATTRIBUTES
            or _VARIABLE_PIXELS <= group < _VARIABLE_PIXELS + 0xE0
        ):
            return Act.REMOVE
        if CURVES <= group < CURVES + 0x100 or OVERLAYS <= group < OVERLAYS + 0x100:
            return self._graphics(tag)
        if tag in (PATIENT_NAME, PATIENT_ID):
            return Act.NAME
        return Act.LENGTH if tag == ENCAPSULATED_LENGTH else None

    def _graphics(self, tag: int) -> Act:
        """Without the option all of a plane or curve goes: what describes missing data is invalid."""
        if not self.profile.clean_graphics or tag >> 16 < OVERLAYS or tag & 0xFFFF == 0x4000:
            return Act.REMOVE
        return Act.REMOVE if tag & 0xFFFF in _PRESENTED_AS_OVERLAY or not known_vr(tag) else Act.KEEP

    def _optional(self, tag: int, vr: str) -> Act | None:
        """What the options say; one that keeps wins over one that cleans, but for dates: they move all or none."""
        if not vr:
            return None  # newer than the dictionary: nobody could look into it
        dates = self.profile.dates
        if dates is Dates.MODIFY and _is_date(tag, vr):
            return Act.MOVE if vr in DATE_VRS else None
        if self._retains(tag) or (dates is Dates.KEEP and _is_date(tag, vr)):
            return Act.KEEP
        if self._cleans(tag):
            return Act.KEEP if vr == "SQ" else Act.CLEAN if vr in TEXT_VRS else None
        return None

    def _retains(self, tag: int) -> bool:
        profile = self.profile
        return (
            (profile.retain_uids and self._is_retained_uid(tag))
            or (profile.retain_device_identity and tag in _DEVICE_IDENTITY)
            or (profile.retain_institution_identity and tag in columns.INSTITUTION_IDENTITY)
            or (profile.retain_patient_characteristics and tag in columns.PATIENT_CHARACTERISTICS)
        )

    def _is_retained_uid(self, tag: int) -> bool:
        if tag in columns.FURTHER_UIDS:
            return True
        return self._table[tag] == "U" and tag not in columns.NEVER_RETAINED_UIDS

    def _cleans(self, tag: int) -> bool:
        profile = self.profile
        return (
            (profile.clean_descriptors and tag in _DESCRIPTORS)
            or (profile.retain_patient_characteristics and tag in columns.CLEANED_CHARACTERISTICS)
            or (profile.clean_structured_content and tag in columns.STRUCTURED_CONTENT)
            or (profile.clean_graphics and tag == columns.GRAPHIC_ANNOTATIONS)
        )

    def _unlisted(self, tag: int, vr: str, structured: bool) -> Act:
        """What the table does not name: kept, unless the dictionary does not know it or its VR gives it away."""
        if not vr:
            return Act.REMOVE
        is_told = vr == "PN" or tag == _TEXT_VALUE or (vr == "UR" and not _is_of_code(tag))
        if is_told or (structured and vr in TEXT_VRS and not _is_of_code(tag)):
            return Act.DUMMY
        if vr in DATE_VRS:
            return {Dates.REMOVE: Act.DUMMY, Dates.MODIFY: Act.MOVE, Dates.KEEP: Act.KEEP}[self.profile.dates]
        if vr == "UI" and not self.profile.retain_uids and not _names_class(tag):
            return Act.MAP
        return Act.KEEP


def _basic(code: str, vr: str) -> Act:
    if code == "X/Z/U*":
        return Act.KEEP
    if vr == "UI" and code != "X":
        return Act.MAP
    if code in _CODES:
        return {"empty": Act.EMPTY, "remove": Act.REMOVE, "map": Act.MAP}[_CODES[code]]
    return Act.DUMMY if code == "D" else Act.FILLED_DUMMY


def _is_date(tag: int, vr: str) -> bool:
    return (vr in DATE_VRS and tag not in columns.NEVER_RETAINED_DATES) or tag in columns.FURTHER_DATES


def _is_of_code(tag: int) -> bool:
    """Whether it is part of a code or of its scheme: (0008,01xx)."""
    return tag >> 8 == 0x000801


def _names_class(tag: int) -> bool:
    """Whether the UID is that of a kind of thing, as the Standard or a maker defines it, and not of a thing."""
    keyword = dictionary_keyword(tag)
    return keyword in _CLASS_KEYWORDS or (any(word in keyword for word in _CLASS_WORDS) and "Instance" not in keyword)


@lru_cache(maxsize=16)
def rules_of(profile: Profile) -> Rules:
    """The rules of a profile, with what was decided by them before."""
    return Rules(profile)


@lru_cache(maxsize=8192)
def known_vr(tag: int) -> str:
    """The dictionary's VR, its first choice where there are two; "" for what it does not know."""
    if tag >> 16 & 1:
        return ""
    try:
        return dictionary_VR(tag).partition(" or ")[0]
    except KeyError:
        return ""
