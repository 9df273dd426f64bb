"""The page at /api/docs: the OpenAPI document for people, one self-contained HTML text that fetches nothing."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

Json = dict[str, Any]

_DOCUMENT_LINK = '<a href="/api/openapi.json">OpenAPI 3.1</a>'
_ACCESS_BAR = (
    '<div id="access"><label>Token for trying out, from <code>radnode token</code>'
    '<input type="password" id="token" autocomplete="off" spellcheck="false"></label></div>'
)


def docs_page(document: Json) -> str:
    """The whole page for one OpenAPI document."""
    operations = list(_operations(document))
    info = document["info"]
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])} REST API</title><style>{_asset('docs.css')}</style></head><body>",
            f"<h1>{escape(info['title'])} REST API <small>{escape(info['version'])}</small></h1>",
            f'<p class="lead">{_prose(info["description"])} The same for programs: {_DOCUMENT_LINK}.</p>',
            _ACCESS_BAR,
            _contents(operations),
            *(_section(*operation) for operation in operations),
            "<h2>Schemas</h2>",
            *(_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())),
            f"<script>{_asset('docs.js')}</script></body></html>",
        )
    )


def content_policy() -> str:
    """The Content-Security-Policy of the page: its own style and script by their digests, its own origin, no more."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest('docs.css')}'",
            f"script-src '{_digest('docs.js')}'",
            "connect-src 'self'",
            "img-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _asset(name: str) -> str:
    return files("radnode_http").joinpath("pages", name).read_text("utf-8")


def _digest(name: str) -> str:
    return f"sha256-{b64encode(sha256(_asset(name).encode()).digest()).decode()}"


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _contents(operations: list[tuple[str, str, Json]]) -> str:
    links = (f'<a href="#{escape(item["operationId"])}">{escape(item["summary"])}</a>' for _, _, item in operations)
    return f"<nav><p>{' '.join(links)}</p></nav>"


def _section(method: str, path: str, operation: Json) -> str:
    scope = operation.get("x-scope", "no token needed")
    return "".join(
        (
            f'<section id="{escape(operation["operationId"])}"><span class="scope">{escape(scope)}</span>',
            f'<h2><span class="method {method}">{method.upper()}</span><code>{escape(path)}</code></h2>',
            f"<p>{escape(operation['summary'])}. {_prose(operation.get('description', ''))}</p>",
            _parameters(operation),
            _body(operation),
            _answers(operation),
            f"<h3>With curl</h3><pre>{escape(_curl(method, path, operation))}</pre>",
            _form(method, path, operation),
            "</section>",
        )
    )


def _parameters(operation: Json) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(item['name'])}</code></td><td>{escape(_kind(item['schema']))}</td>"
        f"<td>{_prose(item['description'])}</td></tr>"
        for item in operation.get("parameters", ())
    )
    return f"<h3>Parameters</h3><table>{rows}</table>" if rows else ""


def _kind(schema: Json) -> str:
    """A schema in a few words: type or choices, bounds, default."""
    words = [" | ".join(schema["enum"]) if "enum" in schema else str(schema.get("type", ""))]
    if "minimum" in schema:
        words.append(f"{schema['minimum']} to {schema['maximum']}")
    if "default" in schema:
        default = schema["default"]
        words.append(f"default {default if isinstance(default, str) else json.dumps(default)}")
    return ", ".join(words)


def _body(operation: Json) -> str:
    """What a request may hold, but for forms, which the example shows."""
    reference = _reference(operation.get("requestBody", {}).get("content", {}).get("application/json", {}))
    return f"<h3>JSON body</h3><p>{reference}</p>" if reference else ""


def _reference(content: Json) -> str:
    """A link to the schema of a body; empty where it has none of a name."""
    name = escape(content.get("schema", {}).get("$ref", "").rpartition("/")[2])
    return f'<a href="#schema-{name}">{name}</a>' if name else ""


def _answers(operation: Json) -> str:
    rows = "".join(_answer(status, answer) for status, answer in operation["responses"].items())
    return f"<h3>Answers</h3><table>{rows}</table>"


