"""What a study's objects say together: from the index's facts and from files that were read; nothing is computed.

Of several values of a patient the first counts, in the order of the files; the others, and what another patient's
files say, are contradictions and are told as such.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields

from radnode.instance.words.provenance import Origin
from radnode.instance.words.study_doses import DoseData, study_doses
from radnode.instance.words.study_file import StudyFile
from radnode.instance.words.wording import age, day, is_number, name, shown
from radnode.model.study_facts import SeriesFacts, StudyFacts

_MAX_OTHERS = 8  # contradictions that are told of one value
_MAX_DOSES = 100  # quantities that are told
Texts = dict[str, str | None]
Told = tuple[Texts, dict[str, Origin]]

WORDS: dict[str, dict[str, Callable[[str], str]]] = {
    "patient": {
        "patient_name": name,
        "patient_id": str,
        "patient_age": age,
        "patient_sex": str,
        "patient_birth_date": day,
    },
    "study": {"study_description": str, "study_date": day, "accession_number": str},
}
"""Group -> key -> how the summary words it; what differs only where nobody sees it does not contradict."""


@dataclass(frozen=True, slots=True)
class Sections:
    """What is wanted: who, what, and how it was made."""

    patient: bool = True
    study: bool = True
    technical: bool = True


@dataclass(frozen=True, slots=True)
class SeriesData:
    """One series. `frames` counts one for each image that does not say how many it has.

    Rows and columns are those of all its images, null where they differ; the thickness is that of all that were read.
    """

    series_instance_uid: str
    series_number: str | None
    modality: str | None
    series_description: str | None
    body_part: str | None
    instances: int
    images: int
    frames: int
    instances_read: int
    rows: int | None
    columns: int | None
    slice_thickness: str | None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A value that some object has instead of the one that is told."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Extent:
    """How much the study holds, and how much of it was looked at."""

    patients: int
    series: int
    series_listed: int
    instances: int
    instances_read: int
    is_limited: bool
    """Whether there is more than was listed or read."""
    doses: int = 0
    """Quantities of dose that were found; `dose` has the first hundred."""


@dataclass(frozen=True, slots=True)
class StudyProvenance:
    """The origin of each value; those of doses and contradictions in their order, of series by their UID."""

    patient: dict[str, Origin]
    study: dict[str, Origin]
    series: dict[str, dict[str, Origin]]
    dose: tuple[Origin, ...]
    contradictions: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class StudyData:
    """Everything that a study's summary is made of; what is not wanted is empty."""

    patient: Texts
    study: Texts
    modalities: tuple[str, ...]
    series: tuple[SeriesData, ...]
    dose: tuple[DoseData, ...]
    contradictions: tuple[Contradiction, ...]
    other_patients: tuple[str, ...]
    """Series whose objects that were read are all another patient's than the one that is told."""
    extent: Extent


@dataclass(frozen=True, slots=True)
class TracedStudyData(StudyData):
    """The same, and where each value comes from."""

    provenance: StudyProvenance


def study_data(facts: StudyFacts, files: Sequence[StudyFile], wanted: Sections) -> tuple[StudyData, StudyProvenance]:
    """All that is wanted of the study that the index knows by `facts`, with what these files of it say."""
    own = _of_one_patient(files)
    patient, patient_origins = _told(own, "patient") if wanted.patient else ({}, {})
    study, study_origins = _told(own, "study") if wanted.study else ({}, {})
    others = [*_contradictions(files, "patient", patient)] if wanted.patient else []
    others += _contradictions(files, "study", study) if wanted.study else ()
    doses = study_doses(facts, files) if wanted.technical else []
    series = [_series(one, files, wanted) for one in facts.series] if wanted.study else []
    data = StudyData(
        patient=patient,
        study=study,
        modalities=facts.modalities if wanted.study else (),
        series=tuple(one for one, _ in series),
        dose=tuple(one for one, _ in doses[:_MAX_DOSES]),
        contradictions=tuple(one for one, _ in others),
        other_patients=_others(files, own),
        extent=_extent(facts, sum(file.is_whole for file in files), len(doses)),
    )
    return data, StudyProvenance(
        patient=patient_origins,
        study=study_origins,
        series={one.series_instance_uid: origins for one, origins in series},
        dose=tuple(origin for _, origin in doses[:_MAX_DOSES]),
        contradictions=tuple(origin for _, origin in others),
    )


