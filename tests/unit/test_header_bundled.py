"""pydicom's bundled files, each judged by hand (dcmdump agrees): accepted with pydicom's identity, or refused."""

from pathlib import Path

import pydicom
import pytest
from support.instances import bundled_files

from radnode.instance.header import read_header
from radnode.instance.part10 import dataset_offset
from radnode.model.errors import InvalidIdentity, NotDicom, RadnodeError, Truncated

NO_PREAMBLE = (NotDicom, "no DICOM preamble")
NO_CLASS = (InvalidIdentity, "SOPClassUID is missing")
NO_STUDY = (InvalidIdentity, "StudyInstanceUID is missing")
REFUSED: dict[str, tuple[type[RadnodeError], str]] = {
    "ExplVR_BigEndNoMeta.dcm": NO_PREAMBLE,
    "ExplVR_LitEndNoMeta.dcm": NO_PREAMBLE,
    "README": NO_PREAMBLE,
    "README.txt": NO_PREAMBLE,
    "no_meta.dcm": NO_PREAMBLE,
    "rtstruct.dcm": NO_PREAMBLE,
    "meta_missing_tsyntax.dcm": (NotDicom, "has no transfer syntax"),
    "MR_truncated.dcm": (Truncated, "ends within the element"),
    "rtplan_truncated.dcm": (Truncated, "ends within the element"),
    "DICOMDIR": NO_CLASS,  # a media directory is no composite object
    "DICOMDIR-bigEnd": NO_CLASS,
    "DICOMDIR-empty.dcm": NO_CLASS,
    "DICOMDIR-implicit": NO_CLASS,
    "DICOMDIR-nooffset": NO_CLASS,
    "DICOMDIR-nopatient": NO_CLASS,
    "DICOMDIR-reordered": NO_CLASS,
    "UN_sequence.dcm": NO_CLASS,
    "chrSQEncoding.dcm": NO_CLASS,
    "chrSQEncoding1.dcm": NO_CLASS,
    "empty_charset_LEI.dcm": NO_CLASS,
    "nested_priv_SQ.dcm": NO_CLASS,
    "no_meta_group_length.dcm": NO_CLASS,
    "priv_SQ.dcm": NO_CLASS,
    "JPEGLSNearLossless_08.dcm": NO_STUDY,
    "JPEGLSNearLossless_16.dcm": NO_STUDY,
    "SC_rgb_jls_lossy_line.dcm": NO_STUDY,
    "SC_rgb_jls_lossy_sample.dcm": NO_STUDY,
}
UIDS = {
    "sop_class": "SOPClassUID",
    "sop_instance": "SOPInstanceUID",
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
}


@pytest.mark.filterwarnings("ignore")  # pydicom's, on odd values
@pytest.mark.parametrize("path", bundled_files(), ids=lambda path: path.name)
def test_bundled_file(path: Path) -> None:
    file = path.read_bytes()
    if path.name in REFUSED:
        error, why = REFUSED[path.name]
        with pytest.raises(error, match=why):
            read_header(file[dataset_offset(file)[1] :], dataset_offset(file)[0])
        return
    syntax, offset = dataset_offset(file)
    header = read_header(file[offset:], syntax)
    dataset = pydicom.dcmread(path)
    assert str(syntax) == str(dataset.file_meta.TransferSyntaxUID)
    for field, keyword in UIDS.items():
        assert getattr(header, field) == dataset[keyword].value
    assert header.patient_id == str(dataset.get("PatientID", "")).strip()
    # pydicom drops empty component groups at the end of a name
    assert header.values.get("PatientName", "").rstrip("=") == str(dataset.get("PatientName", ""))


def test_nothing_in_the_table_is_missing() -> None:
    assert set(REFUSED) <= {path.name for path in bundled_files()}


CHARACTER_SET_FILES = [path for path in bundled_files() if path.name.startswith("chr") and path.name not in REFUSED]


@pytest.mark.parametrize("path", CHARACTER_SET_FILES, ids=lambda path: path.name)
def test_no_character_is_lost_in_the_character_set_files(path: Path) -> None:
    file = path.read_bytes()
    syntax, offset = dataset_offset(file)
    text = "".join(read_header(file[offset:], syntax).values.values())
    assert "\ufffd" not in text
    assert "\x1b" not in text
