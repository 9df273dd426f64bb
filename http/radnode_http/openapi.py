"""The OpenAPI 3.1 document, made of the table of endpoints and the models that make the answers."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from radnode_http.answers.answer import ErrorAnswer
from radnode_http.endpoints.endpoint import (
    FILE_PATH,
    Endpoint,
    Failure,
    Header,
    Media,
    Otherwise,
    PathParameter,
    Upload,
)

Json = dict[str, Any]

FILE_PATH_PATTERN = r"^studies/[0-9.]{1,64}/[0-9.]{1,64}/[0-9a-f]{32}\.dcm$"
_TEXT = {"type": "string"}
_REFS = "#/components/schemas/{model}"
_ABOUT = (
    'A DICOM node\'s files for reporting applications. Every error\'s body is `{"detail": "<sentence>"}`; every answer'
    " carries `X-Request-ID`; what answers GET answers HEAD too. Tokens are JWTs with `exp` and a `scope` of"
    " space-separated names: `dicom:read`, `dicom:write`, `dicom:delete`, `dicom:admin` (all of them)."
)
_TOKEN_FAILURES = (Failure(401, ("Not authenticated", "Invalid token", "Token has expired")),)
_FILE = PathParameter(
    FILE_PATH.strip("{}"), "As upload and list return it; its slashes may stand as they are.", FILE_PATH_PATTERN
)
_ANYWHERE = Failure(500, ("Internal server error",))


def document(endpoints: Iterable[Endpoint]) -> Json:
    """The whole document, as JSON values."""
    table = tuple(endpoints)
    refs, components = _schemas(table)
    paths: Json = {}
    for endpoint in table:
        operation = _operation(endpoint, refs)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "radnode", "version": version("radnode"), "description": _ABOUT, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _schemas(table: Iterable[Endpoint]) -> tuple[Mapping[type[BaseModel], Json], Json]:
    """Each model's reference and all components; answers as they are sent, bodies as they are taken."""
    wanted: dict[type[BaseModel], JsonSchemaMode] = {ErrorAnswer: "serialization"}
    for endpoint in table:
        answer = endpoint.answer.instead if isinstance(endpoint.answer, Media) else endpoint.answer
        if answer is not None:
            wanted[answer] = "serialization"
        if endpoint.body is not None and not isinstance(endpoint.body, Upload):
            wanted[endpoint.body] = "validation"
    refs, definitions = models_json_schema(tuple(wanted.items()), ref_template=_REFS)
    return {model: ref for (model, _), ref in refs.items()}, definitions["$defs"]  # type: ignore[misc]


def _operation(endpoint: Endpoint, refs: Mapping[type[BaseModel], Json]) -> Json:
    operation: Json = {"operationId": endpoint.name, "summary": endpoint.summary}
    if endpoint.description:
        operation["description"] = endpoint.description
    parameters = [*_path_parameters(endpoint), *_query_parameters(endpoint), *_header_parameters(endpoint)]
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = _request_body(endpoint.body, refs)
    operation["responses"] = (
        {str(endpoint.success): _answer(endpoint, refs)}
        | {str(one.status): _otherwise(endpoint, one, refs) for one in endpoint.otherwise}
        | {str(failure.status): _failure(failure, refs) for failure in failures_of(endpoint)}
    )
    operation["security"] = [{"bearer": []}] if endpoint.scope is not None else []
    if endpoint.scope is not None:
        operation["x-scope"] = endpoint.scope.value
    return operation


def failures_of(endpoint: Endpoint) -> tuple[Failure, ...]:
    """Everything that an endpoint may answer with instead, in the order of the statuses."""
    scope = endpoint.scope
    tokens = () if scope is None else (*_TOKEN_FAILURES, Failure(403, (f"Scope {scope.value} is required",)))
    return tuple(sorted((*tokens, *endpoint.failures, _ANYWHERE), key=lambda failure: failure.status))


def _path_parameters(endpoint: Endpoint) -> list[Json]:
    named = (*endpoint.named, _FILE) if FILE_PATH in endpoint.path else endpoint.named
    return [
        {
            "name": one.name,
            "in": "path",
            "required": True,
            "description": one.description,
            "schema": {"type": "string", "pattern": one.pattern},
        }
        for one in named
    ]


def _query_parameters(endpoint: Endpoint) -> list[Json]:
    if endpoint.query is None:
        return []
    parameters = []
    for name, schema in endpoint.query.model_json_schema()["properties"].items():
        plain = _without_null(schema)
        description = plain.pop("description", "")
        parameters.append({"name": name, "in": "query", "required": False, "description": description, "schema": plain})
    return parameters


def _header_parameters(endpoint: Endpoint) -> list[Json]:
    return [
        {"name": one.name, "in": "header", "required": False, "description": one.description, "schema": _TEXT}
        for one in endpoint.asks
    ]


def _headers(headers: Iterable[Header]) -> Json:
    """What stands in an answer for its headers; nothing where none is told of."""
    told = {one.name: {"description": one.description, "schema": _TEXT} for one in headers}
    return {"headers": told} if told else {}


def _without_null(schema: Json) -> Json:
    """A query parameter is there or not; it is never null."""
    told = {key: value for key, value in schema.items() if key != "title" and (key, value) != ("default", None)}
    for choice in told.pop("anyOf", ()):
        told |= {} if choice == {"type": "null"} else choice
    return told


def _request_body(body: type[BaseModel] | Upload, refs: Mapping[type[BaseModel], Json]) -> Json:
    if not isinstance(body, Upload):
        needed = any(field.is_required() for field in body.model_fields.values())
        return {"required": needed, "content": {"application/json": {"schema": refs[body]}}}
    # By the specification's 4.8.15: bytes are octets in the schema, and what they are stands in the encoding.
    binary: Json = {"type": "string", "contentMediaType": "application/octet-stream"}
    files: Json = {"type": "array", "minItems": 1, "items": binary} if body.is_several else binary
    schema = {"type": "object", "required": [body.name], "properties": {body.name: files}}
    encoding = {body.name: {"contentType": ", ".join(("application/dicom", *body.instead))}}
    form = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"required": True, "content": form | {kind: {} for kind in body.instead}}


def _answer(endpoint: Endpoint, refs: Mapping[type[BaseModel], Json]) -> Json:
    if isinstance(endpoint.answer, Media):
        media = endpoint.answer
        content: Json = {kind: {} for kind in media.types}
        if media.instead is not None:
            content["application/json"] = {"schema": refs[media.instead]}
        return {"description": media.description, **_headers(media.headers), "content": content}
    described = (endpoint.answer.__doc__ or "").partition("\n")[0]
    content = {"application/json": {"schema": refs[endpoint.answer]}}
    return {"description": described, **_headers(endpoint.tells), "content": content}


def _otherwise(endpoint: Endpoint, one: Otherwise, refs: Mapping[type[BaseModel], Json]) -> Json:
    usual = _answer(endpoint, refs) if one.has_body else {}
    return usual | {"description": one.description, **_headers(one.headers)}


def _failure(failure: Failure, refs: Mapping[type[BaseModel], Json]) -> Json:
    examples = {str(number): {"value": {"detail": text}} for number, text in enumerate(failure.sentences, 1)}
    content = {"application/json": {"schema": refs[ErrorAnswer], "examples": examples}}
    return {"description": HTTPStatus(failure.status).phrase, **_headers(failure.headers), "content": content}
