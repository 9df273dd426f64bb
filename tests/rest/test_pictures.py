"""Pictures over HTTP: parameters, thumbnails, what clients and the node keep of them, and what they tell."""

import asyncio
import gc
import random
import sys
import threading
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientResponse
from PIL import Image
from prometheus_client import REGISTRY
from support.instances import REMOVED, bundled, encode_part10, make_instance
from support.pictures import image_of
from support.rest import Rest, make_token, open_archive, rest_settings, serving, serving_new_archive, until

from radnode.archive.picture_cache import PictureCache
from radnode.instance.pictures.picture import Facts, Picture
from radnode.model.errors import CannotRender, TooBusy
from radnode.sections.render import RenderSettings
from radnode_http import streaming
from radnode_http.errors import BUSY, Disconnected
from radnode_http.keeping import MUCH
from radnode_http.render_pool import RenderPool

IMAGE, THUMBNAIL = "/api/dicom/image/", "/api/dicom/thumbnail/"
PATCHY = np.add.outer(np.arange(300), np.arange(200)).astype(np.uint16)


class Counting(RenderPool):
    """A real pool that counts what it was asked for."""

    count = 0

    async def render(self, *wanted: Any, **options: Any) -> Picture:
        self.count += 1
        return await super().render(*wanted, **options)


@pytest.fixture(scope="module")
def pool() -> Counting:
    return Counting(1, 30)


@pytest.fixture(scope="module")
async def shown(tmp_path_factory: pytest.TempPathFactory, pool: Counting) -> AsyncIterator[Rest]:
    """A server that makes pictures, for tests that leave nothing behind."""
    root = tmp_path_factory.mktemp("shown") / "storage"
    async with serving_new_archive(root, pool=pool) as rest:
        yield rest


async def stored(rest: Rest, number: int, **overrides: Any) -> str:
    """The path of an image of 300 rows and 200 columns that no other number has."""
    return await rest.stored(encode_part10(image_of(PATCHY, SOPInstanceUID=f"1.2.{number}", **overrides)))


async def got(rest: Rest, url: str, status: int = 200, *, known: str = "-") -> tuple[ClientResponse, bytes]:
    """The answer to a client that knows these tags."""
    async with rest.session.get(url, headers={"If-None-Match": known}) as answer:
        body = await answer.read()
        assert answer.status == status, body
        return answer, body


def size_of(picture: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(picture)) as image:
        return image.size


def kept(rest: Rest) -> list[Path]:
    """The files of kept pictures that are whole."""
    pictures = rest.archive.layout.pictures
    return sorted(file for file in pictures.glob("*/*/*") if file.suffix != ".part")


async def test_without_parameters_the_answer_is_the_guides(shown: Rest) -> None:
    answer, body = await got(shown, IMAGE + await stored(shown, 1))
    assert answer.headers["Content-Type"] == "image/png"
    assert size_of(body) == (200, 300)


@pytest.mark.parametrize("route", [IMAGE, THUMBNAIL])
async def test_a_bad_parameter_is_named(shown: Rest, route: str) -> None:
    url = route + await stored(shown, 2)
    bad = ["frame=0", "frame=x", "frame=-1", "frame=1.0", "window=", "window=40,0", "window=40,-1", "window=%00"]
    bad += ["window=%0A", f"window={'x' * 65}", "format=gif", "quality=0", "nothing=1"]
    if route == IMAGE:
        bad += ["width=0", "width=16385", "height=x", "height=", "enlarge=1", "invert=yes", "overlays=True", "size=100"]
    else:
        bad += ["size=15", "size=513", "size=", "width=100", "invert=true"]
    for query in bad:
        detail = await shown.refused("GET", f"{url}?{query}", 400)
        assert query.partition("=")[0] in detail, query
    assert "given more than once" in await shown.refused("GET", f"{url}?frame=1&frame=1", 400)


