"""The style sheet of reports' pages, and the policy that allows such a page nothing else."""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class ReportSheet:
    """The style, and the Content-Security-Policy of a page with it."""

    style: str
    policy: str


@cache
def report_sheet() -> ReportSheet:
    """The one there is: it is known by its digest, and nothing else may be shown, run, fetched or sent. Blocks."""
    style = files("radnode_http").joinpath("pages", "report.css").read_text("utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; sandbox"
    return ReportSheet(style, policy)
