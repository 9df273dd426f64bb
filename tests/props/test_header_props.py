"""The walker and the header agree with pydicom on whatever data set, in every uncompressed encoding."""

import zlib
from io import BytesIO
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from support.instances import encode_dataset, make_instance, put

from radnode.instance.encodings import UNDEFINED
from radnode.instance.header import read_header
from radnode.instance.walk import ITEM, walk
from radnode.model.attributes import ATTRIBUTES, Source
from radnode.model.errors import InvalidIdentity, NotDicom
from radnode.model.uid import UID

SYNTAXES = [UID("1.2.840.10008.1.2"), UID("1.2.840.10008.1.2.1"), UID("1.2.840.10008.1.2.2")]
DEFLATED = UID("1.2.840.10008.1.2.1.99")
MANY = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

LETTERS = st.text("ABCxyz019 _-.*?\xe9\xdf\u738b\u0416", min_size=0, max_size=12).map(str.strip)
NUMBERS = st.integers(0, 65535)
ASCII = st.text("ABCxyz019 _\\", max_size=12).map(str.strip)
TEXTS = {
    "CS": ASCII,
    "AS": ASCII,
    "DT": ASCII,
    "PN": st.lists(LETTERS, min_size=1, max_size=3).map("^".join).map(lambda name: name.rstrip("^")),
    "DA": st.sampled_from(["20250101", "", "2025.01.01", "nonsense"]),
    "TM": st.sampled_from(["101010.5", "1010", ""]),
    "IS": st.integers(-99, 9999).map(str),
    "DS": st.sampled_from(["1.50", "-0.1", "5.000000e+00"]),
    "UI": st.lists(st.integers(0, 9999), min_size=2, max_size=6).map(lambda parts: ".".join(map(str, parts))),
    "LT": LETTERS.map(lambda text: text.replace(" ", "\\")),
}
HEADER_ATTRIBUTES = [one for one in ATTRIBUTES if one.source is Source.HEADER and not one.items]


@st.composite
def values(draw: st.DrawFn) -> dict[str, Any]:
    """Values of some indexed attributes, several ones too."""
    chosen = draw(st.lists(st.sampled_from(HEADER_ATTRIBUTES), max_size=25, unique=True))
    drawn: dict[str, Any] = {}
    for attribute in chosen:
        if attribute.vr == "US":
            drawn[attribute.keyword] = draw(
                st.integers(0, 65535) | st.lists(st.integers(0, 65535), min_size=2, max_size=3)
            )
        elif attribute.keyword not in {"SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"}:
            drawn[attribute.keyword] = draw(TEXTS.get(attribute.vr, LETTERS))
    return drawn


@MANY
@pytest.mark.filterwarnings("ignore")  # pydicom's, on odd values
@pytest.mark.parametrize("syntax", [*SYNTAXES, DEFLATED])
@given(drawn=values())
def test_header_says_what_pydicom_says(syntax: UID, drawn: dict[str, Any]) -> None:
    encoded = encode_dataset(make_instance(syntax, SpecificCharacterSet="ISO_IR 192", **drawn))
    header = read_header(encoded, syntax)
    expected = read_by_pydicom(encoded, syntax)
    for attribute in HEADER_ATTRIBUTES:
        if attribute.keyword not in expected:
            assert attribute.keyword not in header.values
        else:
            assert header.values[attribute.keyword] == text_by_pydicom(expected[attribute.keyword])


def read_by_pydicom(encoded: bytes, syntax: UID) -> Dataset:
    if syntax == DEFLATED:
        encoded = zlib.decompress(encoded, wbits=-zlib.MAX_WBITS)
    implicit, little = syntax == SYNTAXES[0], syntax != SYNTAXES[2]
    return pydicom.filereader.read_dataset(BytesIO(encoded), implicit, little)