async def test_parameters_arrive_at_the_renderer(tmp_path: Path) -> None:
    class Noting(RenderPool):
        wishes: tuple[Any, ...] = ()

        async def render(self, *wanted: Any, **options: Any) -> Picture:
            self.wishes += (wanted[1],)
            return Picture(b"picture", Facts(voi="window 1\r\nX-Evil: 1 \u00e9", frame="3"))

    noting = Noting(0, 30)
    async with serving_new_archive(tmp_path / "storage", pool=noting) as rest:
        path = await stored(rest, 1)
        query = "frame=3&window=-40.5,4e2&width=10&height=20&enlarge=true&invert=true&overlays=true"
        answer, _ = await got(rest, f"{IMAGE}{path}?{query}&format=jpeg&quality=7")
        await got(rest, f"{IMAGE}{path}?window=bone")
        await got(rest, f"{THUMBNAIL}{path}?window=auto&size=64")
        await got(rest, f"{THUMBNAIL}{path}")
    first, second, third, fourth = noting.wishes
    assert (first.frame, first.window, first.width, first.height) == (3, (-40.5, 400.0), 10, 20)
    assert (first.enlarge, first.invert, first.overlays, first.format, first.quality) == (True, True, True, "jpeg", 7)
    assert (second.window, second.frame) == ("bone", 1)
    assert (third.window, third.width, third.height, third.frame, third.format) == ("auto", 64, 64, None, "jpeg")
    assert (fourth.width, fourth.height, fourth.enlarge, fourth.window) == (128, 128, False, None)
    assert answer.headers["X-Render-VOI"] == "window 1??X-Evil: 1 ?"
    assert answer.headers["X-Render-Frame"] == "3"
    assert "X-Evil" not in answer.headers


async def test_one_window_in_many_spellings_is_one_picture(shown: Rest) -> None:
    url, told = IMAGE + await stored(shown, 20), set()
    for window in ("-0,400", "0,400", "-0.0,4e2", "%2B.0,%2B400.00", "%200%20,%20400", "0e5,40000e-2"):
        answer, body = await got(shown, f"{url}?window={window}")
        told.add((answer.headers["ETag"], answer.headers["X-Render-VOI"], body))
    assert [fact for _, fact, _ in told] == ["window 0/400 linear as asked for"]


async def test_a_picture_is_made_once_and_the_same_for_ever(shown: Rest, pool: Counting, tmp_path: Path) -> None:
    url = IMAGE + await stored(shown, 3)
    before, files = pool.count, len(kept(shown))
    cold, made = await got(shown, url)
    await until(lambda: len(kept(shown)) > files)
    warm, again = await got(shown, f"{url}?quality=3&enlarge=false&format=png&frame=1&invert=false")
    assert (pool.count, made) == (before + 1, again)
    changing = {"X-Request-ID", "Date"}
    assert {k: v for k, v in cold.headers.items() if k not in changing} == {
        k: v for k, v in warm.headers.items() if k not in changing
    }
    async with serving(shown.archive, shown.settings) as restarted:  # it has no processes to make pictures with
        later, still = await got(restarted, url)
    assert (later.headers["ETag"], still) == (cold.headers["ETag"], made)
    async with serving_new_archive(tmp_path / "storage", pool=RenderPool(1, 30)) as another:
        elsewhere, equal = await got(another, IMAGE + await stored(another, 3))
    assert (elsewhere.headers["ETag"], equal) == (cold.headers["ETag"], made)


async def test_what_differs_has_another_tag(shown: Rest) -> None:
    one, another = IMAGE + await stored(shown, 4), IMAGE + await stored(shown, 5)
    queries = ("", "?format=jpeg", "?format=jpeg&quality=5", "?window=1,2", "?window=auto", "?width=9", "?invert=true")
    urls = [one + query for query in queries] + [another, f"{one}?overlays=true", f"{one}?width=900&enlarge=true"]
    answers = await asyncio.gather(*(got(shown, url) for url in urls))
    tags = [answer.headers["ETag"] for answer, _ in answers]
    assert len(set(tags)) == len(urls)
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


async def test_who_has_it_is_not_sent_it_again(shown: Rest, pool: Counting) -> None:
    url = IMAGE + await stored(shown, 6)
    answer, _ = await got(shown, url)
    tag, before = answer.headers["ETag"], pool.count
    assert answer.headers["Cache-Control"] == "private, max-age=3600, immutable"
    assert answer.headers.getall("Vary") == ["Authorization"]
    for condition in (tag, f"W/{tag}", f'"other", {tag}', f'W/"a",W/{tag}', "*"):
        unchanged, body = await got(shown, url, 304, known=condition)
        assert body == b""
        assert [unchanged.headers[name] for name in ("ETag", "Cache-Control", "Vary")] == [
            answer.headers[name] for name in ("ETag", "Cache-Control", "Vary")
        ]
        assert "Content-Type" not in unchanged.headers
    for condition in ('"other"', tag.strip('"'), "", "W/*"):
        assert (await got(shown, url, known=condition))[1]
    assert pool.count == before
    await got(shown, f"{url}?width=7", known=tag)


