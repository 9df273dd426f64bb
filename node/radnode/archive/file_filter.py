"""Which files a listing shows, as SQL conditions: the REST API's filters, all of which must hold."""

import re
from dataclasses import dataclass

from radnode.archive.condition import Condition
from radnode.archive.folding import fold
from radnode.archive.matching import checked_text, condition
from radnode.archive.wildcards import pattern_condition
from radnode.model.attributes import BY_KEYWORD
from radnode.model.errors import InvalidQuery
from radnode.model.level import Level
from radnode.model.query import Range, SingleValue

MODALITY_FAMILIES = {"XR": ("CR", "DX")}
"""What people call one modality and DICOM several; `RT` besides is every modality that begins so."""
_MOST_WORDS = 20
_BETWEEN_WORDS = re.compile(r"[\s^=,]+")


@dataclass(frozen=True, slots=True)
class FileFilter:
    """Filters of a listing; None or "" is no filter, and a value that an object does not have meets none.

    `patient_id` is exact. `patient_name`: case and accents aside; with `*` or `?` the whole name, otherwise each word
    is anywhere in it. `modality`: one, or several separated by commas; XR and RT are families. Dates are YYYYMMDD,
    inclusive, of the study.
    """

    patient_id: str | None = None
    patient_name: str | None = None
    modality: str | None = None
    study_date_from: str | None = None
    study_date_to: str | None = None


def restrictions(wanted: FileFilter) -> list[tuple[Level, Condition]]:
    """The conditions, each with the level whose table it is on; first the one to begin with. Raises InvalidQuery.

    That is the one which probably leaves fewest; words of a name come last, since no index helps with them.
    """
    found: list[tuple[Level, Condition | None]] = []
    words: list[tuple[Level, Condition | None]] = []
    if wanted.patient_id:
        found.append((Level.PATIENT, condition(BY_KEYWORD["PatientID"], SingleValue(wanted.patient_id))))
    if name := wanted.patient_name:
        pattern = "*" in name or "?" in name
        (found if pattern else words).append((Level.PATIENT, _name_condition(name, pattern=pattern)))
    if wanted.study_date_from or wanted.study_date_to:
        dates = Range(wanted.study_date_from or None, wanted.study_date_to or None)
        found.append((Level.STUDY, condition(BY_KEYWORD["StudyDate"], dates)))
    if wanted.modality:
        found.append((Level.SERIES, _modality_condition(wanted.modality)))
    return [(level, one) for level, one in (*found, *words) if one is not None]


def _name_condition(name: str, *, pattern: bool) -> Condition | None:
    if pattern:
        if not name.strip("*"):
            return None
        return pattern_condition("patients.PatientName_folded", checked_text(name), folded=True)
    words = [folded for word in _BETWEEN_WORDS.split(checked_text(name)) if (folded := fold(word))]
    if len(words) > _MOST_WORDS:
        raise InvalidQuery(f"patient_name has more than {_MOST_WORDS} words")
    each = " AND ".join("instr(patients.PatientName_folded, ?) > 0" for _ in words)
    return Condition(each, tuple(words)) if words else None


def _modality_condition(modality: str) -> Condition | None:
    wanted = dict.fromkeys(word for part in checked_text(modality).split(",") if (word := part.strip()))
    parts = [_one_modality(word) for word in wanted]
    if len(parts) > _MOST_WORDS:
        raise InvalidQuery(f"modality names more than {_MOST_WORDS}")
    parameters = tuple(parameter for part in parts for parameter in part.parameters)
    return Condition(" OR ".join(part.sql for part in parts), parameters) if parts else None


def _one_modality(word: str) -> Condition:
    if word == "RT":
        return Condition("series.Modality >= ? AND series.Modality < ?", ("RT", "RU"))
    members = MODALITY_FAMILIES.get(word, (word,))
    return Condition(f"series.Modality IN ({', '.join('?' * len(members))})", members)
