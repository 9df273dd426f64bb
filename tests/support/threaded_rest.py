"""A REST server in a thread of its own, for clients that do not await: requests, schemathesis."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from support.rest import as_bearer, make_token, open_archive, rest_settings, serving

from radnode.archive.layout import Layout
from radnode.settings import Peer
from radnode.work.work_file import WorkFile
from radnode_http.render_pool import RenderPool

EVERYTHING = "dicom:admin"


@dataclass(frozen=True)
class ThreadedRest:
    """A running server; `session` has a token for everything."""

    base: str
    session: requests.Session = field(default_factory=requests.Session)

    def upload(self, file: bytes, name: str = "image.dcm") -> requests.Response:
        """The answer to an upload of these bytes."""
        return self.session.post(f"{self.base}/api/dicom/upload", files={"file": (name, file)}, timeout=60)

    def stored(self, file: bytes) -> str:
        """The path of a file that was uploaded with success."""
        answer = self.upload(file)
        assert answer.status_code == 200, answer.text
        path = answer.json()["file_path"]
        assert isinstance(path, str)
        return path

    def fill(self, files: Iterable[Path]) -> list[str]:
        """The paths of those of these files that the archive takes."""
        answers = [self.upload(file.read_bytes(), file.name) for file in files]
        return [answer.json()["file_path"] for answer in answers if answer.status_code == 200]


@contextmanager
def threaded_rest(root: Path, *peers: Peer, picture_seconds: float = 30) -> Iterator[ThreadedRest]:
    """A server over a new archive below `root` with one process for pictures, until the block ends."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    found: list[str] = []
    ready = threading.Event()

    async def serve() -> None:
        try:
            async with _serving(root, peers, picture_seconds) as base:
                found.append(base)
                ready.set()
                await stop.wait()
        finally:
            ready.set()

    thread = threading.Thread(target=lambda: asyncio.Runner(loop_factory=lambda: loop).run(serve()))
    thread.start()
    try:
        assert ready.wait(30)
        assert found, "the server did not start"
        with requests.Session() as session:
            session.headers.update(as_bearer(make_token(EVERYTHING, ttl=24 * 3600)))
            yield ThreadedRest(found[0], session)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)


@asynccontextmanager
async def _serving(root: Path, peers: tuple[Peer, ...], picture_seconds: float) -> AsyncIterator[str]:
    async with open_archive(root) as archive:
        work = await asyncio.to_thread(WorkFile.open, Layout(root).work)
        settings = rest_settings(root, peers=peers)
        async with serving(archive, settings, work=work, pool=RenderPool(1, picture_seconds)) as rest:
            yield rest.base
        await asyncio.to_thread(work.close)
