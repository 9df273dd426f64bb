"""Which of the offered transfer syntaxes an object is had in."""

import pytest

from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN as BIG
from radnode.instance.encodings import EXPLICIT_VR_LITTLE_ENDIAN as EXPLICIT
from radnode.instance.encodings import IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT
from radnode.instance.transcoding.targets import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN as DEFLATED
from radnode.instance.transcoding.targets import JPEG_2000_LOSSLESS as J2K
from radnode.instance.transcoding.targets import JPEG_LS_LOSSLESS as JPEG_LS
from radnode.instance.transcoding.targets import RLE_LOSSLESS as RLE
from radnode.instance.transcoding.targets import choose, targets
from radnode.model.uid import UID

JPEG = "1.2.840.10008.1.2.4."
BASELINE, EXTENDED, LOSSLESS_JPEG, SV1 = (UID(JPEG + number) for number in ("50", "51", "57", "70"))
NEAR_LOSSLESS, LOSSY_J2K, MPEG, JPIP, JPEG_XL = (UID(JPEG + number) for number in ("81", "91", "100", "94", "110"))
PRIVATE = UID("1.2.3.4")


@pytest.mark.parametrize(
    ("stored", "offered", "chosen"),
    [
        (EXPLICIT, [IMPLICIT, EXPLICIT], EXPLICIT),
        (EXPLICIT, [IMPLICIT], IMPLICIT),
        (EXPLICIT, [BIG, IMPLICIT, DEFLATED], IMPLICIT),
        (IMPLICIT, [J2K, RLE], RLE),
        (IMPLICIT, [J2K, JPEG_LS], JPEG_LS),
        (DEFLATED, [IMPLICIT, J2K], IMPLICIT),
        (SV1, [IMPLICIT, LOSSLESS_JPEG], LOSSLESS_JPEG),
        (SV1, [J2K], J2K),
        (J2K, [EXPLICIT, LOSSY_J2K], LOSSY_J2K),
        (LOSSY_J2K, [J2K, RLE], None),
        (LOSSY_J2K, [J2K, RLE, BIG], BIG),
        (BASELINE, [EXTENDED, RLE], None),
        (BASELINE, [IMPLICIT, RLE], IMPLICIT),
        (NEAR_LOSSLESS, [JPEG_LS], None),
        (EXPLICIT, [BASELINE, LOSSY_J2K, NEAR_LOSSLESS, SV1], None),
        (MPEG, [EXPLICIT, IMPLICIT], None),
        (JPIP, [EXPLICIT], None),
        (JPEG_XL, [EXPLICIT], None),
        (PRIVATE, [EXPLICIT], None),
        (PRIVATE, [PRIVATE], PRIVATE),
        (EXPLICIT, [], None),
    ],
)
def test_never_with_a_loss_and_as_little_as_possible(stored: UID, offered: list[UID], chosen: UID | None) -> None:
    assert choose(stored, offered) == chosen


@pytest.mark.parametrize("stored", [EXPLICIT, IMPLICIT, BIG, DEFLATED, RLE, BASELINE, SV1, JPEG_LS, J2K, LOSSY_J2K])
def test_every_uncompressed_one_is_a_target(stored: UID) -> None:
    assert {EXPLICIT, IMPLICIT, BIG, DEFLATED} - {stored} <= set(targets(stored))
    assert stored not in targets(stored)