async def test_metrics_tell_where_pictures_came_from(shown: Rest) -> None:
    def counted() -> list[float]:
        samples = (
            REGISTRY.get_sample_value("radnode_pictures_total", {"source": one}) for one in ("made", "kept", "known")
        )
        return [sample or 0 for sample in samples]

    before = counted()
    url = THUMBNAIL + await stored(shown, 19)
    answer, _ = await got(shown, url)
    await until(lambda: answer.headers["ETag"].strip('"') in {file.name for file in kept(shown)})
    await got(shown, url)
    await got(shown, url, 304, known=answer.headers["ETag"])
    assert [after - first for after, first in zip(counted(), before, strict=True)] == [1, 1, 1]


async def test_head_says_what_get_says(shown: Rest) -> None:
    for url in (IMAGE + await stored(shown, 7), THUMBNAIL + await stored(shown, 8)):
        async with shown.session.head(url) as bare:
            assert (bare.status, await bare.read()) == (200, b"")
        full, body = await got(shown, url)
        own = {"X-Request-ID", "Date"}
        assert {k: v for k, v in bare.headers.items() if k not in own} == {
            k: v for k, v in full.headers.items() if k not in own
        }
        assert int(bare.headers["Content-Length"]) == len(body)
        async with shown.session.head(url, headers={"If-None-Match": full.headers["ETag"]}) as answer:
            assert answer.status == 304


async def test_refusals_come_before_conditions_and_are_kept_by_nobody(shown: Rest) -> None:
    path = await stored(shown, 9)
    answer, _ = await got(shown, IMAGE + path)
    held = {"If-None-Match": answer.headers["ETag"]}
    without = await shown.refused("GET", IMAGE + path, 401, headers={**held, "Authorization": ""})
    assert without
    token = {"Authorization": f"Bearer {make_token('dicom:write')}"}
    await shown.refused("GET", IMAGE + path, 403, headers=held | token)
    async with shown.session.delete(f"/api/dicom/{path}") as deleted:
        assert deleted.status == 200
    for condition in (held, {"If-None-Match": "*"}, {}):
        assert await shown.refused("GET", IMAGE + path, 404, headers=condition) == "DICOM file not found"
    empty = await stored(shown, 10, PixelData=REMOVED)
    for url in (IMAGE + empty, THUMBNAIL + empty, f"{IMAGE}{path}"):
        async with shown.session.get(url, headers={"If-None-Match": "*"}) as refused:
            assert refused.status in (400, 404)
            assert refused.headers["Cache-Control"] == "no-store"
            assert "ETag" not in refused.headers


async def test_pictures_go_with_their_object(shown: Rest) -> None:
    one, other = await stored(shown, 11), await stored(shown, 12)
    await asyncio.gather(*(got(shown, IMAGE + path) for path in (one, other)), got(shown, THUMBNAIL + one))
    await until(lambda: all(len(of(shown, path)) == number for path, number in ((one, 2), (other, 1))))
    replacing = await stored(shown, 11, StudyDescription="another object of the same SOP Instance UID")
    assert of(shown, one) == []
    assert await shown.refused("GET", IMAGE + one, 404) == "DICOM file not found"
    await got(shown, IMAGE + replacing)
    async with shown.session.delete(f"/api/dicom/{other}"):
        assert of(shown, other) == []


def of(rest: Rest, path: str) -> list[Path]:
    name = Path(path).stem
    return [file for file in kept(rest) if file.parent.name == name]


async def test_equal_requests_at_once_are_one_picture(shown: Rest, pool: Counting) -> None:
    url, before = IMAGE + await stored(shown, 13), pool.count
    answers = await asyncio.gather(*(got(shown, f"{url}?format=jpeg&quality={n % 2 + 1}") for n in range(20)))
    assert pool.count <= before + 2
    assert len({body for _, body in answers}) == len({answer.headers["ETag"] for answer, _ in answers}) == 2


