"""Ways to spoil the attributes of a data set: what broken and hostile makers write."""

import random

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from support.instances import put

_SHORTS = (0, 1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 64, 65, 255, 256, 1000, 32767, 32768, 65534, 65535)
_NUMBERS = (
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "PlanarConfiguration"),
    *("PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit", "SmallestImagePixelValue"),
)
_WORDS = (
    "0",
    "-1",
    "1",
    "2",
    "3",
    "99999999999",
    "2147483648",
    "1e308",
    "-1e308",
    "1e-308",
    "nan",
    "inf",
    "",
    "x",
    "0\\0",
)
_TEXTS = (
    *("NumberOfFrames", "WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "PixelAspectRatio"),
    *("FrameTime", "CineRate", "PixelSpacing", "DoseGridScaling", "SliceThickness", "InstanceNumber", "StudyDate"),
)
_CODES = {
    "PhotometricInterpretation": (
        *("MONOCHROME1", "MONOCHROME2", "RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420"),
        *("YBR_ICT", "YBR_RCT", "HSV", "ARGB", "CMYK", "XYB", "", "\\", "MONOCHROME2\\RGB"),
    ),
    "VOILUTFunction": ("LINEAR", "LINEAR_EXACT", "SIGMOID", "", "CUBIC"),
    "PresentationLUTShape": ("IDENTITY", "INVERSE", "LIN OD", "", "x"),
    "PixelPresentation": ("COLOR", "MONOCHROME", "MIXED", "TRUE_COLOR", ""),
    "SpecificCharacterSet": (
        "ISO_IR 192",
        "ISO 2022 IR 87\\ISO 2022 IR 13",
        "\\ISO 2022 IR 149",
        "GB18030",
        "ISO_IR 999",
    ),
    "WindowCenterWidthExplanation": ("NORMAL\\WIDE", "a\r\nX-Evil: 1", "\xc4\\\xff", "", "x" * 300, "auto"),
    "SegmentationType": ("BINARY", "FRACTIONAL", "LABELMAP", ""),
    "Modality": ("CT", "SEG", "RTDOSE", "SR", "DOC", "NM", "XA", ""),
    "PatientName": (
        "<script>alert(1)</script>",
        "\x1b$B\x1b",
        "A^B^C^D^E^F=G=H=I",
        "\x85\u2028".encode().decode("latin-1"),
        "=" * 64,
    ),
}
_CLASSES = (
    *("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.481.2", "1.2.840.10008.5.1.4.1.1.66.4"),
    *("1.2.840.10008.5.1.4.1.1.30", "1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.88.33"),
    *("1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.840.10008.5.1.4.1.1.11.1"),
)
_DOCUMENTS = tuple(f"1.2.840.10008.5.1.4.1.1.104.{number}" for number in range(1, 6))
_MIME_TYPES = (
    *("application/pdf", "text/html", "text/XML", "image/svg+xml", "model/stl", "", "x", "application/pdf; charset=x"),
    *("application/pdf\r\nX-Evil: 1", "a/b\\c/d", "\x00", "text/html;charset=\xff", "APPLICATION/PDF "),
)


def _write(dataset: Dataset, keyword: str, text: str) -> None:
    """The attribute with this text, whatever its VR allows."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    element = DataElement(tag, "LO", text, validation_mode=config.IGNORE)
    element.VR = dictionary_VR(tag)
    dataset[tag] = element


def numbers(dataset: Dataset, noise: random.Random) -> None:
    """A description of pixels that does not fit them."""
    for keyword in noise.sample(_NUMBERS, noise.choice((1, 2, 4))):
        values = [noise.choice(_SHORTS) for _ in range(noise.choice((1, 1, 1, 1, 0, 2)))]
        put(dataset, keyword, values)


def texts(dataset: Dataset, noise: random.Random) -> None:
    """Numbers in words, and codes, that are none or others."""
    for keyword in noise.sample(_TEXTS, 3):
        _write(dataset, keyword, noise.choice(_WORDS))
    for keyword in noise.sample(sorted(_CODES), 2):
        _write(dataset, keyword, noise.choice(_CODES[keyword]))


def classes(dataset: Dataset, noise: random.Random) -> None:
    """An object of another class than its attributes are for."""
    put(dataset, "SOPClassUID", noise.choice(_CLASSES))


def missing(dataset: Dataset, noise: random.Random) -> None:
    """Attributes that are not there."""
    kept = {"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"}
    there = [element for element in dataset if element.keyword and element.keyword not in kept]
    for element in noise.sample(there, min(len(there), 4)):
        del dataset[element.tag]


def tables(dataset: Dataset, noise: random.Random) -> None:
    """Lookup tables whose descriptors lie."""
    words = noise.randbytes(2 * noise.choice((0, 1, 3, 256, 4096)))
    for keyword in ("VOILUTSequence", "ModalityLUTSequence"):
        item = Dataset()
        item.add_new(0x00283002, "US", _descriptor(noise))
        item.add_new(0x00283006, "OW", words)
        _write(item, "LUTExplanation", noise.choice(_CODES["WindowCenterWidthExplanation"]))
        put(dataset, keyword, [item])
    for color in ("Red", "Green", "Blue"):
        put(dataset, f"{color}PaletteColorLookupTableDescriptor", _descriptor(noise))
        segmented = noise.choice(("", "Segmented"))
        put(dataset, f"{segmented}{color}PaletteColorLookupTableData", words)
    if noise.random() < 0.5:
        put(dataset, "PhotometricInterpretation", "PALETTE COLOR")


def _descriptor(noise: random.Random) -> list[int]:
    return [noise.choice(_SHORTS) for _ in range(noise.choice((3, 3, 3, 3, 0, 2, 4)))]


def overlays(dataset: Dataset, noise: random.Random) -> None:
    """Overlay planes that lie beside the image, or are larger than their data."""
    group = noise.choice((0x6000, 0x6002, 0x601E))
    shorts = {0x10: "US", 0x11: "US", 0x100: "US", 0x102: "US"}
    for element, vr in shorts.items():
        dataset[group << 16 | element] = DataElement(group << 16 | element, vr, noise.choice(_SHORTS))
    dataset[group << 16 | 0x40] = DataElement(group << 16 | 0x40, "CS", noise.choice(("G", "R", "")))
    origin = [noise.choice((-32768, -3, 0, 1, 32767)) for _ in range(noise.choice((1, 2, 2)))]
    dataset[group << 16 | 0x50] = DataElement(group << 16 | 0x50, "SS", origin)
    if noise.random() < 0.7:
        dataset[group << 16 | 0x3000] = DataElement(
            group << 16 | 0x3000, "OW", noise.randbytes(noise.choice((0, 2, 600)))
        )


def groups(dataset: Dataset, noise: random.Random) -> None:
    """Functional groups that are empty, too few, or hold something else."""
    frame, inner = Dataset(), Dataset()
    for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope", "PixelSpacing"):
        _write(inner, keyword, noise.choice(_WORDS))
    for keyword in ("FrameVOILUTSequence", "PixelValueTransformationSequence", "PixelMeasuresSequence"):
        put(frame, keyword, noise.choice(([], [inner], [inner, inner])))
    put(dataset, "PerFrameFunctionalGroupsSequence", [frame] * noise.choice((0, 1, 5, 300)))
    put(dataset, "SharedFunctionalGroupsSequence", noise.choice(([], [frame], [Dataset()])))


def tree(dataset: Dataset, noise: random.Random) -> None:
    """A report whose content is deep, wide, refers to itself, or is of no known type."""
    leaf = _content(noise)
    for level in range(noise.choice((0, 3, 12, 60))):
        node = _content(noise)
        put(node, "ContentSequence", [leaf] * (noise.choice((1, 2)) if level < 4 else 1))
        leaf = node
    put(dataset, "ValueType", noise.choice(("CONTAINER", "TEXT", "")))
    put(dataset, "ContentSequence", [leaf, *(_content(noise) for _ in range(noise.choice((0, 3, 500))))])
    if noise.random() < 0.7:
        put(dataset, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.88.33")


def _content(noise: random.Random) -> Dataset:
    item, name = Dataset(), Dataset()
    kinds = ("TEXT", "NUM", "CODE", "CONTAINER", "DATE", "PNAME", "UIDREF", "IMAGE", "SCOORD", "TCOORD", "", "NONSENSE")
    put(item, "ValueType", noise.choice(kinds))
    put(item, "RelationshipType", noise.choice(("CONTAINS", "HAS OBS CONTEXT", "INFERRED FROM", "")))
    put(name, "CodeMeaning", noise.choice(("<b>Finding</b>", "", "x" * 5000)))
    put(item, "ConceptNameCodeSequence", noise.choice(([name], [], [name, name])))
    put(item, "TextValue", noise.choice(("<script>alert(1)</script>", "a\r\nb", "\x00\x1b[31m", "y" * 3000)))
    put(item, "ReferencedContentItemIdentifier", [1, 1, noise.choice((0, 1, 4294967295))])
    return item


def documents(dataset: Dataset, noise: random.Random) -> None:
    """An encapsulated document of a type, a length and a title that nobody should believe."""
    put(dataset, "SOPClassUID", noise.choice(_DOCUMENTS))
    _write(dataset, "MIMETypeOfEncapsulatedDocument", noise.choice(_MIME_TYPES))
    _write(dataset, "DocumentTitle", noise.choice(("", "a\r\nX-Evil: 1", "../../etc/passwd", '";x="', "Ä" * 64)))
    put(dataset, "EncapsulatedDocumentLength", noise.choice((0, 1, 100, 4294967295)))
    if noise.random() < 0.8:
        content = noise.choice((b"", b"%PDF-1.4\n", b"<script>alert(1)</script>", noise.randbytes(300)))
        put(dataset, "EncapsulatedDocument", content)
