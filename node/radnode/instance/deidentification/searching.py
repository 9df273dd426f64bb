"""Collects from an object what must not stand in what stays of it."""

from collections.abc import Iterator
from contextlib import suppress

from radnode.instance.charset import codecs_of, decode
from radnode.instance.content import value_of
from radnode.instance.deidentification.acts import TEXT_VRS, known_vr
from radnode.instance.deidentification.identifying import (
    Identifying,
    parts_of_date,
    parts_of_identifier,
    parts_of_name,
    words,
    words_of_name,
)
from radnode.instance.deidentification.option_columns import (
    DESCRIPTORS,
    NEVER_RETAINED_DATES,
    PATIENT_CHARACTERISTICS,
    tags,
)
from radnode.instance.deidentification.profile import Dates, Profile
from radnode.instance.deidentification.table import basic_profile
from radnode.instance.encodings import UNDEFINED, Buffer, read_implicit
from radnode.instance.values import SPECIFIC_CHARACTER_SET
from radnode.instance.walk import ITEM, Element, walk, walk_within
from radnode.model.errors import CannotDeidentify, NotDicom
from radnode.model.uid import UID

_MAX_WORDS, _MAX_NAMES = 10_000, 3_000
_PATIENT = 0x0010
_NUMBERS = tags("00080050 00380010 00380060 00402016 00402017 0040050A")
"""Identifiers beside the patient's own: of accession, admission, episode, orders, specimen."""


def identifying_in(dataset: Buffer, encoding: UID, profile: Profile) -> Identifying:
    """The names and identifiers anywhere in the object, by the character sets that they are written in."""
    search = _Search(dataset, profile)
    for element in _everything(dataset, walk(dataset, encoding, deep=True)):
        search.take(element)
        if len(search.words) > _MAX_WORDS or len(search.names) + len(search.parts) > _MAX_NAMES:
            raise CannotDeidentify("it has too many names and identifiers to look for them in texts")
    return Identifying(
        frozenset(search.words), frozenset(search.names), frozenset(search.parts), not profile.retain_uids
    )


def is_hidden_sequence(element: Element) -> bool:
    """Whether a known sequence is written as UN of defined length, and so implicit VR within (PS3.5 6.2.2)."""
    return element.vr == "UN" and element.length != UNDEFINED and known_vr(element.tag) == "SQ"


def _everything(dataset: Buffer, walked: Iterator[Element]) -> Iterator[Element]:
    """The walk, which also enters hidden sequences, as far as they can be read."""
    for element in walked:
        yield element
        if is_hidden_sequence(element):
            with suppress(NotDicom):
                for inner in walk_within(dataset, read_implicit, element.offset, element.length):
                    yield inner._replace(depth=inner.depth + element.depth)


class _Search:
    """What has been found so far."""

    def __init__(self, dataset: Buffer, profile: Profile) -> None:
        self.dataset = dataset
        self.keeps_dates = profile.dates is Dates.KEEP
        self.cleans = (
            profile.clean_descriptors or profile.clean_structured_content or profile.retain_patient_characteristics
        )
        self.words: set[str] = set()
        self.names: set[str] = set()
        self.parts: set[str] = set()
        self.codecs = {0: codecs_of(b"")}  # by depth

    def take(self, element: Element) -> None:
        tag, vr = element.tag, known_vr(element.tag)
        if tag == ITEM:
            self.codecs[element.depth + 1] = self.codecs.get(element.depth - 1, self.codecs[0])
        elif tag == SPECIFIC_CHARACTER_SET:
            self.codecs[element.depth] = codecs_of(value_of(self.dataset, element))
        elif element.length == UNDEFINED:
            return
        elif "PN" in (vr, element.vr):
            self.take_name(self.text(element, is_name=True))
        elif vr in ("DA", "DT") and (tag in NEVER_RETAINED_DATES or not self.keeps_dates):
            self.parts.update(parts_of_date(self.text(element)))
        elif vr in TEXT_VRS and tag in basic_profile() and tag not in DESCRIPTORS:
            self.take_identifier(element)

    def take_name(self, name: str) -> None:
        self.names.update(words_of_name(name))
        self.parts.update(parts_of_name(name))
        self.words.update(words(name))

    def take_identifier(self, element: Element) -> None:
        """Those of the patient and the like tell wherever they stand, those of the equipment only in descriptions."""
        is_patients = element.tag >> 16 == _PATIENT and element.tag not in PATIENT_CHARACTERISTICS
        if is_patients or element.tag in _NUMBERS:
            self.parts.update(parts_of_identifier(self.text(element)))
        if self.cleans:
            self.words.update(words(self.text(element)))

    def text(self, element: Element, *, is_name: bool = False) -> str:
        codecs = self.codecs.get(element.depth, self.codecs[0])
        return decode(value_of(self.dataset, element), codecs, is_name=is_name)
