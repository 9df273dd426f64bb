"""The render pool with real processes: time limit, crash, cancellation, and a parent that is killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from support.instances import bundled, make_instance, write_part10
from support.pictures import image_of
from support.processes import children, environment_of, is_render_worker, maps, sockets_of
from support.rest import until

from radnode.instance.pictures.picture import Picture, PictureWish
from radnode.instance.pictures.render import render
from radnode.model.errors import CannotRender, NoPixelData, NotFound, TooBusy
from radnode_http.errors import Disconnected
from radnode_http.render_pool import RenderPool

CT = bundled("CT_small.dcm")


@pytest.fixture(scope="module")
async def pool() -> AsyncIterator[RenderPool]:
    """One for all tests: each finds it working, whatever the ones before did to it."""
    pool = RenderPool(workers=1, timeout=30, lasting=0)
    await pool.start()
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that takes seconds: noise of 32 bits, 6000 x 6000."""
    noise = np.random.default_rng(1).integers(0, 2**32, (6000, 6000), dtype=np.uint32)
    image = image_of(noise, RescaleSlope="1.5", RescaleIntercept="1")
    return write_part10(image, tmp_path_factory.mktemp("slow") / "slow.dcm")


async def test_pictures_and_refusals_cross_the_pipe(pool: RenderPool, tmp_path: Path) -> None:
    assert await pool.render(CT, PictureWish()) == render(CT, PictureWish())
    assert await pool.render(CT, PictureWish("jpeg", 40)) == render(CT, PictureWish("jpeg", 40))
    with pytest.raises(NoPixelData):
        await pool.render(bundled("rtplan.dcm"), PictureWish())
    with pytest.raises(NotFound):
        await pool.render(tmp_path / "missing.dcm", PictureWish())
    with pytest.raises(CannotRender, match="Rows or Columns"):
        await pool.render(write_part10(make_instance(Rows=0), tmp_path / "none.dcm"), PictureWish())


async def test_many_at_once_get_each_their_own(pool: RenderPool) -> None:
    names = ["CT_small.dcm", "MR_small.dcm", "SC_rgb_rle.dcm", "image_dfl.dcm"] * 5
    pictures = await asyncio.gather(*(pool.render(bundled(name), PictureWish()) for name in names))
    assert pictures == [await asyncio.to_thread(render, bundled(name), PictureWish()) for name in names]


async def test_the_time_limit_ends_the_request_and_the_pool_goes_on(slow: Path) -> None:
    pool = RenderPool(workers=1, timeout=0.3)
    await pool.start()
    started = monotonic()
    with pytest.raises(CannotRender, match=r"took longer than 0\.3 s"):
        await pool.render(slow, PictureWish())
    assert monotonic() - started < 10
    assert await pool.render(CT, PictureWish()) == render(CT, PictureWish())
    await pool.close()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGABRT])
async def test_a_crash_in_the_middle_costs_one_request(pool: RenderPool, slow: Path, end: signal.Signals) -> None:
    await pool.render(CT, PictureWish())
    (worker,) = filter(is_render_worker, children(os.getpid()))
    request = asyncio.ensure_future(pool.render(slow, PictureWish()))
    await asyncio.sleep(0)
    await until(lambda: f"{slow}" in maps(worker))
    os.kill(worker, end)
    with pytest.raises(CannotRender, match=rf"the decoder crashed \({end.name}\)"):
        await request
    assert await pool.render(CT, PictureWish()) == render(CT, PictureWish())


async def test_a_caller_who_goes_away_mixes_nothing_up(pool: RenderPool) -> None:
    for _ in range(5):
        gone = asyncio.ensure_future(pool.render(bundled("examples_jpeg2k.dcm"), PictureWish()))
        waiting = asyncio.ensure_future(pool.render(bundled("MR_small.dcm"), PictureWish()))
        await asyncio.sleep(0.01)
        gone.cancel()
        waiting.cancel()
        assert await pool.render(CT, PictureWish()) == render(CT, PictureWish())
        assert gone.cancelled() or gone.done()


