"""Whatever stands in a query string or a body, the answer is one of the contract's, never a 500."""

import json
import warnings
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from aiohttp import BadContentDispositionHeader, BadContentDispositionParam
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import MultiDict
from support.instances import encode_part10, make_instance
from support.rest import Rest
from yarl import URL

from radnode_http.errors import Refusal
from radnode_http.params.pictures import ImageParameters, ThumbnailParameters
from radnode_http.params.query import ListParameters, parse_flags, parse_list, parse_query

NAMES = st.sampled_from([*ListParameters.model_fields, *ImageParameters.model_fields, "size"]) | st.text(max_size=20)
PAIRS = st.lists(st.tuples(NAMES, st.text(max_size=30) | st.integers().map(str)), max_size=5)


def refused(parse: Callable[[Any], object], asked: object) -> Refusal | None:
    try:
        parse(asked)
    except Refusal as refusal:
        return refusal
    return None


@given(PAIRS)
def test_any_query_is_taken_or_refused_in_words(pairs: list[tuple[str, str]]) -> None:
    of_pictures = (ImageParameters, ThumbnailParameters)
    parsers: list[Callable[[Any], object]] = [parse_list, *(partial(parse_query, model) for model in of_pictures)]
    for parse in parsers:
        refusal = refused(parse, MultiDict(pairs))
        assert refusal is None or (refusal.status == 400 and refusal.detail.isprintable() and len(refusal.detail) < 200)


@given(st.dates())
def test_any_real_date_is_taken(day: object) -> None:
    text = str(day).replace("-", "")
    assert parse_list(MultiDict(study_date_from=text)).study_date_from == text


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_any_flags_are_taken_or_refused(body: bytes) -> None:
    refusal = refused(parse_flags, body)
    assert refusal is None or (refusal.status == 400 and refusal.detail.isprintable())


async def test_no_target_and_no_form_ends_in_a_fault(rest: Rest) -> None:
    file = encode_part10(make_instance())
    path = await rest.stored(file)
    targets = st.tuples(
        st.sampled_from(["GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS"]),
        st.sampled_from(["list", "image/", "metadata/", "clinical-summary/", "upload", ""]),
        st.text(max_size=20) | st.just(path),
        st.text(max_size=20),
    )
    forms = st.tuples(
        st.sampled_from(
            [b"", b'name="file"; filename="a"', b'name="file"', b"name=file; filename=a; filename*=utf-8''%ff"]
        )
        | st.binary(max_size=60),
        st.binary(max_size=200) | st.just(file),
        st.sampled_from([b"\r\n--x--\r\n", b"\r\n--x\r\n", b"", b"--x--"]),
    )

    async def send(target: tuple[str, str, str, str], form: tuple[bytes, bytes, bytes]) -> None:
        method, route, name, query = target
        url = URL.build(path=f"/api/dicom/{route}{name}", query_string=query)
        body = b"--x\r\nContent-Disposition: form-data; " + form[0] + b"\r\n\r\n" + form[1] + form[2]
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        async with rest.session.request(method, url, data=body, headers=headers) as answer:
            assert answer.status < 500, (target, form)
        async with rest.session.post("/api/dicom/upload", data=body, headers=headers) as answer:
            assert answer.status in (200, 400), form
            assert answer.status == 200 or list(await answer.json()) == ["detail"]

    found: list[SimpleNamespace] = []

    @settings(max_examples=120, database=None, suppress_health_check=list(HealthCheck), deadline=None, derandomize=True)
    @given(targets, forms)
    def collect(target: tuple[str, str, str, str], form: tuple[bytes, bytes, bytes]) -> None:
        found.append(SimpleNamespace(target=target, form=form))

    collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BadContentDispositionHeader)
        warnings.simplefilter("ignore", BadContentDispositionParam)
        for one in found:
            if one.target[:3] != ("DELETE", "", path):
                await send(one.target, one.form)
