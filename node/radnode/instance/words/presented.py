"""A structured report as bytes for people, within a limit: a small file can mean a text a hundred times its size."""

from collections.abc import Iterator
from pathlib import Path

from radnode.instance.words.report_page import report_page
from radnode.instance.words.report_text import report_text
from radnode.instance.words.report_wish import PresentedReport, ReportWish
from radnode.instance.words.structured_report import read_report
from radnode.model.errors import CannotPresent, NotFound

MAX_PRESENTED = 64 << 20
"""Bytes of a page or a text."""


def present(path: Path, wish: ReportWish, limit: int = MAX_PRESENTED) -> PresentedReport:
    """The report in a Part 10 file as it is wished for, of so many bytes at most.

    Raises NotFound where there is no such file, NotDicom, CannotPresent with the reason.
    """
    try:
        report = read_report(path)
        pieces = report_text(report) if wish.format == "text" else report_page(report, wish.style)
        return PresentedReport(_encoded(pieces, limit))
    except FileNotFoundError:
        raise NotFound("DICOM file not found") from None
    except OSError as error:
        raise CannotPresent(f"the file cannot be read: {error.strerror}") from None
    except MemoryError:
        raise CannotPresent("it takes more memory than a report may") from None


def _encoded(pieces: Iterator[str], limit: int) -> bytes:
    whole = bytearray()
    for piece in pieces:
        whole += piece.encode()
        if len(whole) > limit:
            raise CannotPresent(f"it would have more than {limit} bytes")
    return bytes(whole)
