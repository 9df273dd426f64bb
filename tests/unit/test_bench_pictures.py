"""The parts of scripts/bench render: its client, what it asks for, its images, its tables."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from benchmarks.asking import Answers, Errand, ask_apart
from benchmarks.galleries import IMAGE, PREVIEW, RENDERED, Open
from benchmarks.picture_tables import markdown, percentile
from benchmarks.pictured import SERIES, SETS
from benchmarks.picturing import Ask, Found, asks_of, paths_of
from benchmarks.servers import RADNODE
from benchmarks.serving import Running
from pydicom.uid import UID

CT, LOOP = (next(one for one in SETS if one.kind.key == key) for key in ("ct", "loop"))


class Answering(BaseHTTPRequestHandler):
    """Says how often its own connection was asked, and more bytes than the client takes at once."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        status = 200 if self.headers["Authorization"] == "Bearer me" else 401
        body = b"x" * (3 << 20 if self.path == "/large" else 100)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=partial(server.serve_forever, poll_interval=0.01)).start()
        yield server.server_port
        server.shutdown()


def test_the_client_has_every_answer_timed_and_measured(port: int) -> None:
    before = Answering.asked
    answers = ask_apart(Errand(port, ["/large", *["/"] * 20], 4, {"Authorization": "Bearer me"}))
    assert sorted(answers.sizes) == [*[100] * 20, 3 << 20]
    assert len(answers.latencies) == 21
    assert max(answers.latencies) <= answers.seconds
    assert answers.problem == ""
    assert Answering.asked - before == 21


def test_the_client_tells_of_a_refusal(port: int) -> None:
    assert ask_apart(Errand(port, ["/"])).problem.startswith("/: 401 x")


def opened(contender: str) -> Open:
    found = next(one for one in (IMAGE, PREVIEW, RENDERED) if one.title == contender)
    names = {"ct": ["a", "b", "c"], "loop": ["m"], SERIES.key: ["t"]}
    return Open(found, Running(RADNODE, 0, 0), 0, {}, names)


def test_nobody_asks_for_what_another_has_asked_for() -> None:
    single, many, thumbnails = asks_of([CT], (1, 8), thumbnails=True)
    radnode, preview = opened(IMAGE.title), opened(PREVIEW.title)
    assert paths_of(single, radnode) == ["/api/dicom/image/a", "/api/dicom/image/c"]
    assert paths_of(many, radnode) == ["/api/dicom/image/b"]
    assert paths_of(thumbnails, radnode) == ["/api/dicom/thumbnail/t?size=128&format=png"]
    assert (thumbnails.clients, paths_of(thumbnails, preview)) == (8, [])


def test_frames_begin_at_one_here_and_at_zero_there() -> None:
    ask = Ask(LOOP, 1, 1, 64)
    assert paths_of(ask, opened(IMAGE.title)) == ["/api/dicom/image/m?frame=2"]
    assert paths_of(ask, opened(RENDERED.title)) == ["/instances/m/frames/1/rendered"]


@pytest.mark.parametrize("key", ["mr", "us", "jpeg", "rle"])
def test_images_are_as_large_as_their_set_says_and_differ(key: str) -> None:
    pictures = next(one for one in SETS if one.kind.key == key)
    first, second = pictures.kind.make(0), pictures.kind.make(1)
    assert (first.Rows, first.Columns, first.SamplesPerPixel == 3) == (pictures.rows, pictures.columns, pictures.colour)
    assert first.PixelData != second.PixelData
    assert first.SOPInstanceUID != second.SOPInstanceUID


def test_generated_slices_have_a_body_in_air() -> None:
    slice_ = CT.kind.make(7)
    values = np.frombuffer(slice_.PixelData, np.uint16).reshape(512, 512)
    assert values[:50].mean() < 250
    assert values[240:270, 240:270].mean() > 1000
    assert UID(slice_.SOPInstanceUID).is_valid


def rounds(*rates: float) -> list[Answers]:
    return [Answers([1 / rate] * 10, [54_000] * 10, 10 / rate, 1 / rate) for rate in rates]


def test_tables_have_medians_ratios_and_who_has_no_number() -> None:
    text = markdown(
        {
            Ask(CT, 1): {
                IMAGE.title: Found(rounds(100, 300, 50), rounds(900, 900, 900)),
                RENDERED.title: Found(rounds(50, 100, 50), rounds(100, 90, 300)),
            },
            Ask(None, 8): {
                IMAGE.title: Found(rounds(100), rounds(1000)),
                PREVIEW.title: Found(problem="makes none"),
            },
        }
    )
    cold = "| CT 512x512 | 10.0 (20.0), 100/s | 20.0 (20.0), 50.0/s | **2.00x** (1.00 to 3.00) |"
    assert f"radnode /image to Orthanc /rendered |\n|---|---|---|---|\n{cold}" in text
    assert "| CT 512x512 | 1.11 (1.11), 900/s | 10.0 (11.1), 100/s | **9.00x** (3.00 to 10.00) |" in text
    assert "| 200 thumbnails of a series, CT 512x512, 8 clients | radnode /image |" in text
    assert "| CT 512x512 | 54.0 | 54.0 | - |" in text
    assert "The client took 10% of a core" in text
    assert "- Orthanc /preview, 200 thumbnails of a series, CT 512x512, 8 client(s): makes none" in text


def test_percentiles() -> None:
    assert percentile([3, 1, 2], 99) == 3
    assert percentile(range(1, 201), 99) == 198
    assert percentile([5], 50) == 5
