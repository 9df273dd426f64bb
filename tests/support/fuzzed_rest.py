"""A node whose REST endpoints are asked for fuzzed files, and what has to be true of it after each of them."""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from support.fuzzed_files import FuzzedFile
from support.fuzzed_node import memory
from support.instances import bundled
from support.node import Node

Json = dict[str, Any]
SLOWEST = 30.0
"""Seconds within which every answer is there, whatever was stored."""
GROWTH = 96 << 20
"""Bytes that the REST process may grow by: buffers, caches, what the allocator keeps."""
KNOWN = {"file_path", "study_uid", "series_uid"}
NEVER = frozenset({500, 503, 507})
"""Statuses that no single client gets of a node with room, though they are documented."""
QUERY: Mapping[str, tuple[str, ...]] = {
    "frame": ("1", "2", "7", "99999"),
    "window": ("auto", "40,400", "-1e30,1e-30", "0,1", "lung", "nothing", "NORMAL", "WIDE", "1", "2", "robust"),
    "width": ("1", "64", "4096"),
    "height": ("1", "64", "4096"),
    "size": ("1", "64", "1024"),
    "enlarge": ("true",),
    "invert": ("true",),
    "overlays": ("true",),
    "quality": ("1", "100"),
}
"""What is asked for beside what the document enumerates."""


@dataclass(frozen=True)
class Operation:
    """What can be asked of a stored file, its study or its series, and the statuses that may come."""

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]]
    flags: tuple[str, ...]
    statuses: frozenset[int]


@dataclass
class FuzzedRest:
    """One node; `slow` counts answers that took longer than a second, `statuses` what came of each operation."""

    root: Path
    slow: list[str] = field(default_factory=list)
    statuses: dict[tuple[str, int], int] = field(default_factory=dict)

    def __enter__(self) -> "FuzzedRest":
        with ExitStack() as undo:
            self._node = undo.enter_context(Node(self.root, "--http.render_timeout", "5"))
            self._session = undo.enter_context(requests.Session())
            self._session.headers["Authorization"] = f"Bearer {self._node.token()}"
            self._operations = tuple(_operations(self._call("GET", "/api/openapi.json").json()))
            self._good = self._stored(bundled("CT_small.dcm").read_bytes())
            self._warm_up()
            self._rest = self._process()
            self._memory = memory(self._rest)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def ask(self, file: FuzzedFile) -> bool:
        """Upload it and ask every endpoint for it; AssertionError for a fault. False where it was not taken."""
        answer = self._session.post(
            f"{self._node.url}/api/dicom/upload", files={"file": ("a.dcm", file.data)}, timeout=60
        )
        assert answer.status_code in (200, 400), (file.made_of, file.spoilt, answer.status_code, answer.text)
        if answer.status_code == 400:
            return False
        noise = random.Random(file.data[-64:])
        path = answer.json()["file_path"]
        for operation in self._operations:
            for query, flags in _wishes(operation, noise):
                self._ask(operation, path, query, flags, file)
        if noise.random() < 0.5:
            assert self._call("DELETE", f"/api/dicom/{path}").status_code == 200
        return True

    def assert_well(self) -> None:
        """It is the same process, has not grown, and makes the good picture that it made before."""
        assert self._process() == self._rest, "the REST process is another one"
        assert (
            self._call(
                "GET", f"/api/dicom/image/{self._good}?window=40,{random.Random().randrange(100, 9999)}"
            ).status_code
            == 200
        )
        grown = memory(self._rest) - self._memory
        assert grown < GROWTH, f"the REST process has grown by {grown >> 20} MiB"
        faults = [one for one in self._node.events() if one["event"] == "request_failed"]
        assert not faults, faults[-1]

    def _ask(
        self, operation: Operation, path: str, query: Mapping[str, str], flags: Mapping[str, bool], file: FuzzedFile
    ) -> None:
        _, study, series, _ = path.split("/")
        url = operation.path.format(file_path=path, study_uid=study, series_uid=series)
        body: Json = {"json": flags} if operation.method == "POST" else {}
        started = time.monotonic()
        answer = self._call(operation.method, url, params=query, **body)
        took = time.monotonic() - started
        asked = f"{file.made_of} {file.spoilt}: {operation.path} {query} {flags}"
        told = f"{asked}: {answer.status_code} {answer.text[:200]!r}"
        assert answer.status_code in operation.statuses - NEVER, told
        if took > 1:
            self.slow.append(f"{took:.1f} s: {told}")
        assert took < SLOWEST, told
        key = operation.path, answer.status_code
        self.statuses[key] = self.statuses.get(key, 0) + 1

    def _call(self, method: str, url: str, **options: Any) -> requests.Response:
        return self._session.request(method, f"{self._node.url}{url}", timeout=120, **options)

    def _stored(self, data: bytes) -> str:
        files = {"file": ("good.dcm", data)}
        answer = self._session.post(f"{self._node.url}/api/dicom/upload", files=files, timeout=60)
        path = answer.json()["file_path"]
        assert isinstance(path, str)
        return path

    def _warm_up(self) -> None:
        """What is loaded and opened for the first file is no leak."""
        for operation in self._operations:
            self._ask(operation, self._good, {}, {}, FuzzedFile("CT_small.dcm", (), b""))

    def _process(self) -> int:
        return next(pid for pid, name in self._node.children().items() if name == "rest")


def _operations(document: Json) -> Iterator[Operation]:
    """Those of the document that are about stored files and only read."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parameters = operation.get("parameters", [])
            named = {one["name"] for one in parameters if one["in"] == "path"}
            if method in ("get", "post") and named and named <= KNOWN:
                query = {one["name"]: _choices(one) for one in parameters if one["in"] == "query"}
                statuses = frozenset(map(int, operation["responses"]))
                yield Operation(method.upper(), path, query, tuple(_flags(document, operation)), statuses)


def _choices(parameter: Json) -> tuple[str, ...]:
    enumerated = parameter["schema"].get("enum")
    return tuple(map(str, enumerated)) if enumerated else QUERY.get(parameter["name"], ("1",))


def _flags(document: Json, operation: Json) -> Iterator[str]:
    """The fields of the operation's body that are true or false."""
    for media in operation.get("requestBody", {"content": {}})["content"].values():
        model = document["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
        yield from (name for name, field in model["properties"].items() if field.get("type") == "boolean")


def _wishes(operation: Operation, noise: random.Random) -> Iterator[tuple[Mapping[str, str], Mapping[str, bool]]]:
    """Nothing but the file at first, then some parameters at once."""
    yield {}, {}
    if operation.query or operation.flags:
        names = noise.sample(sorted(operation.query), noise.randrange(len(operation.query) + 1))
        flags = {name: noise.random() < 0.5 for name in operation.flags}
        yield {name: noise.choice(operation.query[name]) for name in names}, flags
