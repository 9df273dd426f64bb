"""docs/images.md: the table of all pictures, and why what is refused is refused."""

from collections.abc import Sequence

from support.comparing import Difference, Row

LIMIT = 1.0
"""Grey levels that a picture may be away from the others' on average."""
REASONS = {
    "DICOM file does not contain pixel data": "No image (a report, plan, palette, directory), or its header alone: 400",
    "File has no DICOM preamble and prefix": "Not a file of PS3.10 7.1, which would say how it is encoded",
    "File meta information has no transfer syntax": "Of type 1 (PS3.10 7.1): how the rest is encoded is not known",
    "the data set ends within the element": "Truncated (PS3.5 7.1.1); such a file is not stored either",
    "the compressed frame has another size than Rows": "Its codestream is broken on purpose: 3,722,445,056 columns",
    "cells of more than 16 bits in big endian words": "By words, the low one first (PS3.5-2016b 7.3, 8.1.1; DCMTK), or"
    " whole cells turned round (pydicom): nothing says which is meant, and one of them is another dose (decision 17)",
    "Bits Allocated is missing or not a number": "No Image Pixel module, of which it is type 1 (PS3.3 C.7.6.3)",
}
REMARKS = {
    "693_J2KI.dcm": "compressed to 1,548 bytes (338:1): the blotches are in the file",
    "693_UNCI.dcm": "once compressed 338:1: the blotches are in the file",
    "SC_rgb_jpeg.dcm": "implicit VR where explicit is declared, which neither of the others reads",
    "image_dfl.dcm": "a deflated data set, which pydicom does not read frame by frame",
    "badVR.dcm": "Number of Frames is `1A`; pydicom refuses it",
    "JPEG-lossy.dcm": "12-bit JPEG, for which pydicom has no decoder here",
    "JPGExtended.dcm": "12-bit JPEG, for which pydicom has no decoder here",
    "OBXXXX1A_expb.dcm": "pydicom reads the words of the palette as little endian",
    "OBXXXX1A_expb_2frame.dcm": "pydicom reads the words of the palette as little endian",
}
_HEAD = """# Pictures of public test files

Made by `scripts/compare_images --write`: radnode's picture of the first and the last frame of every file in the Python
packages pydicom and pydicom-data, beside DCMTK's (`dcmj2pnm`, `dcml2pnm`) and beside the one that pydicom's decoders
and functions (`pydicom.pixels.processing`) make in floating point. A difference is the mean and the greatest absolute
difference of grey levels, 0 to 255, over all picture elements and samples. DCMTK cuts fractions off where radnode
rounds, so a difference of up to one level is no difference. Where the file says no window, all three show from the
least to the greatest value. [All pictures on one sheet](images.jpg).

{summary}

| File | Frame | Transfer syntax | Pixels | Pipeline | DCMTK | pydicom | Remark |
|---|---|---|---|---|---|---|---|
"""


def page(rows: Sequence[Row]) -> str:
    """The whole page. Files that differ in nothing but their name share a row."""
    lines: dict[str, list[str]] = {}
    for row in rows:
        lines.setdefault(_cells(row), []).append(row.name)
    table = [f"| {_names(names)} | {cells} |" for cells, names in lines.items()]
    return _HEAD.format(summary=_summary(rows)) + "\n".join(table) + "\n"


def unexplained(rows: Sequence[Row]) -> list[Row]:
    """Those that are too far from the others', and those that are refused for no known reason."""
    return [row for row in rows if not (_reason(row) if row.refusal else _is_close(row))]


def _is_close(row: Row) -> bool:
    """To every reference; with a remark that says why, to one of them, or there is none."""
    close = [one.mean < LIMIT for one in row.differences]
    return (any(close) or not close) if row.name in REMARKS else bool(close) and all(close)


def _reason(row: Row) -> str:
    return next((reason for words, reason in REASONS.items() if row.refusal.startswith(words)), "")


def _summary(rows: Sequence[Row]) -> str:
    shown = [row for row in rows if row.picture is not None]
    files = len({row.name for row in rows})
    worst = max((min(one.mean for one in row.differences) for row in shown if row.differences), default=0.0)
    return (
        f"{files} files, {len(shown)} pictures, {len(rows) - len(shown)} refusals. The greatest mean difference from"
        f" the nearer reference is {worst:.2f} grey levels."
    )


def _cells(row: Row) -> str:
    return " | ".join((str(row.frame), _syntax(row), _pixels(row), *_outcome(row)))


def _outcome(row: Row) -> tuple[str, str, str, str]:
    if row.refusal:
        return "", "", "", f"refused: {row.refusal}. {_reason(row)}"
    facts = "; ".join(
        f"{key} {value}" for key, value in (row.facts or {}).items() if key != "frame" and value != "none"
    )
    return facts, _measured(row.dcmtk), _measured(row.pydicom), REMARKS.get(row.name, "")


def _measured(difference: Difference | str) -> str:
    if isinstance(difference, str):
        return difference
    return f"{difference.mean:.2f}, {difference.greatest:g}"


def _syntax(row: Row) -> str:
    meta = getattr(row.header, "file_meta", None)
    syntax = meta.get("TransferSyntaxUID") if meta is not None else None
    return "" if syntax is None else str(syntax.name).partition(" (Process")[0]


def _pixels(row: Row) -> str:
    header = row.header
    if header is None or "Rows" not in header:
        return ""
    sign = "signed" if header.get("PixelRepresentation") == 1 else "unsigned"
    depth = f"{header.get('BitsStored', '')}/{header.get('BitsAllocated', '')} bits {sign}"
    return f"{header.get('PhotometricInterpretation', '')}, {depth}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(f"`{name}`" for name in names))