async def test_no_picture_is_made_for_who_has_gone_meanwhile(pool: RenderPool, tmp_path: Path) -> None:
    waiting = pool.render(tmp_path / "never looked for", PictureWish(), is_wanted=lambda: False)
    first = asyncio.ensure_future(pool.render(CT, PictureWish()))
    with pytest.raises(Disconnected):
        await waiting
    assert await first == render(CT, PictureWish())
    assert await pool.render(CT, PictureWish()) == render(CT, PictureWish())


async def test_too_many_who_wait_are_refused(slow: Path) -> None:
    pool = RenderPool(workers=1, timeout=5)
    await pool.start()
    requests = [asyncio.ensure_future(pool.render(slow, PictureWish())) for _ in range(258)]
    await until(lambda: any(request.done() for request in requests))
    refused = [request for request in requests if request.done()]
    assert all("too many pictures" in str(request.exception()) for request in refused)
    for request in requests:
        request.cancel()
    await asyncio.gather(*requests, return_exceptions=True)
    await pool.close()


async def test_after_close_there_are_no_workers_and_no_pictures() -> None:
    before = children(os.getpid())
    pool = RenderPool(workers=2, timeout=5)
    await pool.start()
    assert (await pool.render(CT, PictureWish())).data
    request = asyncio.ensure_future(pool.render(CT, PictureWish()))
    await asyncio.sleep(0)
    waiting = [asyncio.ensure_future(pool.render(CT, PictureWish(quality=n))) for n in range(9)]
    await asyncio.sleep(0)
    await pool.close()
    for outcome in await asyncio.gather(request, *waiting, return_exceptions=True):
        assert (isinstance(outcome, TooBusy) and "stopping" in str(outcome)) or isinstance(outcome, Picture)
    assert children(os.getpid()) <= before
    with pytest.raises(TooBusy, match="stopping"):
        await pool.render(CT, PictureWish())


PARENT = """
import asyncio, sys
from pathlib import Path
from radnode.instance.pictures.picture import PictureWish
from radnode_http.render_pool import RenderPool

async def main():
    pool = RenderPool(workers=2, timeout=60)
    await pool.start()
    await asyncio.gather(*(pool.render(Path(sys.argv[1]), PictureWish()) for _ in range(4)))
    asyncio.ensure_future(pool.render(Path(sys.argv[2]), PictureWish()))
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_worker_that_was_killed_while_idle_costs_no_picture(pool: RenderPool) -> None:
    before = children(os.getpid())
    another = RenderPool(workers=1, timeout=30)
    await another.start()
    await another.render(CT, PictureWish())
    (worker,) = children(os.getpid()) - before
    os.kill(worker, signal.SIGKILL)
    await until(lambda: worker not in children(os.getpid()))
    assert (await another.render(CT, PictureWish())).data.startswith(b"\x89PNG")
    await another.close()


async def test_workers_end_when_their_parent_is_killed(slow: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(CT), str(slow), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    assert await parent.stdout.readline() == b"ready\n"
    workers = children(parent.pid)
    assert len(workers) == 2
    await until(lambda: any(str(slow) in maps(worker) for worker in workers))
    parent.kill()
    await parent.wait()
    # The picture takes 3.6 s of a processor, so this is in its middle, with room for a busy machine.
    await until(lambda: not any(maps(worker) for worker in workers), seconds=3)


async def test_workers_get_no_secrets_and_few_descriptors(pool: RenderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RADNODE_AUTH__SECRET", "hush")
    before = children(os.getpid())
    another = RenderPool(workers=1, timeout=5)
    await another.start()
    await another.render(CT, PictureWish())
    await pool.render(CT, PictureWish())
    workers = children(os.getpid()) - before
    assert workers
    assert not any(b"hush" in environment_of(worker) for worker in workers)
    assert [sockets_of(worker) for worker in workers] == [1] * len(workers)
    await another.close()