def traced_study(data: StudyData, provenance: StudyProvenance) -> TracedStudyData:
    """Both in one."""
    return TracedStudyData(**{one.name: getattr(data, one.name) for one in fields(data)}, provenance=provenance)


def _extent(facts: StudyFacts, read: int, doses: int) -> Extent:
    listed = len(facts.series)
    is_limited = read < facts.instances or listed < facts.series_count or doses > _MAX_DOSES
    return Extent(facts.patients, facts.series_count, listed, facts.instances, read, is_limited, doses)


def _of_one_patient(files: Sequence[StudyFile]) -> list[StudyFile]:
    """The files of the patient whom the first ones name, by the ID, or by the name where one has no ID.

    What another patient's files say must never fill a gap: that would be a wrong age.
    """
    own: list[StudyFile] = []
    known_id = known_name = ""
    for file in files:
        patient = file.metadata.patient
        own_id, own_name = shown(patient.patient_id), shown(patient.patient_name, name)
        one, other = (own_id, known_id) if own_id and known_id else (own_name, known_name)
        if not one or not other or one == other:
            own.append(file)
            known_id, known_name = known_id or own_id, known_name or own_name
    return own


def _told(files: Sequence[StudyFile], group: str) -> Told:
    """The first value of each key that is not empty, and where it stands."""
    told: Texts = {}
    origins: dict[str, Origin] = {}
    for file in files:
        for key, value in asdict(getattr(file.metadata, group)).items():
            if not told.get(key) and (value or told.get(key) is None):
                told[key] = value
                origins |= {key: file.origins[key]} if key in file.origins else {}
    return told, origins


def _others(files: Sequence[StudyFile], own: Sequence[StudyFile]) -> tuple[str, ...]:
    ours = {file.path.series for file in own}
    return tuple(dict.fromkeys(str(file.path.series) for file in files if file.path.series not in ours))


def _contradictions(files: Sequence[StudyFile], group: str, told: Texts) -> Iterator[tuple[Contradiction, Origin]]:
    """What files have instead of what is told."""
    for key, word in WORDS[group].items():
        seen = {shown(told.get(key), word)}
        for file in files:
            value = getattr(getattr(file.metadata, group), key)
            worded = shown(value, word)
            if value and worded and worded not in seen and len(seen) <= _MAX_OTHERS:
                seen.add(worded)
                yield Contradiction(key, value), file.origins[key]


def _series(facts: SeriesFacts, files: Sequence[StudyFile], wanted: Sections) -> tuple[SeriesData, dict[str, Origin]]:
    own = [file for file in files if file.path.series == facts.uid]
    rows, columns = (_integer(text) if wanted.technical else None for text in (facts.rows, facts.columns))
    thickness = _thickness(own) if wanted.technical else None
    data = SeriesData(
        series_instance_uid=facts.uid,
        series_number=facts.number,
        modality=facts.modality,
        series_description=facts.description,
        body_part=facts.body_part,
        instances=facts.instances,
        images=facts.images,
        frames=facts.frames,
        instances_read=sum(file.is_whole for file in own),
        rows=rows,
        columns=columns,
        slice_thickness=thickness,
    )
    return data, _series_origins(data, own)


def _series_origins(data: SeriesData, files: Sequence[StudyFile]) -> dict[str, Origin]:
    """Where each value stands first, among the files that were read; the index may know it of another one."""
    origins: dict[str, Origin] = {}
    for key, value in asdict(data).items():
        found = [file.origins[key] for file in files if value is not None and file.origins.get(key)]
        origins |= {key: found[0]} if found else {}
    return origins


def _integer(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 12 else None


def _thickness(files: Sequence[StudyFile]) -> str | None:
    """The slice thickness that all images have which were read; None where they differ or one has none."""
    texts = [file.metadata.image.slice_thickness for file in files if file.metadata.image.rows is not None]
    distinct = {float(text) if is_number(text or "") else text for text in texts if text is not None}
    return texts[0] if texts and len(distinct) == 1 and None not in texts else None
