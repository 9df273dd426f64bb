"""PS3.15 table E.1-1: the Basic Profile's action for each attribute, as dicom-anonymizer has it (edition 2026c)."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

CURVES, OVERLAYS = 0x5000, 0x6000
"""Repeating groups: every even one of the 256 from there on."""
_CODES = {
    "D_TAGS": "D",
    "Z_TAGS": "Z",
    "X_TAGS": "X",
    "U_TAGS": "U",
    "Z_D_TAGS": "Z/D",
    "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D",
    "X_Z_D_TAGS": "X/Z/D",
    "X_Z_U_STAR_TAGS": "X/Z/U*",
}


@cache
def basic_profile() -> Mapping[int, str]:
    """The action code by tag. Curves and overlays, which stand in it as masks, are whole groups and left out."""
    # Imported where it is needed: most of what radnode does never de-identifies anything.
    from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as edition  # noqa: PLC0415

    return MappingProxyType(
        {
            entry[0] << 16 | entry[1]: code
            for name, code in _CODES.items()
            for entry in getattr(edition, name)
            if len(entry) == 2
        }
    )
