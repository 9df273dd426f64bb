"""GET /api/dicom/frames/{file_path}: what a viewer asks before it shows the frames of a file."""

from collections.abc import AsyncIterator

import numpy as np
import pytest
from support.instances import encode_part10, make_instance
from support.pictures import image_of, item
from support.rest import NO_SUCH_FILE, Rest, checked, serving_new_archive

from radnode_http.answers.frames import FramesAnswer
from radnode_http.render_pool import RenderPool


@pytest.fixture(scope="module")
async def rest(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rest]:
    async with serving_new_archive(tmp_path_factory.mktemp("frames") / "storage", pool=RenderPool(1, 30)) as rest:
        yield rest


async def test_the_frames_of_a_cine_loop(rest: Rest) -> None:
    values = np.zeros((2, 4, 6), np.uint16)
    groups = [
        item(FrameVOILUTSequence=[item(WindowCenter=center, WindowWidth="80")] if center else [])
        for center in ("40", "")
    ]
    image = image_of(
        values[0],
        NumberOfFrames="2",
        PixelData=values.tobytes(),
        CineRate="25",
        Modality="XA",
        PerFrameFunctionalGroupsSequence=groups,
    )
    path = await rest.stored(encode_part10(image))
    told = await checked(await rest.session.get(f"/api/dicom/frames/{path}"), FramesAnswer)
    assert (told.count, told.rate, told.duration) == (2, 25, 0.08)
    assert (told.rows, told.columns, told.bits) == (4, 6, 16)
    assert told.windows == ((40, 80), None)
    assert [preset.name for preset in told.presets] == ["1"]


async def test_what_has_no_frames(rest: Rest) -> None:
    assert await rest.refused("GET", f"/api/dicom/frames/{NO_SUCH_FILE}", 404) == "DICOM file not found"
    without = await rest.stored(encode_part10(make_instance(SOPInstanceUID="1.2.1", PixelData=b"")))
    detail = await rest.refused("GET", f"/api/dicom/frames/{without}", 400)
    assert detail == "DICOM file does not contain pixel data"
    nameless = await rest.stored(encode_part10(make_instance(SOPInstanceUID="1.2.2", Rows=0)))
    detail = await rest.refused("GET", f"/api/dicom/frames/{nameless}", 422)
    assert detail == "Cannot convert pixel array to image: Rows or Columns is not between 1 and 65535"


async def test_a_parameter_that_would_not_be_heeded_is_refused(rest: Rest) -> None:
    path = await rest.stored(encode_part10(image_of(np.zeros((4, 6), np.uint16))))
    assert await rest.refused("GET", f"/api/dicom/frames/{path}?frame=2", 400) == "Unknown parameter frame"
