"""The dose that a study's objects write down, by quantity and series; nothing is added up."""

from collections.abc import Sequence
from dataclasses import dataclass

from radnode.instance.words.dose import OF_REPORTS
from radnode.instance.words.provenance import Origin
from radnode.instance.words.study_file import StudyFile
from radnode.model.study_facts import StudyFacts


@dataclass(frozen=True, slots=True)
class DoseData:
    """One quantity in one series: each value that was found, as written, and its unit.

    Those of image headers are told once, those of dose reports as often as they were found: two may be equal.
    """

    quantity: str
    of: str
    """A radiopharmaceutical, an acquisition plane, a side; empty where that is not said."""
    values: tuple[str, ...]
    unit: str
    series_instance_uid: str
    series_number: str | None


def study_doses(facts: StudyFacts, files: Sequence[StudyFile]) -> list[tuple[DoseData, Origin]]:
    """By quantity and series, in the order of the series and then of the files."""
    numbers = {str(one.uid): one.number for one in facts.series}
    places = {uid: place for place, uid in enumerate(numbers)}
    values: dict[tuple[str, str, str, str], list[str]] = {}
    origins: dict[tuple[str, str, str, str], Origin] = {}
    for file in sorted(files, key=lambda file: places.get(str(file.path.series), len(places))):
        for dose in file.doses:
            key = (dose.quantity, dose.of, dose.unit, str(file.path.series))
            found = values.setdefault(key, [])
            if dose.quantity in OF_REPORTS or dose.value not in found:
                found.append(dose.value)
            origins.setdefault(key, file.origin_of(dose))
    return [
        (DoseData(quantity, of, tuple(found), unit, series, numbers.get(series)), origins[quantity, of, unit, series])
        for (quantity, of, unit, series), found in values.items()
    ]
