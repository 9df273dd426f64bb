"""What holds for the source tree as a whole."""

import ast
import http
import re
import subprocess
import sys
from pathlib import Path

import pytest

from radnode import __version__
from radnode.cli.catalogue import sections
from radnode.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("node/**/*.py"), *ROOT.glob("http/**/*.py")])
LONGEST_FILE, LONGEST_FUNCTION = 260, 40


def test_http_is_no_package() -> None:
    assert not list(ROOT.glob("http/*.py"))
    assert not (ROOT / "tests" / "http").exists()
    assert not list(ROOT.glob("tests/**/__init__.py"))
    assert http.HTTPStatus.OK.phrase == "OK"
    done = subprocess.run([sys.executable, "-c", "import http; http.HTTPStatus"], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_node_is_no_package() -> None:
    assert not list(ROOT.glob("node/*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= LONGEST_FILE
    for found in ast.walk(ast.parse(text)):
        if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (found.end_lineno or found.lineno) - found.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{found.name} has {length} lines"


def test_no_file_is_called_after_nothing() -> None:
    vague = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}
    assert not [path for path in SOURCES if path.stem in vague]


def test_the_changelog_has_this_version() -> None:
    assert re.search(rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


def test_the_docs_mention_every_section() -> None:
    text = "".join((ROOT / name).read_text("utf-8") for name in ("README.md", "docs/operations.md"))
    assert [section for section in sections() if f"[{section}]" not in text] == []
    assert "[[peers]]" in text


def test_commands_in_the_docs_exist() -> None:
    for name in ("README.md", "docs/operations.md", "config/compose.yml"):
        text = (ROOT / name).read_text("utf-8")
        called = set(re.findall(r"(?:^|[`$(])\s*radnode ([a-z][a-z-]*)", text, re.MULTILINE)) - {"serves"}
        assert called <= set(VERBS), name
        for script in re.findall(r"\b(scripts/[a-z_]+)", text):
            assert (ROOT / script).is_file(), script


def test_the_readme_names_every_verb() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert [verb for verb in VERBS if not re.search(rf"\b{verb}\b", text)] == []


def test_links_in_the_docs_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    decisions = [path.name for path in ROOT.glob("docs/decisions/[0-9]*.md")]
    assert [name for name in decisions if f"({name})" not in index] == []


def test_locks_hold_no_names_of_machines() -> None:
    for path in ROOT.glob("config/*.lock"):
        text = path.read_text("utf-8")
        assert text.splitlines()[1].strip() == "#    scripts/lock", path.name
        assert not re.search(r"https?://|file:|index-url|find-links", text), path.name


def test_the_locks_agree() -> None:
    locked = [
        dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", path.read_text("utf-8"), re.MULTILINE))
        for path in sorted(ROOT.glob("config/*.lock"))
    ]
    everything = locked[1]
    for lock in locked:
        assert {name: everything[name] for name in lock} == lock
