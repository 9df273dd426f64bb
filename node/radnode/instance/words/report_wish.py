"""What is wanted of a structured report, and what came of it; light, so that who only asks loads no reader."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ReportWish:
    """A report is wanted as a page that has this style sheet, or as plain text."""

    format: Literal["html", "text"] = "html"
    style: str = ""


@dataclass(frozen=True, slots=True)
class PresentedReport:
    """The page or the text in UTF-8."""

    data: bytes
