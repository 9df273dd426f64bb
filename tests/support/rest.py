"""A real REST server on a free port over a real archive, and what tests say to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import ClientResponse, ClientSession, FormData, web
from pydantic import SecretStr, TypeAdapter

from radnode.archive.archive import Archive
from radnode.archive.layout import Layout
from radnode.sections.archive import ArchiveSettings
from radnode.sections.asking import AskingSettings
from radnode.sections.bulk import BulkSettings
from radnode.sections.render import RenderSettings
from radnode.settings import AuthSettings, DicomSettings, HttpSettings, Peer, Settings
from radnode.work.work_file import WorkFile
from radnode_http.app import build_app
from radnode_http.render_pool import RenderPool
from radnode_http.serving import server_options
from radnode_http.tokens import mint

SECRET = "a secret that is long enough for HS512 too, which needs sixty-four bytes"
ALL = "dicom:read dicom:write dicom:delete"
SECTIONS = ("auth", "archive", "dicom", "asking", "render", "peers", "bulk")
NO_SUCH_FILE = f"studies/1.2/1.2.3/{'0' * 32}.dcm"


def rest_settings(root: Path, **changes: Any) -> Settings:
    """Settings for a test: `changes` are fields of the http section, or whole sections by name."""
    sections = {name: changes.pop(name) for name in SECTIONS if name in changes}
    return Settings(
        archive=sections.get("archive", ArchiveSettings(root=root)),
        http=HttpSettings(**changes),
        auth=sections.get("auth", AuthSettings(secret=SecretStr(SECRET))),
        dicom=sections.get("dicom", DicomSettings()),
        asking=sections.get("asking", AskingSettings()),
        render=sections.get("render", RenderSettings()),
        peers=sections.get("peers", ()),
        bulk=sections.get("bulk", BulkSettings()),
    )


def make_token(scope: str = ALL, *, subject: str = "tester", ttl: int = 600) -> str:
    """A token that the servers of these tests take."""
    return mint(AuthSettings(), SECRET, subject=subject, scope=scope, ttl=ttl)


def as_bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


M = TypeVar("M")


@dataclass(frozen=True)
class Rest:
    """A running server and a client of it that has a token for everything but administration."""

    base: str
    port: int
    session: ClientSession
    archive: Any
    settings: Settings

    async def upload(self, file: bytes, name: str = "image.dcm", **options: Any) -> ClientResponse:
        """The answer to an upload of these bytes."""
        form = FormData()
        form.add_field("file", BytesIO(file), filename=name, content_type="application/dicom")
        return await self.session.post("/api/dicom/upload", data=form, **options)

    async def stored(self, file: bytes) -> str:
        """The path of a file that was uploaded with success."""
        answer = await self.upload(file)
        assert answer.status == 200, await answer.text()
        path = (await answer.json())["file_path"]
        assert isinstance(path, str)
        return path

    async def refused(self, method: str, url: str, status: int, **options: Any) -> str:
        """The detail of an answer that must be an error of this status and of the one shape that errors have."""
        async with self.session.request(method, url, **options) as answer:
            assert answer.status == status, (answer.status, await answer.text())
            return await detail_of(answer)

    async def raw(self, request: bytes) -> bytes:
        """All that the server sends on a new connection that gets these bytes, until the server ends it."""
        async with self.connected() as (reader, writer):
            writer.write(request)
            return await asyncio.wait_for(reader.read(), 20)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection that carries what the test writes, and is closed behind it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def target(self, method: str, target: str) -> tuple[int, Any]:
        """Status and JSON body of a request whose target goes out as it stands here, untouched by any client."""
        token = make_token()
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        return await self.raw_status(head.encode("utf-8", "surrogateescape"))

    async def raw_status(self, request: bytes) -> tuple[int, Any]:
        """Status and JSON body of the first answer on a connection that gets these bytes."""
        async with self.connected() as (reader, writer):
            writer.write(request)
            return await read_answer(reader)


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for what the server does in its own time, so many seconds at most."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - there is no event: it is on disk
            await asyncio.sleep(0.005)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, Any]:
    """Status and JSON body of the next answer on a connection, which need not end behind it."""
    async with asyncio.timeout(20):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line for line in head.splitlines() if line.lower().startswith("content-length:"))
        body = await reader.readexactly(int(length.partition(":")[2]))
    return int(head.split()[1]), json.loads(body)


async def detail_of(answer: ClientResponse) -> str:
    """The sentence of an error, whose body and headers are checked on the way."""
    body = await answer.json()
    assert answer.content_type == "application/json"
    assert list(body) == ["detail"]
    assert isinstance(body["detail"], str)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-ID"]
    return body["detail"]


async def checked(answer: ClientResponse, model: type[M]) -> M:
    """A successful answer's body as the model that the OpenAPI document shows for it: no key more, none less."""
    text = await answer.text()
    assert answer.status == 200, text
    adapter = TypeAdapter(model)
    value = adapter.validate_json(text, strict=False)
    assert adapter.dump_python(value, mode="json") == json.loads(text)
    return value


@asynccontextmanager
async def serving(archive: Any, settings: Settings, **options: Any) -> AsyncIterator[Rest]:
    """A server over this archive (or a stand-in for it), on a free port of loopback, until the block ends.

    It has no processes that make pictures: where a test wants some it passes its own `pool`.
    """
    options.setdefault("pool", RenderPool(0, 30))
    app = await asyncio.to_thread(build_app, archive, settings, **options)
    runner = web.AppRunner(app, shutdown_timeout=5, **server_options())
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        base = f"http://127.0.0.1:{site.port}"
        async with ClientSession(base, headers=as_bearer(make_token())) as session:
            yield Rest(base, site.port, session, archive, settings)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_archive(root: Path) -> AsyncIterator[Archive]:
    """A real archive below `root`."""
    archive = await asyncio.to_thread(Archive.open, root)
    try:
        yield archive
    finally:
        await asyncio.to_thread(archive.close)


@asynccontextmanager
async def serving_new_archive(root: Path, **options: Any) -> AsyncIterator[Rest]:
    """A server over a real archive below `root`, with the settings that tests have and those of `render`."""
    settings = rest_settings(root, **{name: options.pop(name) for name in ("render",) if name in options})
    async with open_archive(root) as archive, serving(archive, settings, **options) as rest:
        yield rest


@asynccontextmanager
async def serving_with_peers(root: Path, *peers: Peer, **sections: Any) -> AsyncIterator[Rest]:
    """The same with a work file, so that jobs run, and peers that can be called."""
    settings = rest_settings(root, peers=peers, **sections)
    async with open_archive(root) as archive:
        work = await asyncio.to_thread(WorkFile.open, Layout(root).work)
        async with serving(archive, settings, work=work) as rest:
            yield rest
        await asyncio.to_thread(work.close)
