"""Frames of video (MPEG-2, H.264, HEVC; PS3.5 8.2.5 to 8.2.11) by the ffmpeg that is installed, if one is.

It is no library of ours: builds of it are under the GPL, so it stays a program of its own, which is given a stream, no
network, no other file, and limits.
"""

import os
import resource
import shutil
import subprocess

import numpy as np

from radnode.instance.decoding.image_attributes import PixelDescription
from radnode.instance.decoding.native import Array
from radnode.model.errors import CannotRender

_MAX_SECONDS = 20  # of processor time
_FORMATS = "mpegts,mpeg,mpegvideo,h264,hevc,mov"  # none that names other files
_MISSING = "video is not decoded: there is no ffmpeg"


def decode_video(stream: bytes, number: int, description: PixelDescription) -> Array:
    """A frame of a video, 1 the first: rows x columns x 3, RGB of 8 bits. All frames before it are decoded too.

    CannotRender where there is no ffmpeg, where the stream has no such frame or one of another size, and where it takes
    too long.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise CannotRender(_MISSING)
    with os.fdopen(os.memfd_create("video"), "wb") as file:  # a file, because MP4 may have its index at the end
        file.write(stream)
        file.flush()
        ran = subprocess.run(  # noqa: S603 - a fixed program with a fixed command; the stream stands in a file
            _command(program, f"/proc/self/fd/{file.fileno()}", number),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(file.fileno(),),
            env={},
            preexec_fn=_confine,
            check=False,
        )
    if ran.returncode < 0:
        raise CannotRender("the video cannot be decoded within the limits")
    if len(ran.stdout) != description.pixels * 3:
        raise CannotRender(f"there is no frame {number} of that size in the video")
    return np.frombuffer(ran.stdout, np.uint8).reshape(description.rows, description.columns, 3)


def _command(program: str, source: str, number: int) -> list[str]:
    quiet = [program, "-nostdin", "-hide_banner", "-loglevel", "quiet", "-threads", "1"]
    read = ["-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-i", source]
    pick = ["-map", "0:v:0", "-vf", rf"select=eq(n\,{number - 1})", "-vsync", "passthrough", "-frames:v", "1"]
    return [*quiet, *read, *pick, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]


def _confine() -> None:
    """In ffmpeg's process: no file may grow, and what takes longer ends. Memory is bounded as in this process."""
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_SECONDS, _MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