async def test_who_comes_as_others_go_gets_the_picture(tmp_path: Path) -> None:
    class Leaving(RenderPool):
        asked: tuple[Callable[[], bool], ...] = ()

        async def render(self, *_: Any, **options: Any) -> Picture:
            self.asked += (options["is_wanted"],)
            if len(self.asked) == 1:
                await until(leaving.is_set)
                raise Disconnected
            return Picture(b"picture", Facts())

    pool, leaving = Leaving(0, 30), asyncio.Event()
    async with open_archive(tmp_path) as archive, serving(archive, rest_settings(tmp_path), pool=pool) as rest:
        url = IMAGE + await stored(rest, 1)

        async with rest.connected() as (_, client):
            head = f"GET {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {make_token()}\r\n\r\n"
            client.write(head.encode())
            await until(lambda: pool.asked)
            client.transport.abort()
        await until(lambda: not pool.asked[0]())
        later = asyncio.create_task(got(rest, url))
        await until(pool.asked[0])
        leaving.set()
        assert (await later)[1] == b"picture"
    assert len(pool.asked) == 2


async def test_who_does_not_take_a_large_picture_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = random.Random(1).randbytes(16_000_000)

    class Large(RenderPool):
        async def render(self, *_: Any, **__: Any) -> Picture:
            return Picture(whole, Facts())

    def let_go() -> float | None:
        labels = {"method": "GET", "route": "/api/dicom/image/{file_path}", "status": "499"}
        return REGISTRY.get_sample_value("radnode_http_requests_total", labels)

    before = let_go() or 0
    async with serving_new_archive(tmp_path / "storage", pool=Large(0, 30)) as rest:
        url = IMAGE + await stored(rest, 1)
        answer, body = await got(rest, url)
        assert (answer.headers["Content-Length"], body) == (f"{len(whole)}", whole)
        async with rest.session.head(url) as bare:
            assert bare.headers["Content-Length"] == f"{len(whole)}"
            assert bare.headers.keys() == answer.headers.keys()
        monkeypatch.setattr(streaming, "STALL", 0.3)
        async with rest.connected() as (reader, writer):
            writer.write(f"GET {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {make_token()}\r\n\r\n".encode())
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await until(lambda: let_go() == before + 1)


async def test_clients_that_go_leave_nothing_in_memory(tmp_path: Path) -> None:
    whole = random.Random(1).randbytes(16_000_000)

    class Large(RenderPool):
        async def render(self, *_: Any, **__: Any) -> Picture:
            return Picture(whole, Facts())

    settings = RenderSettings(cache_size=0)
    async with serving_new_archive(tmp_path / "storage", pool=Large(0, 30), render=settings) as rest:
        url, held = IMAGE + await stored(rest, 1), sys.getrefcount(whole)
        gc.disable()
        try:
            for _ in range(3):
                async with rest.connected() as (reader, writer):
                    head = f"GET {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {make_token()}\r\n\r\n"
                    writer.write(head.encode())
                    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
                    assert sys.getrefcount(whole) > held
                    writer.transport.abort()
            await until(lambda: sys.getrefcount(whole) == held)
        finally:
            gc.enable()


