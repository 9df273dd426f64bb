"""What one DICOM object says: header, metadata, summary, pixels. No index, no network.

The guide's three functions are offered here, and loaded when they are first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radnode.instance.guide import extract_image_png, generate_clinical_summary, parse_dicom_file

__all__ = ["extract_image_png", "generate_clinical_summary", "parse_dicom_file"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attributes have any type
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from radnode.instance import guide  # noqa: PLC0415 - pydicom is not loaded by whoever only needs a neighbour

    return getattr(guide, name)