def _answer(status: str, answer: Json) -> str:
    said = [part for kind, content in answer.get("content", {}).items() for part in _shown(kind, content)]
    names = ", ".join(f"<code>{escape(name)}</code>" for name in answer.get("headers", ()))
    said += [f"headers: {names}"] if names else []
    return f"<tr><td>{status}</td><td>{escape(answer['description'])}</td><td>{'<br>'.join(said)}</td></tr>"


def _shown(kind: str, content: Json) -> list[str]:
    """One media type of an answer: its examples, or else its schema, or else its name."""
    examples = [json.dumps(example["value"]) for example in content.get("examples", {}).values()]
    return [f"<code>{escape(text)}</code>" for text in examples] or [
        _reference(content) or f"<code>{escape(kind)}</code>"
    ]


_OUTPUTS = {"image/png": "image.png", "application/dicom": "image.dcm", "application/zip": "images.zip"}
_NAMES = {"thumbnail": "thumbnail.jpg", "deidentify": "copy.dcm"}
_ENTRY = (
    '{"PatientID": "4711", "Modality": "CT", "ScheduledStationAETitle": "CT1",'
    ' "ScheduledProcedureStepStartDate": "20261122"}'
)
_BODIES = {
    "clinical-summary": '{"include_patient_info": false}',
    "clinical-summary-study": '{"include_provenance": true}',
    "deidentify": '{"dates": "modify"}',
    "peer-query": '{"patient_id": "12345678"}',
    "peer-retrieve": '{"study_uid": "1.2.3"}',
    "queue-add": '{"destination": "PACS", "study_uid": "1.2.3"}',
    "queue-replay": '{"destination": "PACS"}',
    "worklist-add": _ENTRY,
    "worklist-replace": _ENTRY,
}
"""JSON bodies for the examples, by operation."""


def _curl(method: str, path: str, operation: Json) -> str:
    words = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    if operation["security"]:
        words += ["-H", '"Authorization: Bearer $TOKEN"']
    content, name = operation.get("requestBody", {}).get("content", {}), operation["operationId"]
    if "multipart/form-data" in content:
        files = ("CT_CHEST_001.dcm", "CD.zip") if _takes_several(content) else ("CT_CHEST_001.dcm",)
        words += [word for file in files for word in ("-F", f'"file=@{file}"')]
    if "application/json" in content:
        words += ["-H", '"Content-Type: application/json"', "-d", f"'{_BODIES[name]}'"]
    kinds = operation["responses"].get("200", {}).get("content", {})
    words += [word for kind, file in _OUTPUTS.items() if kind in kinds for word in ("--output", _NAMES.get(name, file))]
    filled = re.sub(r"{(\w+)}", lambda part: f"${part[1].upper()}", path)
    return " ".join((*words, f'"http://localhost:8000{filled}"'))


def _takes_several(content: Json) -> bool:
    properties = content["multipart/form-data"]["schema"]["properties"]
    return bool(properties["file"]["type"] == "array")


def _form(method: str, path: str, operation: Json) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    body, fields = "", "".join(_field(item) for item in operation.get("parameters", ()))
    if "multipart/form-data" in content:
        several = " multiple" if _takes_several(content) else ""
        body, fields = "form", fields + f'<label>file <input type="file" name="file" required{several}></label>'
    if "application/json" in content:
        body, fields = "json", fields + '<label>JSON body <input type="text" name="body" data-in="body"></label>'
    return (
        f'<details><summary>Try it</summary><form data-method="{method.upper()}" data-path="{escape(path)}"'
        f' data-body="{body}">{fields}<button>Send</button><output></output></form></details>'
    )


def _field(parameter: Json) -> str:
    name, needed = escape(parameter["name"]), " required" if parameter["required"] else ""
    where = parameter["in"]
    return f'<label>{name} <input type="text" name="{name}" data-in="{where}" spellcheck="false"{needed}></label>'


def _schema(name: str, schema: Json) -> str:
    shown = escape(json.dumps(schema, indent=2, ensure_ascii=False))
    summary = f"<summary><code>{escape(name)}</code></summary>"
    return f'<details id="schema-{escape(name)}">{summary}<pre>{shown}</pre></details>'


def _prose(text: str) -> str:
    """Text with `words` between backticks set as code."""
    return "".join(
        f"<code>{escape(part)}</code>" if odd else escape(part)
        for odd, part in zip((number % 2 for number in range(len(text))), text.split("`"), strict=False)
    )
