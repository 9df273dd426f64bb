"""Indexed sequences say what pydicom finds in them, in every uncompressed encoding."""

import json
from io import BytesIO
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from support.instances import encode_dataset, make_instance, put

from radnode.instance.header import read_header
from radnode.model.attributes import ATTRIBUTES, Attribute
from radnode.model.uid import UID

SYNTAXES = [UID("1.2.840.10008.1.2"), UID("1.2.840.10008.1.2.1"), UID("1.2.840.10008.1.2.2")]
SEQUENCES = [attribute for attribute in ATTRIBUTES if attribute.items]
LETTERS = st.text("ABCxyz019_-.\xe9\u738b", max_size=12)


@st.composite
def items(draw: st.DrawFn, attribute: Attribute) -> Dataset:
    """An item with some of the indexed attributes, others, and sequences within."""
    item = Dataset()
    for inner in draw(st.lists(st.sampled_from(attribute.items), unique=True)):
        put(item, inner.keyword, draw(LETTERS if inner.vr in {"LO", "SH", "UT", "UC"} else st.just("1.2")))
    put(item, "SeriesDescription", "not asked for")
    if draw(st.booleans()):
        within = Dataset()
        put(within, attribute.items[0].keyword, "deeper")
        put(item, "PurposeOfReferenceCodeSequence", [within] * draw(st.integers(0, 2)))
        item["PurposeOfReferenceCodeSequence"].is_undefined_length = draw(st.booleans())
    item.is_undefined_length_sequence_item = draw(st.booleans())
    return item


@pytest.mark.parametrize("syntax", SYNTAXES)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_sequence_says_what_pydicom_finds(syntax: UID, data: st.DataObject) -> None:
    dataset = make_instance(syntax, SpecificCharacterSet="ISO_IR 192")
    for attribute in data.draw(st.lists(st.sampled_from(SEQUENCES), min_size=1, unique=True)):
        put(dataset, attribute.keyword, data.draw(st.lists(items(attribute), max_size=3)))
        dataset[attribute.keyword].is_undefined_length = data.draw(st.booleans())
    encoded = encode_dataset(dataset, syntax)
    read = pydicom.filereader.read_dataset(BytesIO(encoded), syntax == SYNTAXES[0], syntax != SYNTAXES[2])
    found = read_header(encoded, syntax).values
    for attribute in SEQUENCES:
        said = json.loads(found[attribute.keyword]) if attribute.keyword in found else None
        assert said == expected(attribute, read)


def expected(attribute: Attribute, read: Dataset) -> list[dict[str, Any]] | None:
    if attribute.keyword not in read:
        return None
    inner = [one.keyword for one in attribute.items]
    return [
        {keyword: str(item.get(keyword) or "") for keyword in inner if keyword in item}
        for item in read[attribute.keyword].value
    ]
