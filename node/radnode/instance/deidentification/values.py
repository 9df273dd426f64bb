"""What stands in the place of a value, by the act that was decided for its element."""

from collections.abc import Callable
from dataclasses import dataclass

from radnode.instance.deidentification.acts import ENCAPSULATED_DOCUMENT, PATIENT_ID, Act, Rules, known_vr
from radnode.instance.deidentification.cleaning import cleaned
from radnode.instance.deidentification.dates import moved
from radnode.instance.deidentification.dummies import ITEMS, Value, dummy
from radnode.instance.deidentification.pseudonyms import Pseudonyms
from radnode.instance.deidentification.subject import Subject
from radnode.instance.element_output import Form
from radnode.instance.values import PADDING
from radnode.instance.walk import Element

DOCUMENT = b"\0\0"
"""What is left of an encapsulated document."""


@dataclass(frozen=True, slots=True)
class Values:
    """The replacements within one object."""

    rules: Rules
    pseudonyms: Pseudonyms
    subject: Subject

    def value(self, element: Element, act: Act, text: Callable[[], str], form: Form) -> Value | None:
        """The new value, or None where the element is left out; `text` reads the old one."""
        if act is Act.REMOVE:
            return None
        if act is Act.EMPTY or (act is Act.FILLED_DUMMY and not element.length):
            return ""
        if act is Act.LENGTH:
            return form.number.pack(len(DOCUMENT))
        if act in (Act.DUMMY, Act.FILLED_DUMMY):
            return self.dummy(element.tag)
        new = self.derived(element.tag, act, text())
        return self.without_options(element, text, form) if new is None else new

    def derived(self, tag: int, act: Act, old: str) -> str | None:
        """What is made of the old value; None where nothing can be."""
        if act is Act.NAME:
            return self.name(tag, old)
        if act is Act.MAP:
            return "\\".join(self.pseudonyms.uid(uid.strip(PADDING)) for uid in old.split("\\"))
        if act is Act.MOVE:
            return moved(old, known_vr(tag), self.pseudonyms.days(self.subject.timeline)) if old.strip() else ""
        return cleaned(old, self.subject.identifying.words) or None

    def name(self, tag: int, old: str) -> str:
        """The pseudonym in the place of the patient's name or ID; an empty one stays empty."""
        profile = self.rules.profile
        patient = self.pseudonyms.patient(self.subject.timeline)
        if tag == PATIENT_ID:
            own = patient if old.strip() == self.subject.patient else self.pseudonyms.patient(old.strip())
            return (profile.patient_id or own) if old.strip() else profile.patient_id
        return profile.patient_name or profile.patient_id or (patient if old.strip() else "")

    def without_options(self, element: Element, text: Callable[[], str], form: Form) -> Value | None:
        """What the Basic Profile alone makes of it."""
        act = self.rules.without_options(element.tag)
        return self.dummy(element.tag) if act in (Act.MOVE, Act.KEEP) else self.value(element, act, text, form)

    def dummy(self, tag: int) -> Value:
        """A dummy value, or the items that stand for a sequence."""
        if tag == ENCAPSULATED_DOCUMENT:
            return DOCUMENT
        vr = known_vr(tag)
        return ITEMS[tag] if vr == "SQ" else dummy(vr)
