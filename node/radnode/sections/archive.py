"""[archive]: the storage folder, its index, and what is indexed beside what every archive indexes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from radnode.model.attributes import BY_TAG, Attribute
from radnode.model.level import Level
from radnode.setting_types import Allowed, Location, Section

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$"),
    Allowed("the keyword of an attribute, such as ContrastBolusAgent, or a tag, such as 0019,100C"),
]


class Indexed(Section):
    """An attribute that is indexed: it can be asked for like any other."""

    attribute: Name
    """Its keyword or its tag."""
    level: Literal["PATIENT", "STUDY", "SERIES", "IMAGE"]
    """Of what it says something."""
    vr: str | None = None
    """Its value representation, where the data dictionary has none, as of private attributes."""

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        self.resolved()
        return self

    def resolved(self) -> Attribute:
        """The attribute itself. Raises ValueError where there is none that can be indexed."""
        from radnode.instance.dictionary import indexable  # noqa: PLC0415 - the dictionary is slow, and seldom needed

        return indexable(self.attribute, Level[self.level], self.vr)


def further_attributes(listed: Iterable[Indexed]) -> tuple[Attribute, ...]:
    """Those of them that are not indexed anyway. Raises ValueError for one that stands twice."""
    found: dict[int, Attribute] = {}
    for attribute in (each.resolved() for each in listed):
        if attribute.tag in found:
            raise ValueError(f"must name each attribute once, but {attribute.keyword} stands there again")
        found[attribute.tag] = attribute
    return tuple(attribute for tag, attribute in found.items() if tag not in BY_TAG)


class ArchiveSettings(Section):
    """The storage folder and its index."""

    root: Location = Path("./dicom_storage")
    """The storage folder."""
    enabled: bool = True
    """Whether anything is served; if not, REST answers 503 (but for its status) and nobody listens for DICOM."""
    attributes: tuple[Indexed, ...] = Field(default=(), max_length=64)
    """What else is indexed, such as [{attribute = "ContrastBolusAgent", level = "SERIES"}]; what was once stays."""

    @field_validator("attributes")
    @classmethod
    def _stand_once(cls, attributes: tuple[Indexed, ...]) -> tuple[Indexed, ...]:
        further_attributes(attributes)
        return attributes

    @property
    def further(self) -> tuple[Attribute, ...]:
        """The attributes that are indexed beside those of every archive."""
        return further_attributes(self.attributes)
