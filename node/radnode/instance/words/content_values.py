"""What a content item of each value type says (PS3.3 C.17.3.2.1, C.18), in words: as written, never computed."""

from collections.abc import Callable, Iterator, Mapping

from pydicom._uid_dict import UID_dictionary

from radnode.instance.nested import DataSet, Value, tag_of
from radnode.instance.words.wording import clean_lines, day, full_name, moment, one_line, time_of_day

_SHOWN_POINTS = 8
_NO_UNIT = "1"  # of UCUM
CONTAINER = "CONTAINER"


_NOTHING = Value("")


def text_at(data_set: DataSet, keyword: str) -> str:
    """The text of an attribute, "" where there is none."""
    return data_set.get(tag_of(keyword) or 0, _NOTHING).text


def items_at(data_set: DataSet, keyword: str) -> tuple[DataSet, ...]:
    """The items of a sequence, none where there is none."""
    return tuple(data_set.get(tag_of(keyword) or 0, _NOTHING).items)


def concept_of(data_set: DataSet, keyword: str = "ConceptNameCodeSequence") -> str:
    """What the code in a sequence of that keyword means (PS3.3 8.8), or the code itself where nobody says."""
    return ", ".join(filter(None, map(_meaning, items_at(data_set, keyword))))


def _meaning(code: DataSet) -> str:
    meaning = one_line(text_at(code, "CodeMeaning"))
    if meaning:
        return meaning
    value = next(filter(None, (one_line(text_at(code, word)) for word in _CODE_VALUES)), "")
    scheme = one_line(text_at(code, "CodingSchemeDesignator"))
    return f"{value} ({scheme})" if value and scheme else value


_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")


def code_of(data_set: DataSet, keyword: str) -> tuple[str, str]:
    """Value and scheme of the first code in a sequence of that keyword; "" where there is none."""
    for code in items_at(data_set, keyword):
        return text_at(code, "CodeValue"), text_at(code, "CodingSchemeDesignator")
    return "", ""


def value_of(data_set: DataSet, value_type: str) -> str:
    """The value of an item of that type, "" of a container. Where there is none, what the item says in other ways.

    An unknown type is named. Items of a missing or a wrong type are broken, but they may say what matters most.
    """
    read = _READERS.get(value_type.upper())
    said = read(data_set) if read else ""
    if said or value_type == CONTAINER:
        return said
    others = [_READERS[other](data_set) for other in _TELLING]
    return ": ".join(filter(None, ("" if read else one_line(value_type), *others)))


def _text(data_set: DataSet) -> str:
    return clean_lines(text_at(data_set, "TextValue"))


def quantity(data_set: DataSet) -> str:
    """Each number of a NUM with its unit, and why it is qualified (C.18.1)."""
    numbers = ", ".join(filter(None, map(_number, items_at(data_set, "MeasuredValueSequence"))))
    qualifier = concept_of(data_set, "NumericValueQualifierCodeSequence")
    return f"{numbers} ({qualifier})" if numbers and qualifier else numbers or qualifier


def _number(measured: DataSet) -> str:
    number = one_line(text_at(measured, "NumericValue") or text_at(measured, "FloatingPointValue")).replace("\\", ", ")
    return " ".join(filter(None, (number, _unit(measured)))) if number else ""


def _unit(measured: DataSet) -> str:
    """The unit's sign, as UCUM's codes are; what that has no sign for is told by its meaning, all others by both."""
    value, scheme = (one_line(text) for text in code_of(measured, "MeasurementUnitsCodeSequence"))
    meaning = concept_of(measured, "MeasurementUnitsCodeSequence")
    if scheme != "UCUM":
        return f"{meaning} ({value})" if value and value not in meaning else meaning
    return value if value and value != _NO_UNIT and "{" not in value else meaning


def _reference(data_set: DataSet) -> str:
    return "; ".join(map(_object, items_at(data_set, "ReferencedSOPSequence")))


def _object(reference: DataSet) -> str:
    """One object that is referred to: its class, its UID, and which part of it."""
    words = [f"{sop_class_name(text_at(reference, 'ReferencedSOPClassUID'))} {_uid(reference)}".strip()]
    for label, keyword in _PARTS.items():
        text = one_line(text_at(reference, keyword)).replace("\\", ", ")
        words += [f"{label} {text}"] if text else []
    purpose = concept_of(reference, "PurposeOfReferenceCodeSequence")
    words += [purpose] if purpose else []
    words += [f"shown as {_object(other)}" for other in items_at(reference, "ReferencedSOPSequence")[:1]]
    return ", ".join(words)


_PARTS = {
    "frames": "ReferencedFrameNumber",
    "segments": "ReferencedSegmentNumber",
    "channels": "ReferencedWaveformChannels",
}


def _uid(reference: DataSet) -> str:
    return one_line(text_at(reference, "ReferencedSOPInstanceUID"))


def sop_class_name(uid: str) -> str:
    """The name of a SOP class (PS3.6 A), without `Storage`; the UID itself where it has none."""
    entry = UID_dictionary.get(uid)
    return entry[0].removesuffix(" Storage") if entry else one_line(uid)


def _coordinates(data_set: DataSet) -> str:
    points = list(_points(data_set))
    shown = " ".join(points[:_SHOWN_POINTS]) + (" ..." if len(points) > _SHOWN_POINTS else "")
    return " ".join(filter(None, (one_line(text_at(data_set, "GraphicType")), shown)))


def _points(data_set: DataSet) -> Iterator[str]:
    """Points in the plane, or in space."""
    size = 3 if text_at(data_set, "ValueType") == "SCOORD3D" else 2
    numbers = text_at(data_set, "GraphicData").split("\\")
    return (f"({', '.join(numbers[at : at + size])})" for at in range(0, len(numbers) - size + 1, size))


def _times(data_set: DataSet) -> str:
    given = [one_line(text_at(data_set, keyword)).replace("\\", ", ") for keyword in _TIMES]
    return " ".join(filter(None, given))


_TIMES = ("TemporalRangeType", "ReferencedSamplePositions", "ReferencedTimeOffsets", "ReferencedDateTime")


def _table(data_set: DataSet) -> str:
    rows, columns = text_at(data_set, "NumberOfTableRows"), text_at(data_set, "NumberOfTableColumns")
    return f"{rows} x {columns}" if rows and columns else ""


_READERS: Mapping[str, Callable[[DataSet], str]] = {
    CONTAINER: lambda _: "",
    "TEXT": _text,
    "NUM": quantity,
    "CODE": lambda data_set: concept_of(data_set, "ConceptCodeSequence"),
    "DATE": lambda data_set: day(one_line(text_at(data_set, "Date"))),
    "TIME": lambda data_set: time_of_day(one_line(text_at(data_set, "Time"))),
    "DATETIME": lambda data_set: moment(one_line(text_at(data_set, "DateTime"))),
    "PNAME": lambda data_set: full_name(one_line(text_at(data_set, "PersonName"))),
    "UIDREF": lambda data_set: one_line(text_at(data_set, "UID")),
    "COMPOSITE": _reference,
    "IMAGE": _reference,
    "WAVEFORM": _reference,
    "SCOORD": _coordinates,
    "SCOORD3D": _coordinates,
    "TCOORD": _times,
    "TABLE": _table,
}
"""By value type (C.17.3.2.1)."""
_TELLING = (
    *("TEXT", "NUM", "CODE", "DATE", "TIME", "DATETIME", "PNAME", "UIDREF", "COMPOSITE", "SCOORD", "TCOORD", "TABLE"),
)
"""Types whose values are told of an item that says nothing of its own type."""
