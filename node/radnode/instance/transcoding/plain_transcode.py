"""Transcoding that needs no decoder: the elements of objects that are small enough are written anew in this process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radnode.instance.element_output import Output, form_of
from radnode.instance.part10 import dataset_offset
from radnode.instance.rewriting import TooManyElements, rewrite
from radnode.instance.transcoding.targets import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, UNCOMPRESSED, needs_codec
from radnode.model.errors import CannotRender, CannotTranscode, NotDicom, NotFound
from radnode.model.uid import UID

MAX_FILE = 16 << 20  # bytes; the whole file and what is made of it are in memory
MAX_ELEMENTS = 50_000  # a quarter of a second, during which other threads hardly move


@contextmanager
def transcoding_errors() -> Iterator[None]:
    """Whatever is wrong with an object or its file becomes NotFound or CannotTranscode."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("DICOM file not found") from error
    except (CannotRender, NotDicom) as error:
        raise CannotTranscode(str(error)) from error
    except MemoryError as error:
        raise CannotTranscode("the object needs more memory than is allowed") from error
    except OSError as error:
        raise CannotTranscode(f"the object cannot be written anew: {error.strerror or 'input/output error'}") from error


def transcode_small(path: Path, target: UID) -> int | None:
    """A descriptor of the data set in `target`, in memory; None where it takes more than can be done here.

    The descriptor is the caller's to close. Raises NotFound where there is no such file, and CannotTranscode.
    """
    with transcoding_errors():
        if path.stat().st_size > MAX_FILE:
            return None
        whole = memoryview(path.read_bytes())
        stored, offset = dataset_offset(whole)
        if DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN in (stored, target) or needs_codec(stored, target):
            return None
        descriptor = os.memfd_create("transcoded")
        try:
            rewrite(
                whole[offset:],
                stored,
                form_of(target),
                Output(descriptor, 2 * MAX_FILE),
                {},
                keep_codestreams=stored not in UNCOMPRESSED,
                max_elements=MAX_ELEMENTS,
            )
        except TooManyElements:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
