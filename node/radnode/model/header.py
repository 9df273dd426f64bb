"""What the archive needs to know of one object: its identity and the attributes that are indexed."""

from collections.abc import Mapping
from dataclasses import dataclass

from radnode.model.attribute_table import STANDARD_TABLE, AttributeTable
from radnode.model.uid import UID


@dataclass(frozen=True, slots=True)
class Header:
    """An object's identity, read from its data set and checked, and its indexed values.

    `values` maps the keyword of an indexed attribute to its text: Unicode, padding trimmed, several values joined by a
    backslash, numbers as they were written (binary ones in decimal). An absent attribute has no key, an empty one "".
    `table` says which attributes were looked for.
    """

    transfer_syntax: UID
    sop_class: UID
    sop_instance: UID
    series: UID
    study: UID
    patient_id: str
    values: Mapping[str, str]
    table: AttributeTable = STANDARD_TABLE
