"""Frames of video (MPEG-2, H.264, HEVC; PS3.5 8.2.5 to 8.2.11) by the ffmpeg that is installed, if one is.

It is no library of ours: builds of it are under the GPL, so it stays a program of its own, which is given a stream, no
network, no other file, and limits.
"""

import ctypes
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable
from functools import partial

import numpy as np

from radnode.instance.decoding.image_attributes import PixelDescription
from radnode.instance.decoding.native import Array
from radnode.model.errors import CannotRender

_MAX_SECONDS = 20  # of processor time
_FORMATS = "mpegts,mpeg,mpegvideo,h264,hevc,mov"  # none that names other files
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h
_MISSING = "video is not decoded: there is no ffmpeg"


def decode_video(stream: bytes, number: int, description: PixelDescription) -> Array:
    """A frame of a video, 1 the first: rows x columns x 3, RGB of 8 bits. All frames before it are decoded too.

    CannotRender where there is no ffmpeg, where the stream has no such frame or one of another size, where it is
    damaged (what is left of it would be counted as if it were all), and where it takes too long.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise CannotRender(_MISSING)
    size = description.pixels * 3
    with os.fdopen(os.memfd_create("video"), "wb") as file:  # a file, because MP4 may have its index at the end
        file.write(stream)
        file.flush()
        code, frame = _run(_command(program, f"/proc/self/fd/{file.fileno()}", number), file.fileno(), size)
    if code < 0:
        raise CannotRender("the video cannot be decoded within the limits")
    if code > 0:
        raise CannotRender("the video cannot be decoded, or is damaged")
    if len(frame) != size:
        raise CannotRender(f"there is no frame {number} of that size in the video")
    return np.frombuffer(frame, np.uint8).reshape(description.rows, description.columns, 3)


def _run(command: list[str], descriptor: int, size: int) -> tuple[int, bytes]:
    """How ffmpeg ends, and what it says, as far as it is wanted."""
    confine = partial(_confine, ctypes.CDLL(None).prctl)
    with subprocess.Popen(  # noqa: S603 - a fixed program with a fixed command; the stream stands in a file
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        env={},
        preexec_fn=confine,  # noqa: PLW1509 - system calls alone
    ) as ran:
        frame = ran.stdout.read(size + 1) if ran.stdout else b""
        if len(frame) > size:
            ran.kill()
    return (0 if len(frame) > size else ran.returncode), frame


def _command(program: str, source: str, number: int) -> list[str]:
    quiet = [program, "-nostdin", "-hide_banner", "-loglevel", "quiet", "-threads", "1"]
    strict = ["-xerror", "-err_detect", "explode"]
    read = ["-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-i", source]
    pick = ["-map", "0:v:0", "-vf", rf"select=eq(n\,{number - 1})", "-vsync", "passthrough", "-frames:v", "1"]
    return [*quiet, *strict, *read, *pick, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]


def _confine(prctl: Callable[[int, int], int]) -> None:
    """In ffmpeg's process: no file may grow, what takes longer ends, and so does it with this process.

    Memory is bounded as in this process.
    """
    prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_SECONDS, _MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
