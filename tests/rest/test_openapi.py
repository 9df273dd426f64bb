import hashlib
import json
import re
from base64 import b64encode
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from support.rest import Rest, rest_settings

from radnode_http.app import build_app
from radnode_http.endpoints.table import endpoints
from radnode_http.keys import DOCUMENT
from radnode_http.params.pictures import ImageParameters
from radnode_http.params.query import ListParameters

Json = dict[str, Any]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Parameter(Strict):
    name: str = Field(min_length=1)
    location: str = Field(alias="in", pattern="^(path|query|header)$")
    required: bool
    description: str = Field(min_length=1)
    schema_: Json = Field(alias="schema", min_length=1)


class MediaType(Strict):
    schema_: Json = Field({}, alias="schema")
    examples: dict[str, Json] = {}
    encoding: dict[str, Json] = {}


class Response(Strict):
    description: str = Field(min_length=1)
    headers: dict[str, Json] = {}
    content: dict[str, MediaType] = {}


class RequestBody(Strict):
    required: bool
    content: dict[str, MediaType] = Field(min_length=1)


class Operation(Strict):
    operation_id: str = Field(alias="operationId", min_length=1)
    summary: str = Field(min_length=1)
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    request_body: RequestBody | None = Field(None, alias="requestBody")
    responses: dict[str, Response] = Field(min_length=2)
    security: list[dict[str, list[str]]]
    scope: str = Field("", alias="x-scope")


class Document(Strict):
    """OpenAPI 3.1.0, as far as this document goes: nothing may stand where the specification knows nothing."""

    openapi: str = Field(pattern=r"^3\.1\.\d$")
    info: Json
    servers: list[Json]
    paths: dict[str, dict[str, Operation]]
    components: dict[str, dict[str, Json]]


def described(tmp_path: Path) -> Json:
    app = build_app(None, rest_settings(tmp_path))
    document = json.loads(app[DOCUMENT])
    assert isinstance(document, dict)
    return document


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [ref for inner in value.values() for ref in references(inner)]
    return [ref for inner in value for ref in references(inner)] if isinstance(value, list) else []


def test_the_document_is_openapi(tmp_path: Path) -> None:
    raw = described(tmp_path)
    document = Document.model_validate(raw)
    operations = [operation for methods in document.paths.values() for operation in methods.values()]
    names = [operation.operation_id for operation in operations]
    assert len(set(names)) == len(names)
    known = {f"#/components/schemas/{name}" for name in raw["components"]["schemas"]}
    assert set(references(raw)) <= known
    for path, methods in document.paths.items():
        wanted = set(re.findall(r"{(\w+)}", path))
        for operation in methods.values():
            said = {one.name for one in operation.parameters if one.location == "path" and one.required}
            assert said == wanted


def test_every_endpoint_parameter_and_error_is_in_it(tmp_path: Path) -> None:
    document = Document.model_validate(described(tmp_path))
    for endpoint in endpoints(rest_settings(tmp_path)):
        operation = document.paths[endpoint.path][endpoint.method.lower()]
        assert {str(failure.status) for failure in endpoint.failures} <= operation.responses.keys()
        assert "500" in operation.responses
        assert {status for status, told in operation.responses.items() if not told.content} <= {"304"}
        if endpoint.scope is not None:
            assert operation.scope == endpoint.scope.value
            assert {"401", "403"} <= operation.responses.keys()
            assert operation.security == [{"bearer": []}]
        if endpoint.query is not None:
            names = {one.name for one in operation.parameters if one.location == "query"}
            assert names == set(endpoint.query.model_fields)
    limit = next(one for one in document.paths["/api/dicom/list"]["get"].parameters if one.name == "limit")
    assert limit.schema_ == {"type": "integer", "default": 100, "minimum": 1, "maximum": 1000}
    first = next(one for one in document.paths["/api/dicom/list"]["get"].parameters if one.name == "study_date_from")
    assert first.schema_ == {"type": "string", "pattern": "^[0-9]{8}$"}
    assert ListParameters().limit == 100
    assert ImageParameters().quality == 95


def test_the_contracts_sentences_are_in_it(tmp_path: Path) -> None:
    text = json.dumps(described(tmp_path))
    for sentence in (
        "No file uploaded",
        "Invalid DICOM file: ",
        "File size exceeds maximum allowed size (100MB)",
        "DICOM file not found",
        "DICOM file does not contain pixel data",
        "Cannot convert pixel array to image: ",
        "DICOM file uploaded and parsed successfully",
        "DICOM file deleted successfully",
    ):
        assert sentence in text


async def test_it_is_served_and_the_page_shows_it(rest: Rest) -> None:
    async with rest.session.get("/api/openapi.json") as answer:
        assert answer.content_type == "application/json"
        document = Document.model_validate(await answer.json())
    async with rest.session.get("/api/docs") as answer:
        assert answer.content_type == "text/html"
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    for path, methods in document.paths.items():
        assert path in page
        for operation in methods.values():
            assert escape(operation.summary) in page
            assert all(parameter.name in page for parameter in operation.parameters)
    check_page(page, policy)


class Page(HTMLParser):
    """What a page would fetch, and its inline styles and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.inline: dict[str, str] = {}
        self.inside = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.fetched += [str(given[name]) for name in ("src", "srcset", "data", "action") if name in given]
        self.fetched += [str(given["href"])] if tag == "link" else []
        assert not [name for name in given if name.startswith("on") or name == "style"], "no inline handlers"
        self.inside = tag
        if tag not in ("meta", "input", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("style", "script"):
            self.inline[self.inside] = data


def check_page(page: str, policy: str) -> None:
    read = Page()
    read.feed(page)
    read.close()
    assert read.open == []
    assert read.fetched == []
    assert "http" not in re.sub(r"http://localhost:8000", "", page.replace("&quot;http&quot;", ""))
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    for kind in ("style", "script"):
        digest = b64encode(hashlib.sha256(read.inline[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
