"""From the filters of a REST query to the keys of a C-FIND, and from its matches to answers: pure functions.

What a peer matches otherwise than the guide's filters say (any part of a name, several modalities) is asked for more
widely and narrowed here.
"""

from collections.abc import Callable, Iterable, Mapping

from radnode.model.level import Level
from radnode_http.answers.peers import PeerMatch
from radnode_http.errors import Refusal
from radnode_http.params.peers import PeerQuery

LONGEST = 1024
"""Characters of a value that are answered: a peer may say what it likes, and a thousand times."""
FIELDS: Mapping[Level, Mapping[str, str]] = {
    Level.PATIENT: {
        "patient_id": "PatientID",
        "patient_name": "PatientName",
        "patient_birth_date": "PatientBirthDate",
        "patient_sex": "PatientSex",
    },
    Level.STUDY: {
        "patient_id": "PatientID",
        "patient_name": "PatientName",
        "patient_birth_date": "PatientBirthDate",
        "patient_sex": "PatientSex",
        "study_uid": "StudyInstanceUID",
        "study_date": "StudyDate",
        "study_time": "StudyTime",
        "study_description": "StudyDescription",
        "accession_number": "AccessionNumber",
        "referring_physician": "ReferringPhysicianName",
        "modality": "ModalitiesInStudy",
        "series_count": "NumberOfStudyRelatedSeries",
        "instance_count": "NumberOfStudyRelatedInstances",
    },
    Level.SERIES: {
        "study_uid": "StudyInstanceUID",
        "series_uid": "SeriesInstanceUID",
        "modality": "Modality",
        "series_number": "SeriesNumber",
        "series_description": "SeriesDescription",
        "body_part": "BodyPartExamined",
        "instance_count": "NumberOfSeriesRelatedInstances",
    },
    Level.IMAGE: {
        "study_uid": "StudyInstanceUID",
        "series_uid": "SeriesInstanceUID",
        "sop_instance_uid": "SOPInstanceUID",
        "sop_class_uid": "SOPClassUID",
        "instance_number": "InstanceNumber",
    },
}
"""What is asked for at each level: the answer's name and the keyword."""
NEEDED: Mapping[Level, tuple[str, ...]] = {
    Level.PATIENT: (),
    Level.STUDY: (),
    Level.SERIES: ("study_uid",),
    Level.IMAGE: ("study_uid", "series_uid"),
}
"""The unique keys above each level (PS3.4 C.4.1.2.1): a peer need not search without them."""
_GROUPS: Mapping[str, tuple[str, ...]] = {"XR": ("CR", "DX")}
_DATES = {"study_date_from", "study_date_to"}


def level_of(query: PeerQuery) -> Level:
    """The level that is searched. Refusal (400) for a filter that it does not have, and one that it needs."""
    level = Level[query.level.upper()]
    given = {name for name, value in query if name not in ("level", "limit") and value is not None}
    known = {"study_date" if name in _DATES else name for name in given}
    if strange := sorted(known - FIELDS[level].keys()):
        raise Refusal(400, f"{strange[0]} is no filter at level {query.level}")
    if missing := [name for name in NEEDED[level] if name not in given]:
        raise Refusal(400, f"{missing[0]} is required at level {query.level}")
    first, last = query.study_date_from, query.study_date_to
    if first is not None and last is not None and first > last:
        raise Refusal(400, "study_date_from must not be after study_date_to")
    return level


def keys_of(query: PeerQuery, level: Level) -> dict[str, str]:
    """The keys of the C-FIND: everything that is answered, and the values that narrow it."""
    fields = FIELDS[level]
    keys = dict.fromkeys(fields.values(), "")
    for name in ("patient_id", "accession_number", "study_uid", "series_uid", "sop_instance_uid"):
        if value := getattr(query, name):
            keys[fields[name]] = value
    if query.patient_name is not None:
        keys["PatientName"] = _name_key(query.patient_name)
    if query.modality is not None:
        codes = _codes(query.modality)
        keys[fields["modality"]] = codes[0] if len(codes) == 1 else ""
    if query.study_date_from or query.study_date_to:
        keys["StudyDate"] = f"{query.study_date_from or ''}-{query.study_date_to or ''}"
    return keys


def keeps(query: PeerQuery) -> Callable[[PeerMatch], bool]:
    """Whether a match is one that the filters mean."""
    codes = _codes(query.modality or "")
    words = [] if query.patient_name is None or _is_exact(query.patient_name) else _words(query.patient_name)

    def keep(match: PeerMatch) -> bool:
        name = match.patient_name.casefold()
        # A peer that does not tell the modalities has nothing that could be looked at: that is no reason to hide it.
        modalities = match.modality.split(",") if match.modality else []
        has_modality = not codes or not modalities or any(_is_of(one, codes) for one in modalities)
        return has_modality and (not name or all(word.casefold() in name for word in words))

    return keep


def match_of(found: Mapping[str, str], level: Level) -> PeerMatch:
    """The answer for one match."""
    values = {name: found.get(keyword, "")[:LONGEST] for name, keyword in FIELDS[level].items()}
    if level is Level.STUDY:
        values["modality"] = values["modality"].replace("\\", ",")
    return PeerMatch(**values)


def _is_exact(name: str) -> bool:
    return bool(set(name) & set("*?^="))


def _name_key(name: str) -> str:
    """Any part of a name: the longest word of several, which may stand in any order."""
    words = _words(name)
    return name if _is_exact(name) or not words else f"*{max(words, key=len)}*"


def _words(name: str) -> list[str]:
    return name.replace(",", " ").split()


def _codes(modality: str) -> list[str]:
    """The modalities that a filter means, in upper case; one with an asterisk stands for all that begin so."""
    given = [code.strip().upper() for code in modality.split(",") if code.strip()]
    codes = [one for code in given for one in _GROUPS.get(code, ("RT*",) if code == "RT" else (code,))]
    return list(dict.fromkeys(codes))


def _is_of(modality: str, codes: Iterable[str]) -> bool:
    return any(modality.startswith(code[:-1]) if code.endswith("*") else modality == code for code in codes)
