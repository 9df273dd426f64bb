"""Worklist entries: checked where people or programs make them, and taken as they are from files."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from radnode.instance.nested import has_one_value, tag_of, vr_of
from radnode.instance.values import SPECIFIC_CHARACTER_SET
from radnode.model.document import Document, items_in, text_in
from radnode.model.errors import InvalidEntry
from radnode.model.worklist import OF_A_STEP, SCHEDULED_STEP
from radnode.work.texts import checked_text

SEQUENCE = SCHEDULED_STEP.keyword
STATUS = "ScheduledProcedureStepStatus"
SCHEDULED, STARTED, COMPLETED, DISCONTINUED = "SCHEDULED", "STARTED", "COMPLETED", "DISCONTINUED"
MAX_VALUES = 1000
"""Values and items of an entry."""
MAX_NESTING = 4
"""Sequences in sequences; the Standard needs two."""
_MIDNIGHT = "000000"
_NEEDED = ("ScheduledProcedureStepStartDate", "Modality")
_Attribute = tuple[str, str | tuple[Document, ...]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: what is to be done for a requested procedure, with one or more scheduled steps."""

    id: str
    document: Document
    source: str
    """The file that it comes from; "" for one that was made here."""
    created: datetime
    changed: datetime

    @property
    def status(self) -> str:
        """That of all its steps; STARTED where they differ, because something was done and something is left."""
        statuses = {status_of(step) for step in items_in(self.document, SEQUENCE)}
        return statuses.pop() if len(statuses) == 1 else STARTED


def status_of(step: Document) -> str:
    """The status of an item of the Scheduled Procedure Step Sequence."""
    return text_in(step, STATUS) or SCHEDULED


def moment(nanoseconds: int) -> datetime:
    """A time as the work file keeps it, in UTC."""
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC)


def parse_entry(given: Mapping[str, object], before: Document | None = None) -> Document:
    """What a new entry says, checked and completed. Raises InvalidEntry.

    Attributes of the scheduled step may stand outside its sequence: then they are of every step, of one where there is
    none. Identifiers that the Standard wants to have a value are made where they are missing, or taken from the entry
    `before` that is replaced; a step without a time is at midnight.
    """
    document = dict(_checked(given, MAX_NESTING, iter(range(MAX_VALUES))))
    everywhere = {keyword: document.pop(keyword) for keyword in tuple(document) if keyword in OF_A_STEP}
    before = before or {}
    if not (text_in(document, "PatientName") or text_in(document, "PatientID")):
        raise InvalidEntry("PatientName or PatientID must have a value")
    for keyword, made in (("StudyInstanceUID", _made_uid()), ("RequestedProcedureID", _made_id("RP"))):
        document[keyword] = text_in(document, keyword) or text_in(before, keyword) or made
    document[SEQUENCE] = tuple(_steps(document, everywhere, items_in(before, SEQUENCE)))
    return document


def _steps(document: Document, everywhere: Document, before: Sequence[Document]) -> Iterator[Document]:
    for place, step in enumerate(items_in(document, SEQUENCE) or ({},)):
        whole = {**everywhere, **step}
        for keyword in _NEEDED:
            if not text_in(whole, keyword):
                raise InvalidEntry(f"{keyword} must have a value in {SEQUENCE}")
        known = before[place] if place < len(before) else {}
        whole["ScheduledProcedureStepID"] = (
            text_in(whole, "ScheduledProcedureStepID") or text_in(known, "ScheduledProcedureStepID") or _made_id("SPS")
        )
        whole[STATUS] = text_in(whole, STATUS) or SCHEDULED
        whole["ScheduledProcedureStepStartTime"] = text_in(whole, "ScheduledProcedureStepStartTime") or _MIDNIGHT
        yield whole


def _checked(given: Mapping[str, object], nesting: int, places: Iterator[int]) -> Iterator[_Attribute]:
    for keyword, value in given.items():
        tag = tag_of(keyword)
        if tag is None or vr_of(tag) == "" or tag >> 16 < 8:
            raise InvalidEntry(f"{_shown(keyword)} is no DICOM keyword")
        if next(places, None) is None:
            raise InvalidEntry(f"An entry has at most {MAX_VALUES} values")
        if tag == SPECIFIC_CHARACTER_SET:
            continue  # the text is Unicode here, and in answers it is what they say then
        if vr_of(tag) == "SQ":
            yield keyword, tuple(_items(keyword, value, nesting, places))
        else:
            yield keyword, checked_text(keyword, vr_of(tag), _text(keyword, value), one=has_one_value(tag))


def _items(keyword: str, value: object, nesting: int, places: Iterator[int]) -> Iterator[Document]:
    items = [value] if isinstance(value, Mapping) else value  # of one item the list may be left out
    if not isinstance(items, list | tuple) or not all(isinstance(item, Mapping) for item in items):
        raise InvalidEntry(f"{keyword} is a sequence and must be a list of objects")
    if not nesting:
        raise InvalidEntry(f"Sequences are nested at most {MAX_NESTING} deep")
    for item in items:
        if next(places, None) is None:
            raise InvalidEntry(f"An entry has at most {MAX_VALUES} values")
        yield dict(_checked(item, nesting - 1, places))


def _text(keyword: str, value: object) -> str:
    values = value if isinstance(value, list) else [value]
    if not all(one is None or (isinstance(one, str | int | float) and not isinstance(one, bool)) for one in values):
        raise InvalidEntry(f"{keyword} must be a text, a number, or a list of them")
    return "\\".join("" if one is None else str(one) for one in values)


def _shown(keyword: str) -> str:
    return "".join(character for character in keyword[:64] if character.isprintable())


def _made_uid() -> str:
    return f"2.25.{uuid4().int}"


def _made_id(prefix: str) -> str:
    """At most 16 characters, the length of an SH."""
    return f"{prefix}{secrets.token_hex(5).upper()}"
