"""Documents over REST: reports in words, encapsulated documents as they are."""

import hashlib
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from prometheus_client import REGISTRY
from support.instances import encode_part10, make_instance
from support.reports import code, item, made, make_encapsulated, make_report, number, reference
from support.rest import NO_SUCH_FILE, Rest, make_token, serving_new_archive, until

from radnode.instance.words.presented import present
from radnode.instance.words.report_wish import ReportWish
from radnode.model.errors import CannotPresent
from radnode_http import streaming
from radnode_http.render_pool import RenderPool

EVIL = "<script>alert(1)</script>\"'&\u202e"


@pytest.fixture(scope="module")
async def rest(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rest]:
    """One server for all; its pool has a process that reads reports."""
    async with serving_new_archive(tmp_path_factory.mktemp("documents") / "storage", pool=RenderPool(1, 30)) as it:
        yield it


def url(path: str, query: str = "") -> str:
    return f"/api/dicom/document/{path}{query}"


async def page(rest: Rest, path: str) -> str:
    async with rest.session.get(url(path)) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        text = await answer.text()
        check_page(text, answer.headers["Content-Security-Policy"])
        return text


async def words(rest: Rest, path: str) -> str:
    async with rest.session.get(url(path, "?format=text")) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        return await answer.text()


class Read(HTMLParser):
    """What stands in a page: tags that fit, one style, words, headings, links and where they lead."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.style = ""
        self.words: list[str] = []
        self.headings: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag not in ("script", "img", "iframe", "link", "object", "form")
        assert given.keys() <= {"lang", "charset", "name", "content", "class", "id", "href"}
        self.links += [str(given["href"])] if "href" in given else []
        self.names |= {f"#{given['id']}"} if "id" in given else set()
        self.headings += [tag] if re.fullmatch("h[1-6]", tag) else []
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)


def check_page(text: str, policy: str) -> Read:
    read = Read()
    read.feed(text)
    read.close()
    assert read.open == []
    assert all(link in read.names for link in read.links)
    digest = b64encode(hashlib.sha256(read.style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert read.headings[0] == "h1"
    return read


async def test_a_report_as_text(rest: Rest) -> None:
    observer = made(
        VerifyingObserverName="ROE^JANE^^DR", VerifyingOrganization="Clinic", VerificationDateTime="20251107081500+0100"
    )
    measured = number("Diameter", "12.5", "mm", item("CODE", "Method", ConceptCodeSequence=code("Estimated")))
    measured.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeMeaning = "millimeter"
    measured.NumericValueQualifierCodeSequence = code("Value out of range")
    place = made(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID="1.2.9")
    place.ReferencedFrameNumber = [1, 3]
    file = make_report(
        item("PNAME", "Observer", relationship="HAS OBS CONTEXT", PersonName="DOE^JIM"),
        item(
            "CONTAINER",
            "Findings",
            item(
                "TEXT", "Finding", measured, TextValue="A mass.\r\nSecond line.\x07", ObservationDateTime="2025110610"
            ),
            item("CONTAINER", None, item("DATE", "Seen", Date="20251106"), item("TIME", "At", Time="1030")),
        ),
        item("IMAGE", "Source", ReferencedSOPSequence=[place]),
        item("SCOORD", "Outline", reference("1.3"), GraphicType="POLYLINE", GraphicData=[1.0, 2.5] * 9),
        item("UIDREF", "Study", UID="1.2.3"),
        item("TCOORD", "Span", TemporalRangeType="SEGMENT", ReferencedTimeOffsets=["1.5", "2.5"]),
        item("NUM", "Missing", NumericValueQualifierCodeSequence=code("Not a number")),
        item("CODE", "Coded", ConceptCodeSequence=[made(CodeValue="T-28000", CodingSchemeDesignator="SRT")]),
        item("HOLOGRAM", "New"),
        VerificationFlag="VERIFIED",
        VerifyingObserverSequence=[observer],
        AuthorObserverSequence=[made(ObserverType="PSN", PersonName="POE^ED", InstitutionName="Hospital")],
    )
    assert await words(rest, await rest.stored(file)) == (
        "Imaging Report\n\n"
        "Patient: DOE, JOHN\nPatient ID: 12345678\nBirth date: March 15, 1985\nSex: M\nStudy: CT CHEST W CONTRAST\n"
        "Study date: November 6, 2025\nAccession: A2025110601\nReferring physician: SMITH, JOHN M\n"
        "Series: CHEST 5.0 B70f\nDocument type: Comprehensive SR\nWritten: November 6, 2025, 10:30:00\n"
        "Completion: COMPLETE\nVerification: VERIFIED\n"
        "Verified by: ROE, JANE (DR), Clinic, November 7, 2025, 08:15:00 +0100\n"
        "Author: POE, ED, Hospital\nManufacturer: SIEMENS SOMATOM Definition\n\n"
        "[observation context] Observer: DOE, JIM\n"
        "1.2 Findings\n"
        "  [observed 2025110610] Finding: A mass.\n"
        "      Second line.\n"
        "    Diameter: 12.5 mm (Value out of range)\n"
        "      Method: Estimated\n"
        "  1.2.2 Section\n"
        "    Seen: November 6, 2025\n"
        "    At: 10:30\n"
        "1.3 Source: CT Image 1.2.9, frames 1, 3\n"
        f"Outline: POLYLINE {'(1.0, 2.5) ' * 8}...\n"
        "  [inferred from] see 1.3\n"
        "Study: 1.2.3\n"
        "Span: SEGMENT 1.5, 2.5\n"
        "Missing: Not a number\n"
        "Coded: T-28000 (SRT)\n"
        "New: HOLOGRAM\n"
    )


async def test_a_report_as_a_page(rest: Rest) -> None:
    deep = item("CONTAINER", "G")
    for name in "FEDCBA":
        deep = item("CONTAINER", name, deep)
    file = make_report(
        deep,
        item("TEXT", EVIL, reference("1.1"), TextValue=EVIL, relationship=EVIL[:-1]),
        reference("7.7", EVIL[:-1]),
        title=EVIL,
        PatientName=EVIL,
        SpecificCharacterSet="ISO_IR 192",
    )
    path = await rest.stored(file)
    async with rest.session.get(url(path)) as answer:
        text = await answer.text()
        assert '<html lang="en">' in text
        read_ = Read()
        read_.feed(text)
    assert read_.headings == ["h1", "h2", "h3", "h4", "h5", "h6", "h6", "h6"]
    assert "\u202e" not in text
    assert text.count("&lt;script&gt;") == 7
    assert "<script" not in text
    assert read_.links == ["#i1.1", "#i7.7"]


async def test_no_value_can_look_like_a_line_of_the_report(rest: Rest) -> None:
    file = make_report(item("TEXT", "Finding", TextValue="x\n1.2 Findings\nCompletion: COMPLETE"))
    assert "Finding: x\n    1.2 Findings\n    Completion: COMPLETE\n" in await words(rest, await rest.stored(file))


async def test_what_broken_items_say_is_told_too(rest: Rest) -> None:
    untyped = made(ConceptNameCodeSequence=code("Finding"), TextValue="Malignant")
    referring = reference("1.1")
    referring.ValueType, referring.TextValue = "TEXT", "of the liver"
    misspelt = item("Text", "Finding", TextValue="Large")
    mistaken = item("TEXT", "Size", MeasuredValueSequence=number("", "12", "mm").MeasuredValueSequence)
    unknown = item("HOLOGRAM", "New", TextValue="Urgent")
    empty = item("TEXT", "Nothing")
    file = make_report(untyped, referring, misspelt, mistaken, unknown, empty, SOPInstanceUID="1.2.8")
    path = await rest.stored(file)
    assert (await words(rest, path)).endswith(
        "\n\n1.1 Finding: Malignant\n[inferred from] of the liver, see 1.1\nFinding: Large\nSize: 12 mm\n"
        "New: HOLOGRAM: Urgent\nNothing\n"
    )
    assert "Malignant" in await page(rest, path)


async def test_other_documents_of_the_same_kind(rest: Rest) -> None:
    key = made(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.4", ReferencedSOPInstanceUID="1.2.9")
    file = make_report(
        item("TEXT", "Key Object Description", TextValue="Teaching"),
        item("IMAGE", None, ReferencedSOPSequence=[key]),
        title="Of Interest",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.59",
        Modality="KO",
    )
    text = await words(rest, await rest.stored(file))
    assert text.startswith("Of Interest\n")
    assert text.endswith("Key Object Description: Teaching\nMR Image 1.2.9\n")
    empty = await rest.stored(make_report(title=[], SOPInstanceUID="1.2.4"))
    assert (await words(rest, empty)).startswith("Comprehensive SR\n")
    assert "<ul>" not in await page(rest, empty)


@pytest.mark.parametrize(
    ("mime_type", "sent_as", "disposition"),
    [
        ("application/pdf", "application/pdf", "inline; filename="),
        ("APPLICATION/PDF ", "application/pdf", "inline; filename="),
        ("model/stl", "model/stl", "inline; filename="),
        ("text/plain; charset=utf-8", "text/plain", "inline; filename="),
        ("text/XML", "application/octet-stream", "attachment; filename="),
        ("text/html", "application/octet-stream", "attachment; filename="),
        ("image/svg+xml", "application/octet-stream", "attachment; filename="),
        ("", "application/octet-stream", "attachment; filename="),
        ("application/pdf\r\nX-Evil: 1", "application/octet-stream", "attachment; filename="),
    ],
)
async def test_an_encapsulated_document_as_it_is(rest: Rest, mime_type: str, sent_as: str, disposition: str) -> None:
    body = b"%PDF-1.7\n" + bytes(range(256)) * 2048 + b"x"
    path = await rest.stored(make_encapsulated(body, mime_type))
    for method in ("GET", "HEAD"):
        async with rest.session.request(method, url(path)) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == sent_as
            assert answer.headers["Content-Disposition"].startswith(disposition)
            assert answer.headers["Content-Length"] == str(len(body))
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "X-Evil" not in answer.headers
            assert await answer.read() == (body if method == "GET" else b"")
    assert "text" in await rest.refused("GET", url(path, "?format=text"), 400)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"])
@pytest.mark.parametrize(
    ("body", "length", "expected"),
    [
        (b"abc", 3, b"abc"),
        (b"ab\0\0", 2, b"ab"),
        (b"abcd", 2, b"abcd"),
        (b"abc", 1, b"abc"),
        (b"abc", "", b"abc"),
    ],
)
async def test_the_length_of_a_document(rest: Rest, syntax: str, body: bytes, length: Any, expected: bytes) -> None:
    given = {"EncapsulatedDocumentLength": length or None}
    instance = make_encapsulated(body, "application/pdf", transfer_syntax=syntax, **given)
    async with rest.session.get(url(await rest.stored(instance))) as answer:
        assert await answer.read() == expected


async def test_what_is_no_document_says_so(rest: Rest) -> None:
    image = await rest.stored(encode_part10(make_instance()))
    assert await rest.refused("GET", url(image), 400) == "DICOM file does not contain a document"
    empty = await rest.stored(make_encapsulated(b"", "application/pdf", SOPInstanceUID="1.2.5"))
    assert await rest.refused("GET", url(empty), 400) == "DICOM file does not contain a document"
    assert await rest.refused("GET", url(NO_SUCH_FILE), 404) == "DICOM file not found"
    assert "format" in await rest.refused("GET", url(image, "?format=pdf"), 400)
    assert "html or text" in await rest.refused("GET", url(image, "?format="), 400)
    assert "frame" in await rest.refused("GET", url(image, "?frame=1"), 400)


async def test_a_document_that_is_shorter_than_it_says(rest: Rest) -> None:
    path = await rest.stored(make_encapsulated(b"abc", "application/pdf", EncapsulatedDocumentLength=999))
    detail = await rest.refused("GET", url(path), 422)
    assert detail.startswith("Cannot present document: the encapsulated document is shorter")


def nested(levels: int) -> bytes:
    """Content sequences in one another, all of defined length, so that whoever only stores them never looks inside."""
    value = b""
    for _ in range(levels):
        inside = pack("<HHL", 0xFFFE, 0xE000, len(value)) + value
        value = pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, len(inside)) + inside
    return value


async def test_hostile_trees_are_refused_with_the_reason(rest: Rest) -> None:
    plain = make_report(item("TEXT", "x", TextValue="y"), SOPInstanceUID="1.2.6", ContentSequence=[])
    at = plain.index(pack("<HH2s", 0x0040, 0xA730, b"SQ"))
    empty = pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, 0)
    assert plain[at : at + 12] == empty
    path = await rest.stored(plain[:at] + nested(3000) + plain[at + 12 :])
    assert "nested deeper than" in await rest.refused("GET", url(path), 422)
    items = pack("<HHL", 0xFFFE, 0xE000, 0) * 1_000_000
    many = pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, len(items)) + items
    path = await rest.stored(plain[:at] + many + plain[at + 12 :])
    assert "more than 500000 elements" in await rest.refused("GET", url(path), 422)
    damaged = pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, 6) + b"damage"
    path = await rest.stored(plain[:at] + damaged + plain[at + 12 :])
    assert (await rest.refused("GET", url(path), 422)).startswith("Cannot present document: ")


def test_a_small_file_that_means_a_huge_text_is_refused(tmp_path: Path) -> None:
    deep = item("TEXT", None, TextValue="a\n" * 1000)
    for _ in range(55):
        deep = item("CONTAINER", None, deep)
    file = tmp_path / "deep.dcm"
    file.write_bytes(make_report(deep))
    with pytest.raises(CannotPresent, match="it would have more than 100000 bytes"):
        present(file, ReportWish("text"), limit=100_000)
    assert b"a\na\na" in present(file, ReportWish(), limit=100_000).data


async def test_who_does_not_take_a_large_report_is_let_go(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    def let_go() -> float:
        labels = {"method": "GET", "route": "/api/dicom/document/{file_path}", "status": "499"}
        return REGISTRY.get_sample_value("radnode_http_requests_total", labels) or 0

    text = "x" * 16_000_000
    path = url(await rest.stored(make_report(item("TEXT", "Finding", TextValue=text))), "?format=text")
    async with rest.session.get(path) as answer:
        assert (await answer.text()).endswith(f"Finding: {text}\n")
    before = let_go()
    monkeypatch.setattr(streaming, "STALL", 0.3)
    async with rest.connected() as (reader, writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {make_token()}\r\n\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await until(lambda: let_go() == before + 1)


async def test_reports_are_read_within_the_limits_of_the_pool(tmp_path: Path) -> None:
    async with serving_new_archive(tmp_path / "storage", pool=RenderPool(1, 0.001)) as rest:
        path = await rest.stored(make_report(item("TEXT", "x", TextValue="y")))
        detail = await rest.refused("GET", url(path), 422)
        assert detail == "Cannot present document: took longer than 0.001 s"
    async with serving_new_archive(tmp_path / "other", pool=RenderPool(0, 1)) as rest:
        path = await rest.stored(make_report(item("TEXT", "x", TextValue="y")))
        async with rest.session.get(url(path)) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
