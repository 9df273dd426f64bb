"""What tells one maker of pictures from another: the code wherever it lies, and everything that it works with."""

import compileall
import shutil
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from radnode.instance.pictures import picture_key
from radnode.instance.pictures.picture_key import code_digest, renderer

HERE = Path(str(files("radnode.instance")))


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE, tmp_path / "instance", ignore=shutil.ignore_patterns("__pycache__")))


def test_the_same_code_is_the_same_maker_wherever_it_lies(code: Path) -> None:
    with zipfile.ZipFile(code.with_suffix(".zip"), "w") as archive:
        for module in sorted(code.rglob("*.py"), reverse=True):
            archive.write(module, module.relative_to(code))
    compileall.compile_dir(code, maxlevels=1, quiet=1)
    digests = {code_digest(place) for place in (HERE, code, zipfile.Path(code.with_suffix(".zip")))}
    assert len(digests) == 1
    assert digests.pop() in renderer()


def test_every_change_of_the_code_is_another_maker(code: Path) -> None:
    deep, new, seen = code / "deidentification/profile.py", code / "new.py", {code_digest(code)}
    for change in (
        lambda: deep.write_text(f"{deep.read_text()}\n"),
        lambda: deep.rename(deep.with_name("moved.py")),
        new.touch,
        lambda: new.rename(deep),
    ):
        change()
        seen.add(code_digest(code))
    assert len(seen) == 5


def test_compiled_code_alone_is_told_apart_too(code: Path) -> None:
    (code / "new.py").touch()
    compileall.compile_dir(code, quiet=1, legacy=True)
    for module in code.rglob("*.py"):
        module.unlink()
    whole = code_digest(code)
    (code / "new.pyc").unlink()
    assert code_digest(code) != whole


def test_what_decodes_video_belongs_to_the_maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    makers = {renderer.__wrapped__()}
    for program in ("first", "another"):
        (tmp_path / "ffmpeg").write_text(program)
        (tmp_path / "ffmpeg").chmod(0o755)
        makers.add(renderer.__wrapped__())
    assert len(makers) == 3
    assert {text.partition("=")[0] for text in renderer().split()} >= {"radnode", "ffmpeg", *picture_key._LIBRARIES}