def text_by_pydicom(element: DataElement) -> str:
    value = element.value
    many = [] if value is None else list(value) if element.VM > 1 else [value]
    # IS and DS remember how they were written, in names that is the encoded text
    texts = [str(one if element.VR == "PN" else getattr(one, "original_string", one)) for one in many]
    # pydicom leaves the padding of values before the last, and padding in front
    padding_in_front = element.VR in {"AE", "CS", "DS", "IS", "LO", "SH"}
    trim = str.strip if padding_in_front else str.rstrip
    return "\\".join(texts if element.VR == "LT" else [trim(text) for text in texts])


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Dataset:
    """Data sets of a few elements with sequences in sequences, of defined and undefined lengths."""
    dataset = Dataset()
    put(dataset, "PatientID", draw(LETTERS.filter(str.isascii)))
    put(dataset, "Rows", draw(st.integers(0, 65535)))
    if draw(st.booleans()):
        put(dataset, "EncapsulatedDocument", draw(st.binary(max_size=20)))
    if depth:
        for keyword in draw(st.lists(st.sampled_from(["ReferencedImageSequence", "SourceImageSequence"]), unique=True)):
            items = draw(st.lists(trees(depth=depth - 1), max_size=3))
            for item in items:
                item.is_undefined_length_sequence_item = draw(st.booleans())
            put(dataset, keyword, items)
            dataset[keyword].is_undefined_length = draw(st.booleans())
    return dataset


def outline(dataset: Dataset, depth: int = 0) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for element in dataset:
        found.append((int(element.tag), depth))
        if element.VR == "SQ":
            for item in element.value:
                found += [(ITEM, depth + 1), *outline(item, depth + 2)]
    return found


@MANY
@pytest.mark.parametrize("syntax", SYNTAXES)
@given(dataset=trees())
def test_a_deep_walk_meets_every_element(syntax: UID, dataset: Dataset) -> None:
    encoded = encode_dataset(dataset, syntax)
    met = [(element.tag, element.depth) for element in walk(encoded, syntax, deep=True)]
    assert met == outline(dataset)
    shallow = [element.tag for element in walk(encoded, syntax) if element.depth == 0]
    assert shallow == [int(element.tag) for element in dataset]


@MANY
@pytest.mark.parametrize("syntax", SYNTAXES)
@given(dataset=trees(), data=st.data())
def test_a_cut_within_an_element_is_never_accepted(syntax: UID, dataset: Dataset, data: st.DataObject) -> None:
    encoded = encode_dataset(dataset, syntax)
    whole = [element for element in walk(encoded, syntax) if element.depth == 0]
    starts = {0, *(e.offset + e.length for e in whole if e.length != UNDEFINED), *header_starts(encoded, syntax)}
    end = data.draw(st.integers(0, len(encoded)))
    if end in starts or end == len(encoded):
        return
    if not any(encoded[max(start for start in starts if start < end) : end]):
        return  # zero bytes alone are padding
    with pytest.raises(NotDicom):
        list(walk(encoded[:end], syntax))


def header_starts(encoded: bytes, syntax: UID) -> set[int]:
    """Where top-level elements begin: where pydicom finds them."""
    stream = BytesIO(encoded)
    starts = set()
    generator = pydicom.filereader.data_element_generator(stream, syntax == SYNTAXES[0], syntax != SYNTAXES[2])
    for _ in generator:
        starts.add(stream.tell())
    return starts


@MANY
@pytest.mark.parametrize("syntax", [*SYNTAXES, DEFLATED, UID("1.2.840.10008.1.2.4.50")])
@given(noise=st.binary(max_size=300), data=st.data())
def test_nothing_but_named_errors_comes_of_noise(syntax: UID, noise: bytes, data: st.DataObject) -> None:
    good = encode_dataset(make_instance())
    place = data.draw(st.integers(0, len(good)))
    for dataset in (noise, good[:place] + noise + good[place:], good[:place] + noise + good[place + len(noise) :]):
        try:
            header = read_header(dataset, syntax)
        except (NotDicom, InvalidIdentity):
            continue
        assert header.study
