"""The page at /api/docs as its readers have it: what to send, what comes back, and examples that work."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from support.rest import rest_settings

from radnode_http.app import build_app
from radnode_http.docs_page import docs_page
from radnode_http.keys import DOCUMENT


@pytest.fixture(scope="module")
def sections(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The page's part for each operation."""
    folder: Path = tmp_path_factory.mktemp("docs")
    page = docs_page(json.loads(build_app(None, rest_settings(folder))[DOCUMENT]))
    return {name: unescape(text) for name, text in re.findall(r'<section id="([^"]+)">(.*?)</section>', page)}


def test_bodies_answers_and_headers_can_be_looked_up(sections: dict[str, str]) -> None:
    assert '<a href="#schema-DeidentifyWanted">' in sections["deidentify"]
    assert '<a href="#schema-DeidentifiedAnswer">' in sections["deidentify"]
    assert "X-Deidentify-Warnings</code>" in sections["deidentify"]
    assert "image/png</code><br><code>image/jpeg" in sections["image"]
    assert "X-Render-VOI" in sections["thumbnail"]
    assert "default false" in sections["image"]
    assert all("<code>Location</code>" in sections[name] for name in ("upload-async", "peer-retrieve"))


def test_each_form_takes_what_its_endpoint_takes(sections: dict[str, str]) -> None:
    assert 'type="file" name="file" required multiple>' in sections["upload-multiple"]
    assert 'type="file" name="file" required>' in sections["upload"]
    assert re.search(r'name="file_path"[^>]* required>', sections["file"])
    assert not re.search(r'name="Range"[^>]* required>', sections["file"])


def test_examples_send_what_is_needed_and_name_what_comes(sections: dict[str, str]) -> None:
    assert '-F "file=@CT_CHEST_001.dcm" -F "file=@CD.zip"' in sections["upload-multiple"]
    assert "--output thumbnail.jpg" in sections["thumbnail"]
    assert "--output copy.dcm" in sections["deidentify"]
    for name in ("queue-add", "worklist-add", "worklist-replace", "peer-retrieve"):
        (body,) = re.findall(r"-d '([^']+)'", sections[name])
        assert json.loads(body), "an empty one is refused"
