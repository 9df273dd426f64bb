"""Equal element by element whatever the encoding; everything doubtful is another object."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from support.instances import bundled, encode_part10, make_instance, put
from support.peers import require

from radnode.instance.equality import same_elements

IMPLICIT, EXPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
)
JPEG = "1.2.840.10008.1.2.4.50"


def nested(undefined: bool) -> Dataset:
    inner, item = Dataset(), Dataset()
    put(inner, "ReferencedSOPInstanceUID", "1.2.3")
    item.is_undefined_length_sequence_item = inner.is_undefined_length_sequence_item = undefined
    put(item, "ReferencedImageSequence", [inner])
    item["ReferencedImageSequence"].is_undefined_length = undefined
    return item


@pytest.fixture
def same(tmp_path: Path) -> Any:
    def compare(one: bytes, other: bytes) -> bool:
        paths = tmp_path / "one.dcm", tmp_path / "other.dcm"
        for path, file in zip(paths, (one, other), strict=True):
            path.write_bytes(file)
        answer = same_elements(*paths)
        assert same_elements(*reversed(paths)) is answer
        return answer

    return compare


def file(syntax: str = EXPLICIT, **overrides: Any) -> bytes:
    return encode_part10(make_instance(syntax, **overrides))


@pytest.mark.parametrize("one", [IMPLICIT, EXPLICIT, DEFLATED])
@pytest.mark.parametrize("other", [IMPLICIT, EXPLICIT, DEFLATED])
@pytest.mark.parametrize("undefined", [False, True])
def test_encodings_and_lengths_make_no_difference(same: Any, one: str, other: str, undefined: bool) -> None:
    first = make_instance(one, ReferencedStudySequence=[nested(False)])
    second = make_instance(other, ReferencedStudySequence=[nested(undefined)])
    second["ReferencedStudySequence"].is_undefined_length = undefined
    assert same(encode_part10(first), encode_part10(second))


@pytest.mark.parametrize("options", [["+ti"], ["+te"], ["+tb"], ["+tb", "-e"], ["+te", "-e", "+g"]])
@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_bigendian.dcm", "rtdose.dcm", "waveform_ecg.dcm"])
def test_what_dcmtk_encodes_anew_is_the_same(tmp_path: Path, name: str, options: list[str]) -> None:
    other = tmp_path / "other.dcm"
    subprocess.run([require("dcmconv"), *options, bundled(name), other], check=True, capture_output=True)
    assert same_elements(bundled(name), other)


def test_group_lengths_and_padding_say_nothing(same: Any) -> None:
    plain = file()
    padded = plain + b"\xfc\xff\xfc\xffOB\0\0\x04\0\0\0abcd"
    lengths = plain.replace(b"\x08\0\x08\0CS", b"\x08\0\0\0UL\4\0\1\2\3\4\x08\0\x08\0CS")
    assert lengths != plain
    assert same(plain, padded)
    assert same(plain, lengths)
    assert same(file(StudyDescription="A"), file(StudyDescription="A  "))


@pytest.mark.parametrize(
    "overrides",
    [
        {"PatientName": "DOE^JANE"},
        {"StudyDescription": " CT CHEST W CONTRAST"},
        {"Rows": 17},
        {"SpecificCharacterSet": "ISO_IR 192"},
        {"PatientComments": "more"},
        {"ReferencedStudySequence": [nested(False)]},
        {"PixelData": bytes(384)},
        {"PixelData": make_instance().PixelData + b"\0\0"},
    ],
    ids=lambda overrides: next(iter(overrides)),
)
def test_any_difference_is_one(same: Any, overrides: dict[str, Any]) -> None:
    for syntax in (IMPLICIT, EXPLICIT, DEFLATED):
        assert not same(file(), file(syntax, **overrides))


def test_a_difference_deep_inside_is_one(same: Any) -> None:
    other = nested(False)
    put(other["ReferencedImageSequence"].value[0], "ReferencedSOPInstanceUID", "1.2.4")
    assert not same(file(ReferencedStudySequence=[nested(False)]), file(IMPLICIT, ReferencedStudySequence=[other]))


def compressed(syntax: str, *frames: bytes) -> bytes:
    instance = make_instance(syntax, PixelData=encapsulate(list(frames)))
    instance["PixelData"].VR = "OB"
    instance["PixelData"].is_undefined_length = True
    return encode_part10(instance)


def test_compressed_pixel_data_must_be_the_same_bytes(same: Any) -> None:
    assert same(compressed(JPEG, b"\xff\xd8\xff\xd9"), compressed(JPEG, b"\xff\xd8\xff\xd9"))
    assert not same(compressed(JPEG, b"\xff\xd8\xff\xd9"), compressed(JPEG, b"\xff\xd8\xff\xd8"))
    assert not same(compressed(JPEG, b"\xff\xd8\xff\xd9"), compressed("1.2.840.10008.1.2.4.90", b"\xff\xd8\xff\xd9"))
    assert not same(compressed(JPEG, b"\xff\xd8\xff\xd9"), file())


def test_big_endian_words_are_turned_round_and_bytes_are_not(same: Any) -> None:
    big = file(BIG)
    pixels = make_instance().PixelData
    turned = b"".join(pixels[at + 1 : at - 1 if at else None : -1] for at in range(0, len(pixels), 2))
    assert not same(file(), big), "pydicom wrote the pixel data as it was"
    assert same(file(), big.replace(pixels, turned))


def test_vrs_that_differ_are_doubtful_but_unknown_ones_are_not(same: Any) -> None:
    assert not same(file(), file().replace(b"\x10\0\x20\0LO", b"\x10\0\x20\0SH"))
    unknown = file().replace(b"\x10\0\x20\0LO\x08\0", b"\x10\0\x20\0UN\0\0\x08\0\0\0")
    assert same(file(), unknown)


def test_what_cannot_be_read_is_never_the_same(same: Any, tmp_path: Path) -> None:
    assert not same(file(), file()[:-2])
    assert not same(file(), b"nonsense")
    assert not same(b"", b"")
    assert not same_elements(tmp_path / "missing", tmp_path / "missing")
