"""Video by an ffmpeg that is installed, and the reason where none is."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit
from support.instances import write_part10
from support.pictures import image_of, padded, with_syntax

from radnode.instance.decoding.decoders import decode
from radnode.instance.decoding.pixels import read_frame
from radnode.model.errors import CannotRender, NotApplicable

SYNTAXES = {
    "mpeg2video": "1.2.840.10008.1.2.4.100",
    "libx264": "1.2.840.10008.1.2.4.102",
    "libx265": "1.2.840.10008.1.2.4.107",
}
GREYS = range(30, 210, 6)


def in_file(stream: bytes, syntax: str, folder: Path, fragments: int = 1) -> Path:
    image: Dataset = image_of(
        np.zeros((48, 64, 3), np.uint8), NumberOfFrames=str(len(GREYS)), PhotometricInterpretation="YBR_PARTIAL_420"
    )
    image.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    image.PixelData = encapsulate([padded(stream)], fragments_per_frame=fragments, has_bot=False)
    image["PixelData"].VR = "OB"
    image["PixelData"].is_undefined_length = True
    return with_syntax(write_part10(image, folder / "video.dcm"), syntax)


def video(codec: str, container: str, folder: Path) -> bytes:
    """Thirty frames of 64 x 48, each of one grey; the test is skipped where there is no ffmpeg that makes them."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("ffmpeg is not installed")
    frames = b"".join(bytes([grey]) * (64 * 48 * 3) for grey in GREYS)
    read = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "64x48", "-r", "25", "-i", "pipe:0"]
    write = ["-c:v", codec, "-pix_fmt", "yuv420p", "-f", container, str(folder / "stream")]
    if subprocess.run([program, "-y", "-loglevel", "quiet", *read, *write], input=frames, check=False).returncode:
        pytest.skip(f"this ffmpeg does not encode with {codec}")
    return (folder / "stream").read_bytes()


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("mpeg2video", "mpegts"),
        ("mpeg2video", "mpeg2video"),
        ("libx264", "mp4"),
        ("libx264", "h264"),
        ("libx265", "hevc"),
    ],
)
def test_every_frame_of_a_video(codec: str, container: str, tmp_path: Path) -> None:
    path = in_file(video(codec, container, tmp_path), SYNTAXES[codec], tmp_path, fragments=2)
    for number, grey in ((1, 30), (17, 126), (30, 204)):
        decoded = decode(read_frame(path, number))
        assert decoded.photometric == "RGB"
        assert np.abs(decoded.values.astype(int) - grey).max() <= 4
    with pytest.raises(NotApplicable):
        read_frame(path, 31)


def test_a_video_with_a_hole_shows_no_frame_behind_it(tmp_path: Path) -> None:
    """What is left would be counted as if it were all: another frame would be shown."""
    stream = video("mpeg2video", "mpegts", tmp_path)
    middle = len(stream) // 188 // 2 * 188
    path = in_file(stream[:middle] + stream[middle + 188 * 4 :], SYNTAXES["mpeg2video"], tmp_path)
    assert np.abs(decode(read_frame(path, 2)).values.astype(int) - 36).max() <= 4
    with pytest.raises(CannotRender, match="damaged"):
        decode(read_frame(path, 29))


def test_a_stream_that_is_none_or_names_other_files_is_refused(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    video("mpeg2video", "mpegts", tmp_path)
    playlist = f"ffconcat version 1.0\nfile {tmp_path / 'stream'}\n".encode()
    for stream in (bytes(5000), b"\0\0\1\xb3" + bytes(range(250)) * 20, playlist):
        with pytest.raises(CannotRender, match="video"):
            decode(read_frame(in_file(stream, SYNTAXES["mpeg2video"], tmp_path)))


@pytest.mark.parametrize("number", ["100", "101", "102", "103.1", "107", "108"])
def test_without_ffmpeg_there_is_a_reason(number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotRender, match="video is not decoded: there is no ffmpeg"):
        decode(read_frame(in_file(bytes(100), f"1.2.840.10008.1.2.4.{number}", tmp_path)))
