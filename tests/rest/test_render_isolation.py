"""Hostile files before a real node's render processes: each costs one request, and the next picture comes."""

import asyncio
import os
import re
import signal
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from struct import pack
from time import monotonic
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, RLELossless
from support.instances import bundled, encode_part10, make_instance
from support.processes import children, is_render_worker
from support.rest import Rest, serving_new_archive

from radnode.instance.pictures.picture import PictureWish
from radnode.model.errors import CannotRender, TooBusy
from radnode_http.render_memory import machine_memory, share_of_memory
from radnode_http.render_pool import RenderPool

CT, MR = bundled("CT_small.dcm"), bundled("MR_small.dcm")
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
SIDE = 16_000
WISH = PictureWish()
MIB = 2**20


@pytest.fixture(scope="module")
async def rest(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rest]:
    """With little memory, so that a bomb is one at a tenth of its size."""
    pool = RenderPool(1, 30, memory=300 * MIB)
    async with serving_new_archive(tmp_path_factory.mktemp("hostile") / "storage", pool=pool) as rest:
        yield rest


def _jpeg_of(side: int) -> bytes:
    """A JPEG whose frame header says another size than its data has."""
    out = BytesIO()
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(out, "JPEG")
    data = out.getvalue()
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + pack(">2H", side, side) + data[at + 4 :]


def _lossless_of(side: int) -> bytes:
    header = b"\xff\xc3" + pack(">HB2H4B", 11, 8, side, side, 1, 1, 0x11, 0)
    table = b"\xff\xc4" + pack(">H", 20) + b"\0\1" + b"\0" * 15 + b"\0"
    return b"\xff\xd8" + header + table + b"\xff\xda" + pack(">H6B", 8, 1, 1, 0, 1, 0, 0) + b"\0" * 64 + b"\xff\xd9"


def _jpeg_ls_of(side: int) -> bytes:
    header = b"\xff\xf7" + pack(">HB2H4B", 11, 8, side, side, 1, 1, 0x11, 0)
    return b"\xff\xd8" + header + b"\xff\xda" + pack(">H6B", 8, 1, 1, 0, 0, 0, 0) + b"\0" * 64 + b"\xff\xd9"


def _jpeg_2000_of(side: int) -> bytes:
    out = BytesIO()
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(out, "JPEG2000", no_jp2=True)
    data = out.getvalue()
    at = data.index(b"\xff\x51") + 6
    size = pack(">8L", side, side, 0, 0, side, side, 0, 0)
    return data[:at] + size + data[at + 32 :]


def _rle_of(side: int) -> bytes:
    runs = b"\x81\x00" * (side * side // 128)
    return pack("<16L", 1, 64, *[0] * 14) + runs


MEMORY = "the picture needs more memory than is allowed"
BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "JPEG": (JPEGBaseline8Bit, partial(_jpeg_of, SIDE), "the frame is larger than can be rendered"),
    "lossless JPEG": (JPEGLosslessSV1, partial(_lossless_of, SIDE), MEMORY),
    "JPEG-LS": (JPEGLSLossless, partial(_jpeg_ls_of, SIDE), MEMORY),
    "JPEG 2000": (JPEG2000Lossless, partial(_jpeg_2000_of, SIDE), MEMORY),
    "RLE": (RLELossless, partial(_rle_of, SIDE), "the decoder crashed (SIGABRT)"),
    "deflated frame": (DEFLATED_FRAMES, lambda: zlib.compress(bytes(SIDE * SIDE), 1)[2:-4], MEMORY),
}


def bomb(syntax: str, codestream: bytes) -> bytes:
    """A file whose header and codestream agree on an image that is a hundred times as large as the file."""
    return encode_part10(
        make_instance(
            syntax,
            Rows=SIDE,
            Columns=SIDE,
            BitsAllocated=8,
            BitsStored=8,
            HighBit=7,
            SOPInstanceUID=f"1.2.3.{zlib.crc32(codestream)}",
            PixelData=encapsulate([codestream]),
        )
    )


async def picture_of(rest: Rest, path: str) -> bytes:
    async with rest.session.get(f"/api/dicom/image/{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_costs_its_own_request(rest: Rest, name: str) -> None:
    syntax, make, why = BOMBS[name]
    path, good = await rest.stored(bomb(syntax, make())), await rest.stored(CT.read_bytes())
    said = await rest.refused("GET", f"/api/dicom/image/{path}", 422)
    assert said == f"Cannot convert pixel array to image: {why}"
    assert (await picture_of(rest, good)).startswith(b"\x89PNG")


def told_of(process: int) -> tuple[str, str]:
    folder = Path(f"/proc/{process}")
    return (folder / "limits").read_text(), (folder / "status").read_text()


async def test_what_a_worker_may_take_is_bounded(rest: Rest) -> None:
    await picture_of(rest, await rest.stored(CT.read_bytes()))
    (worker,) = filter(is_render_worker, children(os.getpid()))
    limits, status = told_of(worker)
    for name, value in (("Max data size", 300 * MIB), ("Max file size", 300 * MIB), ("Max open files", 64)):
        assert re.search(rf"^{name} +{value} +{value} ", limits, re.MULTILINE), name
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)


