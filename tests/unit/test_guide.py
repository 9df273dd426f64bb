"""The guide's Python face: its own examples, run against real files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.instances import make_instance, write_part10

import radnode.instance
from radnode.instance import extract_image_png, generate_clinical_summary, parse_dicom_file


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return write_part10(make_instance(Rows=16, Columns=12), tmp_path / "sample.dcm")


def test_parse_dicom_file(sample: Path) -> None:
    result = parse_dicom_file(sample)
    assert result["success"] is True
    assert result["patient"]["patient_id"] == "12345678"
    assert list(result) == ["success", "patient", "study", "series", "image", "equipment"]
    assert result["image"]["pixel_spacing"] == [0.6836, 0.6836]
    assert json.loads(json.dumps(result)) == result
    assert parse_dicom_file(str(sample)) == result


@pytest.mark.parametrize("act", [parse_dicom_file, extract_image_png, generate_clinical_summary])
def test_failures_are_told_not_raised(act: object, tmp_path: Path) -> None:
    assert callable(act)
    invalid = tmp_path / "invalid.txt"
    invalid.write_text("not DICOM")
    assert act(invalid) == {"success": False, "error": "File has no DICOM preamble and prefix"}
    assert act(tmp_path / "missing.dcm") == {"success": False, "error": "DICOM file not found"}
    assert act("no\0file") == {"success": False, "error": "DICOM file not found"}
    assert act(tmp_path)["success"] is False


def test_extract_image(sample: Path) -> None:
    result = extract_image_png(sample)
    assert result["success"] is True
    assert result["image_data"].startswith(b"\x89PNG")


def test_generate_clinical_summary(sample: Path) -> None:
    result = generate_clinical_summary(file_path=sample, include_patient_info=True, include_study_info=False)
    assert result["success"] is True
    assert result["summary"].startswith("PATIENT INFORMATION:\nName: DOE, JOHN\n")
    assert "STUDY" not in result["summary"]
    assert result["structured_data"]["study"] == {}
    assert result["structured_data"]["technical"]["pixel_spacing"] == [0.6836, 0.6836]
    assert json.loads(json.dumps(result)) == result


def test_the_package_offers_the_three_functions_alone() -> None:
    assert sorted(radnode.instance.__all__) == ["extract_image_png", "generate_clinical_summary", "parse_dicom_file"]
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        radnode.instance.nonsense  # noqa: B018 - reading it is the test


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, radnode.instance; print({'numpy', 'PIL', 'pydicom'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
