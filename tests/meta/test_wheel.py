"""The wheel that is built and installed the way the image does it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from radnode import __version__

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", *words, str(ROOT)], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_both_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "radnode", "radnode_http", f"radnode-{__version__}.dist-info",
    }  # fmt: skip
    for package, folder in (("radnode", "node"), ("radnode_http", "http")):
        sources = {str(path.relative_to(ROOT / folder)) for path in (ROOT / folder / package).rglob("*.py")}
        assert sources <= set(names)
        assert f"{package}/py.typed" in names


def test_it_runs_where_there_is_no_source_tree(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    words = ["pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True)
    code = f"import sys; sys.path.insert(0, {str(target)!r}); import radnode, radnode_http; print(radnode.__file__)"
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # a copy is not measured
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path, env=bare
    )
    assert done.stdout.startswith(str(target))
