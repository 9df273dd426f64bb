"""Radiation dose as objects write it down: in image headers and in dose reports; nothing is computed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from radnode.instance.content import Content
from radnode.instance.encodings import Buffer
from radnode.instance.nested import DataSet, read_selected, tag_of
from radnode.instance.words.content_values import code_of, concept_of, items_at, quantity, text_at, value_of
from radnode.instance.words.structured_report import read_report_items
from radnode.instance.words.wording import is_number, one_line, plain_number
from radnode.model.errors import NotDicom
from radnode.model.uid import UID

CTDI_VOL = 0x00189345
_RADIOPHARMACEUTICALS = 0x00540016
_QUANTITIES: Mapping[str, str] = {
    "113813": "CT Dose Length Product Total",
    "113812": "Total Number of Irradiation Events",
    "113722": "Dose Area Product Total",
    "113725": "Dose (RP) Total",
    "113730": "Total Fluoro Time",
    "111637": "Accumulated Average Glandular Dose",
    "113507": "Administered Activity",
}
"""Codes of DCM (PS3.16 D) that are told of dose reports: TID 10002, 10005, 10012, 10022."""
OF_REPORTS = frozenset(_QUANTITIES.values())
_SUBJECTS = frozenset({("113764", "DCM"), ("349358000", "SCT"), ("F-61FDB", "SRT")})
"""What stands beside a quantity and says of what it is: the acquisition plane, the radiopharmaceutical agent."""


@dataclass(frozen=True, slots=True)
class Dose:
    """One quantity as one object has it: its name, of what it is, the value as written with its unit.

    `keyword` and `within` say where it stands.
    """

    quantity: str
    of: str
    value: str
    unit: str
    keyword: str
    within: str

    @property
    def tag(self) -> int:
        """The attribute's tag."""
        return tag_of(self.keyword) or 0


def header_doses(content: Content, dataset: Buffer, encoding: UID) -> Iterator[Dose]:
    """What an image's header says: CTDIvol in mGy (PS3.3 C.8.15.3.8), what was administered for PET in Bq (C.8.9.2)."""
    ctdi, place = content.find(CTDI_VOL)
    if ctdi and is_number(ctdi):
        yield Dose("CTDIvol", "", ctdi, "mGy", "CTDIvol", place.value)
    if content.find(tag_of("Modality") or 0)[0] == "PT":
        yield from _administered(dataset, encoding)


def _administered(dataset: Buffer, encoding: UID) -> Iterator[Dose]:
    try:
        found = read_selected(dataset, encoding, (_RADIOPHARMACEUTICALS,))
    except NotDicom:  # damaged within
        return
    for item in items_at(found, "RadiopharmaceuticalInformationSequence"):
        dose = one_line(text_at(item, "RadionuclideTotalDose"))
        name = one_line(text_at(item, "Radiopharmaceutical")) or concept_of(item, "RadiopharmaceuticalCodeSequence")
        if is_number(dose):
            where = "RadiopharmaceuticalInformationSequence"
            yield Dose("Radiopharmaceutical Dose", name, plain_number(dose), "Bq", "RadionuclideTotalDose", where)


def report_doses(dataset: Buffer, encoding: UID) -> Iterator[Dose]:
    """What a dose report says, accumulated. Raises CannotPresent for a report that cannot be read."""
    yield from _in_item(read_report_items(dataset, encoding), "1")


def _in_item(item: DataSet, position: str) -> Iterator[Dose]:
    children = items_at(item, "ContentSequence")
    subjects = [one for one in children if code_of(one, "ConceptNameCodeSequence") in _SUBJECTS]
    for number, child in enumerate(children, 1):
        at = f"{position}.{number}"
        code, scheme = code_of(child, "ConceptNameCodeSequence")
        if text_at(child, "ValueType") == "NUM" and scheme == "DCM" and code in _QUANTITIES:
            value, _, unit = quantity(child).partition(" ")
            if is_number(value):
                of = _said([*subjects, *_modifiers(child)])
                yield Dose(_QUANTITIES[code], of, value, unit, "NumericValue", f"content item {at}")
        yield from _in_item(child, at)


def _modifiers(item: DataSet) -> Iterator[DataSet]:
    """What an item's concept is narrowed by, as a glandular dose is by its breast (TID 10005)."""
    return (one for one in items_at(item, "ContentSequence") if text_at(one, "RelationshipType") == "HAS CONCEPT MOD")


def _said(items: Iterable[DataSet]) -> str:
    return ", ".join(filter(None, (value_of(one, text_at(one, "ValueType")) for one in items)))