@asynccontextmanager
async def opened(workers: int, seconds: float, **options: Any) -> AsyncIterator[RenderPool]:
    pool = RenderPool(workers, seconds, **options)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close()


async def test_an_endless_loop_is_ended_and_not_begun_again() -> None:
    before = children(os.getpid())
    async with opened(1, 1.0) as pool:
        await pool.render(CT, WISH)
        (worker,) = children(os.getpid()) - before
        os.kill(worker, signal.SIGSTOP)
        with pytest.raises(CannotRender, match="took longer than 1 s"):
            await pool.render(MR, WISH)
        asked = monotonic()
        with pytest.raises(CannotRender, match="took longer than 1 s"):
            await pool.render(MR, WISH)
        assert monotonic() - asked < 0.5
        assert (await pool.render(CT, WISH)).data.startswith(b"\x89PNG")
        assert (await pool.render(MR, PictureWish("jpeg"))).data.startswith(b"\xff\xd8")


async def test_a_refusal_is_forgotten_after_a_while() -> None:
    before = children(os.getpid())
    async with opened(1, 1.0, lasting=0.0) as pool:
        await pool.render(CT, WISH)
        (worker,) = children(os.getpid()) - before
        os.kill(worker, signal.SIGSTOP)
        with pytest.raises(CannotRender):
            await pool.render(MR, WISH)
        assert (await pool.render(MR, WISH)).data.startswith(b"\x89PNG")


async def test_who_waits_behind_a_crash_has_its_picture() -> None:
    before = children(os.getpid())
    async with opened(1, 20) as pool:
        await pool.render(CT, WISH)
        (worker,) = children(os.getpid()) - before
        os.kill(worker, signal.SIGSTOP)
        poison = asyncio.ensure_future(pool.render(MR, WISH))
        waiting = [asyncio.ensure_future(pool.render(CT, PictureWish(quality=quality))) for quality in range(1, 6)]
        for _ in range(9):  # turns of the loop, after which the request is on its way
            await asyncio.sleep(0)
        os.kill(worker, signal.SIGSEGV)
        os.kill(worker, signal.SIGCONT)
        with pytest.raises(CannotRender, match=r"the decoder crashed \(SIGSEGV\)"):
            await poison
        assert [picture.data[:4] for picture in await asyncio.gather(*waiting)] == [b"\x89PNG"] * 5


async def eventually(pool: RenderPool) -> None:
    """A picture, as soon as the pause is over."""
    deadline = monotonic() + 20
    while True:
        try:
            assert (await pool.render(CT, WISH)).data.startswith(b"\x89PNG")
        except TooBusy:
            assert monotonic() < deadline
            await asyncio.sleep(0.05)
        else:
            return


async def test_where_no_process_starts_it_is_tried_again_ever_later(monkeypatch: pytest.MonkeyPatch) -> None:
    python = sys.executable
    monkeypatch.setattr(sys, "executable", "/bin/false")
    async with opened(2, 20) as pool:
        for _ in range(50):
            with pytest.raises(TooBusy, match="pictures cannot be made for now"):
                await pool.render(CT, WISH)
        monkeypatch.setattr(sys, "executable", python)
        await eventually(pool)


async def test_a_worn_out_worker_is_replaced_by_another() -> None:
    before = children(os.getpid())
    async with opened(1, 20, uses=2) as pool:
        workers = set()
        for quality in range(1, 6):
            assert (await pool.render(CT, PictureWish(quality=quality))).data.startswith(b"\x89PNG")
            workers |= children(os.getpid()) - before
        assert len(workers) >= 2


def test_processes_share_half_of_the_memory(tmp_path: Path) -> None:
    assert share_of_memory(2, 16 * 2**30) == 4 * 2**30
    assert share_of_memory(8, 16 * 2**30) == 2**30
    assert share_of_memory(64, 2**30) == 2**30
    group = tmp_path / "memory.max"
    group.write_text("1073741824\n")
    assert machine_memory(group) == 2**30
    group.write_text("max\n")
    assert machine_memory(group) == machine_memory(tmp_path / "none") > 2**30
