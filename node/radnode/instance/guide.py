"""The Python face of the guide: plain dictionaries with `success`, and `error` instead of an exception."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from radnode.instance.pictures.picture import PictureWish
from radnode.instance.words.metadata import read_metadata
from radnode.instance.words.summary import summarize
from radnode.model.errors import RadnodeError

Answer = dict[str, Any]


def parse_dicom_file(path: str | Path) -> Answer:
    """The metadata's groups (patient, study, series, image, equipment) of a DICOM file beside `success`."""
    try:
        return {"success": True, **_plain(asdict(read_metadata(_file(path))))}
    except (RadnodeError, OSError) as error:
        return _failure(error)


def extract_image_png(path: str | Path) -> Answer:
    """The first frame of a DICOM file as `image_data`, the bytes of a PNG."""
    # the decoders and numpy are loaded only where a picture is wanted
    from radnode.instance.pictures.render import render  # noqa: PLC0415

    try:
        return {"success": True, "image_data": render(_file(path), PictureWish()).data}
    except (RadnodeError, OSError) as error:
        return _failure(error)


def generate_clinical_summary(
    file_path: str | Path,
    include_patient_info: bool = True,
    include_study_info: bool = True,
    include_technical_params: bool = True,
) -> Answer:
    """The clinical summary of a DICOM file as `summary`, and the values it came from as `structured_data`."""
    try:
        summary = summarize(
            read_metadata(_file(file_path)),
            include_patient_info=include_patient_info,
            include_study_info=include_study_info,
            include_technical_params=include_technical_params,
        )
    except (RadnodeError, OSError) as error:
        return _failure(error)
    return {"success": True, **_plain(asdict(summary))}


def _file(path: str | Path) -> Path:
    """The path of what may be a file: no file's path holds a NUL, and open() has an error of another kind for that."""
    if "\0" in str(path):
        raise FileNotFoundError
    return Path(path)


def _plain(values: Answer) -> Answer:
    """The same with lists for tuples, as the values come out of JSON."""
    return {
        key: _plain(value) if isinstance(value, dict) else list(value) if isinstance(value, tuple) else value
        for key, value in values.items()
    }


def _failure(error: Exception) -> Answer:
    if isinstance(error, FileNotFoundError):
        return {"success": False, "error": "DICOM file not found"}
    if isinstance(error, OSError):
        return {"success": False, "error": f"Cannot read the file: {error.strerror}"}
    return {"success": False, "error": str(error)}
