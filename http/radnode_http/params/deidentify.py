"""What a de-identification may be asked for: the options of PS3.15 E.3, and what becomes of the result."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from radnode.instance.deidentification.profile import PSEUDONYM_FORM, Dates, Profile, is_pseudonym
from radnode_http.errors import Refusal
from radnode_http.params.query import parse_body

_PSEUDONYM = r"^[ -\[\]-~]{0,64}$"


def _known_dates(value: object) -> object:
    if value not in ("remove", "modify", "keep"):
        raise PydanticCustomError("dates", "must be remove, modify or keep")
    return value


def _pseudonym(text: str) -> str:
    if text and not is_pseudonym(text):
        raise PydanticCustomError("pseudonym", f"must be {PSEUDONYM_FORM}")
    return text


DatesWanted = Annotated[Literal["remove", "modify", "keep"], BeforeValidator(_known_dates)]
Pseudonym = Annotated[str, AfterValidator(_pseudonym), WithJsonSchema({"type": "string", "pattern": _PSEUDONYM})]


class DeidentifyWanted(BaseModel):
    """The options of a de-identification; without any it is the Basic Profile alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    retain_safe_private: bool = False
    """Keep private elements that are known to be safe."""
    retain_uids: bool = False
    """Keep all UIDs, so that the object can be told to be the original's."""
    retain_device_identity: bool = False
    """Keep what names the equipment."""
    retain_institution_identity: bool = False
    """Keep what names the institution."""
    retain_patient_characteristics: bool = False
    """Keep sex, age, size, weight and the like."""
    dates: DatesWanted = "remove"
    """Remove dates and times, move those of a patient by one number of days (modify), or keep them."""
    clean_descriptors: bool = False
    """Keep known words of descriptions instead of none."""
    clean_structured_content: bool = False
    """Keep codes and numbers of structured reports instead of nothing."""
    clean_graphics: bool = False
    """Keep drawings and regions, without their texts, instead of nothing."""
    patient_id: Pseudonym = ""
    """The Patient ID from now on; made of the key where it is empty."""
    patient_name: Pseudonym = ""
    """The Patient's Name from now on; the new ID where it is empty."""
    accept_burned_in: bool = False
    """Make it also of what says that its pixels show the patient, of recorded voices, and of encapsulated documents,
    which become empty."""
    store: bool = False
    """Put the new object into the archive (needs dicom:write) instead of sending it."""

    def profile(self) -> Profile:
        """The options as the de-identification takes them."""
        options = {name: value for name, value in self if name in Profile.__dataclass_fields__ and name != "dates"}
        return Profile(dates=Dates[self.dates.upper()], **options)


def parse_wanted(body: bytes) -> DeidentifyWanted:
    """The options in a JSON body, the defaults where there is none. Refusal (400)."""
    wanted = parse_body(DeidentifyWanted, body) if body.strip() else DeidentifyWanted()
    if wanted.store and wanted.retain_uids:
        raise Refusal(400, "Field store must not be true with retain_uids, since the original would be replaced")
    return wanted
