"""Objects in other transfer syntaxes, as files that other people's readers take."""

import tempfile
from pathlib import Path

from pydicom.dataset import Dataset

from radnode.instance.part10 import dataset_offset, encode_file_meta
from radnode.instance.transcoding.transcode import transcode
from radnode.model.uid import UID

REPLACED = {  # what another encoding of the pixel data may change, and group lengths
    0x00280004,  # Photometric Interpretation
    0x00280006,  # Planar Configuration
    0x00280102,  # High Bit
    0x00282110,  # Lossy Image Compression
    *(0x7FE00001, 0x7FE00002, 0x7FE00010),
}


def transfer_syntax_of(path: Path) -> UID:
    """What its file meta says."""
    return dataset_offset(path.read_bytes())[0]


def transcoded(path: Path, target: str, folder: Path) -> Path:
    """A whole file with the object of `path` in the transfer syntax `target`; errors as `transcode`."""
    with tempfile.TemporaryFile() as file:
        count = transcode(path, UID(target), file.fileno())
        file.seek(0)
        data = file.read()
    assert len(data) == count
    out = folder / f"{target}-{path.name}"
    out.write_bytes(encode_file_meta("1.2.840.10008.5.1.4.1.1.2", "1.2.3", target) + data)
    return out


def the_rest(dataset: Dataset) -> Dataset:
    """The data set without what may differ."""
    rest = Dataset({tag: dataset[tag] for tag in dataset.keys() if tag not in REPLACED and tag.element})  # noqa: SIM118
    rest.file_meta = dataset.file_meta
    return rest
