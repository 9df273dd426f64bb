"""Servers filled with the images that pictures are asked of, and where each of them has its pictures."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from benchmarks.programs import environment, free_port
from benchmarks.servers import ORTHANC, RADNODE, Server, Site
from benchmarks.serving import Failed, Running, serve

THUMBNAIL = 128
"""Pixels that the longer side of a thumbnail has at most."""
_SECONDS = 60
Names = Mapping[str, Sequence[str]]
"""What a server calls each file of a set: by the set's key, in the order of the files."""


@dataclass(frozen=True)
class Contender:
    """A way to ask a server for pictures: their paths, by what the server calls a file and a frame (1 the first).

    `thumbnail` is None where it makes none. `forget` are the folders that keep pictures, below its storage.
    """

    title: str
    server: Server
    picture: Callable[[str], str]
    frame: Callable[[str, int], str]
    thumbnail: Callable[[str], str] | None = None
    forget: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """As part of a file name."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.title)


IMAGE = Contender(
    "radnode /image",
    RADNODE,
    "/api/dicom/image/{}".format,
    "/api/dicom/image/{}?frame={}".format,
    f"/api/dicom/thumbnail/{{}}?size={THUMBNAIL}&format=png".format,
    (".radnode/pictures",),
)
PREVIEW = Contender(
    "Orthanc /preview",
    ORTHANC,
    "/instances/{}/preview".format,
    lambda name, frame: f"/instances/{name}/frames/{frame - 1}/preview",
)
RENDERED = Contender(
    "Orthanc /rendered",
    ORTHANC,
    "/instances/{}/rendered".format,
    lambda name, frame: f"/instances/{name}/frames/{frame - 1}/rendered",
    f"/instances/{{}}/rendered?width={THUMBNAIL}&height={THUMBNAIL}&smooth=0".format,
)
CONTENDERS = (IMAGE, PREVIEW, RENDERED)


@dataclass(frozen=True)
class Open:
    """A contender that runs: where it takes requests, with which headers, and what it calls the files."""

    contender: Contender
    running: Running
    port: int
    headers: dict[str, str]
    names: Names


@dataclass(frozen=True)
class Gallery:
    """A contender's own filled folder, so that none finds in a cache what another has asked for."""

    contender: Contender
    folder: Path
    names: Names

    @contextmanager
    def open(self) -> Iterator[Open]:
        """It runs and is idle, and has made no picture yet: what earlier ones left on the disk is gone."""
        for name in self.contender.forget:
            shutil.rmtree(self.folder / "storage" / name, ignore_errors=True)
        with _serve(self.contender.server, self.folder) as (running, port, headers):
            yield Open(self.contender, running, port, headers, self.names)


def fill(contenders: Sequence[Contender], files: Mapping[str, Sequence[Path]], work: Path) -> list[Gallery]:
    """Each contender's gallery of the files, by set; what has the same server is filled once and copied."""
    galleries: list[Gallery] = []
    for contender in contenders:
        folder = work / f"gallery-{contender.key}"
        same = next((one for one in galleries if one.contender.server is contender.server), None)
        if same:
            shutil.copytree(same.folder, folder)
            names = same.names
        else:
            with _serve(contender.server, folder) as (_, port, headers):
                names = {key: [_upload(contender.server, port, headers, file) for file in files[key]] for key in files}
        galleries.append(Gallery(contender, folder, names))
    return galleries


@contextmanager
def _serve(server: Server, folder: Path) -> Iterator[tuple[Running, int, dict[str, str]]]:
    site = Site(folder, free_port(), is_filling=True, decodes=True)
    with serve(server, site, no_delay=True, kept=True) as running:
        if server is RADNODE:
            port = json.loads((site.storage / ".radnode/ready.json").read_text())["http_port"]
            yield running, port, {"Authorization": f"Bearer {_token(site.storage)}"}
        else:
            yield running, json.loads((folder / "orthanc.json").read_text())["HttpPort"], {}


def _token(storage: Path) -> str:
    verb = ["token", "--subject", "bench", "--scope", "dicom:read dicom:write", "--ttl", "8h"]
    command = [sys.executable, "-m", "radnode", *verb, "--archive.root", str(storage)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment(no_delay=True), cwd=storage
    )
    return done.stdout.strip()


def _upload(server: Server, port: int, headers: Mapping[str, str], file: Path) -> str:
    """What the server calls the file."""
    at = f"http://127.0.0.1:{port}"
    with file.open("rb") as data:
        if server is RADNODE:
            upload = {"file": (file.name, data)}
            answer = requests.post(f"{at}/api/dicom/upload", files=upload, headers=headers, timeout=_SECONDS)
        else:
            answer = requests.post(f"{at}/instances", data=data, timeout=_SECONDS)
    if not answer.ok:
        raise Failed(f"{server.name} does not take {file.name}: {answer.status_code} {answer.text[:200]}")
    name: str = answer.json()["file_path" if server is RADNODE else "ID"]
    return name
