# ruff: noqa: RUF001 (names in many scripts)
"""An archive of bundled and generated objects of every character set, and the same objects as plain entities."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from support.instances import bundled_files, encode_part10, make_instance, put

from radnode.archive.archive import Archive
from radnode.dimse.answer_charset import encoder_for
from radnode.instance.header import read_header
from radnode.instance.part10 import dataset_offset
from radnode.model.attributes import ATTRIBUTES
from radnode.model.errors import RadnodeError
from radnode.model.level import Level
from radnode.model.uid import UID

NAMES: dict[str, tuple[list[str], str]] = {
    "default": ([], "Smith^Adam"),
    "100": (["ISO_IR 100"], "Müller^Jörg"),
    "101": (["ISO_IR 101"], "Wałęsa^Łukasz"),
    "109": (["ISO_IR 109"], "Ĉapek^Ĝoĵo"),
    "110": (["ISO_IR 110"], "Bērziņš^Jānis"),
    "144": (["ISO_IR 144"], "Люкceмбypг^Иван"),
    "127": (["ISO_IR 127"], "قباني^لنزار"),
    "126": (["ISO_IR 126"], "Διονυσιος^Άννα"),
    "138": (["ISO_IR 138"], "שרון^דבורה"),
    "148": (["ISO_IR 148"], "Çavuşoğlu^İnci"),
    "166": (["ISO_IR 166"], "กาญจนา^นภา"),
    "13": (["ISO_IR 13"], "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    "192": (["ISO_IR 192"], "Wang^XiaoDong=王^小東"),
    "GB18030": (["GB18030"], "Zhang^XiaoDong=张^小东"),
    "GBK": (["GBK"], "Li^Na=李^娜"),
    "87": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "159": (["ISO 2022 IR 6", "ISO 2022 IR 159"], "Hasegawa^Go=丂^丄"),
    "149": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "58": (["", "ISO 2022 IR 58"], "Wang^Hai=王^海"),
    "100+144": (["ISO 2022 IR 100", "ISO 2022 IR 144"], "Buc^Jérôme=Люкceмбypг"),
}
"""By what names the character set: its terms, and a name that it can hold."""
_ENCODED_HERE = {"ISO 2022 IR 58"}  # pydicom writes it without its escape sequence, and knows nothing of ISO_IR 203
TIMES = ("", "00", "0730", "103000", "10:30:00", "103000.5", "2215", "235959.999999")
MOMENTS = ("2025", "20251106", "20251106103000", "20251106103000+0100", "20251106003000+0200", "20251105230000-0500")
_NUMBERS = count(1)


def generated() -> Iterator[Dataset]:
    """Two studies for each character set, and some that vary in what the queries are about."""
    for number, (terms, name) in enumerate(NAMES.values()):
        for repeated in range(2):
            yield study(
                number,
                SpecificCharacterSet=terms or "",
                PatientName=name,
                PatientID=f"P{number:02d}",
                StudyDate=f"2025{number % 12 + 1:02d}{10 + repeated}",
                StudyTime=TIMES[(number + repeated) % len(TIMES)],
                Modality=("CT", "MR", "PT", "SR")[number % 4],
                AcquisitionDateTime=MOMENTS[number % len(MOMENTS)],
                ProcedureCodeSequence=[code(f"C{number % 3}", "CT" if repeated else "99LOCAL")],
                RequestAttributesSequence=[request(number), request(number + 1)][: number % 3],
                AccessionNumber="" if number % 5 == 0 else f"A{number}%_[x]",
                OperatorsName=["ROE^ANN", name] if repeated else name,
            )
    for modality in ("CT", "PT", "SR"):  # one study of three series
        yield study(90, StudyInstanceUID="1.2.90.1", PatientID="P90", PatientName="Many^Series", Modality=modality)


def study(number: int, **values: Any) -> Dataset:
    """An object in a study, series of its own, unless the values say otherwise."""
    own = next(_NUMBERS)
    uids = {
        "StudyInstanceUID": f"1.2.{number}.{own}",
        "SeriesInstanceUID": f"1.3.{own}",
        "SOPInstanceUID": f"1.4.{own}",
    }
    dataset = make_instance(**{**uids, **values})
    for keyword in ("PatientName", "OperatorsName"):
        put_text(dataset, keyword, values.get(keyword, ""), values.get("SpecificCharacterSet") or [])
    return dataset


def put_text(dataset: Dataset, keyword: str, text: str | list[str], terms: list[str]) -> None:
    """Set an attribute that is text in the character set of these terms."""
    put(dataset, keyword, text)
    if not _ENCODED_HERE.isdisjoint(terms):
        encode = encoder_for("\\".join(terms).encode())
        raw = encode(text if isinstance(text, str) else "\\".join(text))
        tag = dataset[keyword].tag
        dataset[tag] = DataElement(tag, "UN", raw + b" " * (len(raw) % 2))


def code(value: str, scheme: str) -> Dataset:
    """An item of a code sequence."""
    found = Dataset()
    for keyword, text in (
        ("CodeValue", value),
        ("CodingSchemeDesignator", scheme),
        ("CodeMeaning", f"Meaning {value}"),
    ):
        put(found, keyword, text)
    return found


def request(number: int) -> Dataset:
    """An item of Request Attributes Sequence."""
    found = Dataset()
    put(found, "RequestedProcedureID", f"RP{number}")
    put(found, "ScheduledProcedureStepID", f"SPS{number % 2}")
    return found


def fill(archive: Archive) -> list[dict[str, Any]]:
    """Put everything into the archive; what each object says, in the order of arrival, by keyword."""
    files = [path.read_bytes() for path in bundled_files() if path.stat().st_size < 300_000]
    said: dict[str, dict[str, Any]] = {}
    for data in [*map(encode_part10, generated()), *files]:
        try:
            header = read_header(*_dataset_of(data))
            if header.sop_instance in said:
                continue
            with archive.receive_file() as receiving:
                receiving.write(data)
                receiving.commit()
        except RadnodeError:
            continue
        said[header.sop_instance] = {**header.values, "#patient": header.patient_id.strip() or f"\x1f{header.study}"}
    return list(said.values())


def _dataset_of(data: bytes) -> tuple[memoryview, UID]:
    transfer_syntax, begin = dataset_offset(data)
    return memoryview(data)[begin:], transfer_syntax


def branches_of(said: list[dict[str, Any]], level: Level) -> list[list[dict[str, Any]]]:
    """The instances below each entity of `level`, each with what its parents say and what is counted of them."""
    names = ("#patient", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    whole = [dict(one) for one in said]
    for parent in (Level.PATIENT, Level.STUDY, Level.SERIES):
        for group in _groups(whole, names[: parent + 1]):
            _describe(group, parent)
    for study_ in _groups(whole, names[:2]):
        kinds = {
            "ModalitiesInStudy": "\\".join(sorted({one["Modality"] for one in study_ if one.get("Modality")})) or None,
            "SOPClassesInStudy": "\\".join(sorted({one["SOPClassUID"] for one in study_})),
            "NumberOfStudyRelatedSeries": str(len({one["SeriesInstanceUID"] for one in study_})),
            "NumberOfStudyRelatedInstances": str(len(study_)),
        }
        for one in study_:
            one.update(kinds)
    return _groups(whole, names[: level + 1])


def _groups(said: list[dict[str, Any]], names: tuple[str, ...]) -> list[list[dict[str, Any]]]:
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in said:
        found.setdefault(tuple(one[name] for name in names), []).append(one)
    return list(found.values())


def _describe(group: list[dict[str, Any]], level: Level) -> None:
    """The first object that has a value gives it to all."""
    for attribute in ATTRIBUTES:
        if attribute.level is level and attribute.keyword not in ("StudyInstanceUID", "SeriesInstanceUID"):
            values = [one.get(attribute.keyword) for one in group]
            value = next((text for text in values if text), values[0])
            for one in group:
                one[attribute.keyword] = value