async def test_a_slow_disk_costs_the_keeping_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(RenderPool):
        async def render(self, *_: Any, **__: Any) -> Picture:
            return Picture(bytes(2**22), Facts())

    def keep_later(*told: Any) -> bool:
        waiting.append(told)
        return disk.wait(20) and keep(*told)

    disk, waiting, keep = threading.Event(), list[Any](), PictureCache.keep
    monkeypatch.setattr(PictureCache, "keep", keep_later)
    async with serving_new_archive(tmp_path / "storage", pool=Plain(0, 30)) as rest:
        url = IMAGE + await stored(rest, 1)
        for number in range(1, 25):
            await got(rest, f"{url}?window={number},400")
        assert len(waiting) <= 1  # one thread waits for the disk
        disk.set()
        await until(lambda: len(kept(rest)) == 2 * MUCH // 2**22 + 1)
    assert len(waiting) == 2 * MUCH // 2**22 + 1


async def test_a_full_queue_is_503_with_retry_after_and_a_bad_image_422(tmp_path: Path) -> None:
    class Refusing(RenderPool):
        error: Exception = TooBusy(BUSY)

        async def render(self, *_: Any, **__: Any) -> Picture:
            raise self.error

    pool = Refusing(0, 30)
    async with serving_new_archive(tmp_path / "storage", pool=pool) as rest:
        url = THUMBNAIL + await stored(rest, 1)
        async with rest.session.get(url) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
            assert await answer.json() == {"detail": "too many pictures are being made"}
        pool.error = CannotRender("because")
        assert await rest.refused("GET", url, 422) == "Cannot convert pixel array to image: because"


async def test_thumbnails_are_small_jpegs_and_never_enlarged(shown: Rest) -> None:
    answer, body = await got(shown, THUMBNAIL + await stored(shown, 14))
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert size_of(body) == (85, 128)
    _, body = await got(shown, f"{THUMBNAIL}{await stored(shown, 14)}?size=512&format=png")
    assert size_of(body) == (200, 300)


async def test_of_many_frames_the_thumbnail_shows_the_one_that_stands_for_all(shown: Rest) -> None:
    five = {"NumberOfFrames": 5, "PixelData": PATCHY.tobytes() * 5}
    plain, marked = await stored(shown, 15, **five), await stored(shown, 16, **five, RepresentativeFrameNumber=2)
    wrong = await stored(shown, 17, **five, RepresentativeFrameNumber=6)
    for url, frame in (
        (THUMBNAIL + plain, "3"),
        (THUMBNAIL + marked, "2"),
        (THUMBNAIL + wrong, "3"),
        (f"{THUMBNAIL}{marked}?frame=5", "5"),
        (IMAGE + marked, "1"),
        (f"{IMAGE}{marked}?frame=4", "4"),
    ):
        answer, _ = await got(shown, url)
        assert answer.headers["X-Render-Frame"] == frame
    for route in (IMAGE, THUMBNAIL):
        detail = await shown.refused("GET", f"{route}{plain}?frame=6", 400)
        assert detail == "Parameter frame must be from 1 to 5"


async def test_a_window_that_there_is_not_is_refused_with_those_that_there_are(shown: Rest) -> None:
    path = await stored(shown, 18, WindowCenter="40", WindowWidth="400")
    for query in ("no%20such%20window", "40", "40;400"):
        detail = await shown.refused("GET", f"{IMAGE}{path}?window={query}", 400)
        assert detail == "Parameter window must be center,width or one of auto, robust, full, 1"
    answer, _ = await got(shown, f"{IMAGE}{path}?window=40,400")
    assert "40/400" in answer.headers["X-Render-VOI"]


@pytest.mark.parametrize(
    ("name", "decoder"),
    [
        ("CT_small.dcm", "none"),
        ("SC_rgb_rle.dcm", "pylibjpeg-rle (RLE)"),
        ("examples_jpeg2k.dcm", "OpenJPEG (JPEG 2000)"),
        ("SC_rgb_jpeg_dcmtk.dcm", "libjpeg (JPEG, discrete cosine transform)"),
    ],
)
async def test_the_decoder_is_told(shown: Rest, name: str, decoder: str) -> None:
    answer, _ = await got(shown, THUMBNAIL + await shown.stored(bundled(name).read_bytes()))
    assert answer.headers["X-Render-Decoder"] == decoder


async def test_many_thumbnails_leave_room_for_other_requests(shown: Rest) -> None:
    path = await shown.stored(bundled("CT_small.dcm").read_bytes())
    gallery = [got(shown, f"{THUMBNAIL}{path}?window={n},400") for n in range(60)]
    waiting = asyncio.gather(*gallery)
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await asyncio.gather(*(got(shown, f"/api/dicom/metadata/{path}") for _ in range(4)))
    assert {answer.status for answer, _ in await waiting} == {200}


async def test_without_room_every_picture_is_made_anew(tmp_path: Path, pool: Counting) -> None:
    for settings in (RenderSettings(cache_size=0), RenderSettings(cache_reserve=2**50)):
        async with serving_new_archive(tmp_path / "storage", pool=Counting(1, 30), render=settings) as rest:
            url = IMAGE + await stored(rest, 1)
            bodies = [(await got(rest, url))[1] for _ in range(2)]
            assert bodies[0] == bodies[1]
            assert not rest.archive.layout.pictures.exists()


async def test_objects_without_pixels_say_so(shown: Rest) -> None:
    path = await shown.stored(encode_part10(make_instance(PixelData=REMOVED, SOPInstanceUID="1.2.99")))
    for route in (IMAGE, THUMBNAIL):
        assert await shown.refused("GET", route + path, 400) == "DICOM file does not contain pixel data"
