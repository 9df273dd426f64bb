"""DCMTK reads the same words in the reports that pydicom bundles and in our own as we do."""

import re
import subprocess
from html import unescape
from pathlib import Path

import pytest
from support.instances import bundled
from support.peers import require
from support.reports import code, item, made, make_report, number, reference

from radnode.instance.words.content_items import ContentItem
from radnode.instance.words.report_page import report_page
from radnode.instance.words.structured_report import Report, read_report
from radnode.instance.words.wording import clean_lines


def told(item: ContentItem) -> list[tuple[str, str]]:
    """The value types of the tree in their order, and where the items stand."""
    return [(item.position, item.value_type), *(pair for child in item.children for pair in told(child))]


def numbers(item: ContentItem) -> list[str]:
    """The numbers of the tree, without their units, of which DCMTK shows either the sign or the meaning."""
    return [value.split(" ")[0] for value in values(item, ("NUM",))]


def values(item: ContentItem, kinds: tuple[str, ...]) -> list[str]:
    own = [item.value] if item.value_type in kinds else []
    return own + [value for child in item.children for value in values(child, kinds)]


def plain(page: str) -> str:
    """All words of a page, in a row."""
    body = re.sub(r"<style.*?</style>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def report_of_every_kind() -> bytes:
    """A report with most value types, by value and by reference, in Unicode."""
    place = made(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID="1.2.9")
    site = item("CODE", "Finding Site", relationship="HAS CONCEPT MOD", ConceptCodeSequence=code("Right upper lobe"))
    size = number("Diameter", "12.5", "mm", reference("1.3"))
    return make_report(
        item("PNAME", "Observer", relationship="HAS OBS CONTEXT", PersonName="ROE^JANE^^DR=山田^花子"),
        item(
            "CONTAINER",
            "Findings",
            item("CODE", "Finding", size, site, ConceptCodeSequence=code("Nodule")),
            item("CONTAINER", "Nodes", item("TEXT", "Finding", TextValue="Größe: 5 < 6 mm\r\n& keine weiteren.")),
            item("DATETIME", "Seen", DateTime="20251106103000"),
        ),
        item("IMAGE", "Source", ReferencedSOPSequence=[place]),
        item("SCOORD", "Place", GraphicType="POINT", GraphicData=[1.5, 2.5]),
        SpecificCharacterSet="ISO_IR 192",
    )


@pytest.mark.parametrize("name", ["test-SR.dcm", "reportsi.dcm", "reportsi_with_empty_number_tags.dcm", "made"])
def test_the_same_words(name: str, tmp_path: Path) -> None:
    path = tmp_path / "made.dcm"
    path.write_bytes(report_of_every_kind() if name == "made" else bundled(name).read_bytes())
    report: Report = read_report(path)
    done = subprocess.run(
        [require("dsr2html"), "-Er", "-Ec", "-Ee", "-Ev", "+U8", str(path)], capture_output=True, check=True, timeout=60
    )
    theirs = plain(done.stdout.decode("utf-8"))
    ours = plain("".join(report_page(report, "")))
    found = [*values(report.root, ("TEXT", "CODE")), *numbers(report.root)]
    assert found
    for value in found:
        for line in clean_lines(value).split("\n"):
            words = " ".join(line.split())
            assert words in ours
            assert all(word in theirs for word in words.split())
    dumped = subprocess.run(
        [require("dsrdump"), "-Er", "-Ec", "-Ee", "-Ev", "+Pn", str(path)], capture_output=True, check=True, timeout=60
    )
    lines = re.findall(rb"^\s*([0-9.]+)\s+<(?:[a-z ]+ )?([A-Z0-9]+):", dumped.stdout, re.MULTILINE)
    assert [(at.decode().rstrip("."), kind.decode()) for at, kind in lines] == [
        pair for pair in told(report.root) if pair[1]
    ]
