"""What is asked for: the Basic Application Level Confidentiality Profile and its options (PS3.15 E.2, E.3)."""

from dataclasses import dataclass
from enum import Enum

from radnode.instance.deidentification.codes import BASIC, OPTIONS

MAX_PSEUDONYM = 64
"""Characters of an LO, and of a component group of a PN."""
PSEUDONYM_FORM = f"printable ASCII without a backslash, at most {MAX_PSEUDONYM} characters"
"""What `is_pseudonym` wants, in words."""


class Dates(Enum):
    """What becomes of dates and times; the value is the defined term of (0028,0303) (PS3.3 C.12.1.1.9)."""

    REMOVE = "REMOVED"
    MODIFY = "MODIFIED"
    KEEP = "UNMODIFIED"


@dataclass(frozen=True, slots=True)
class Profile:
    """The Basic Profile with the options that are true; `patient_id` and `patient_name` stand in for the patient's.

    Both are ASCII, of 64 characters at most, and made of the key where they are empty.
    """

    retain_safe_private: bool = False
    retain_uids: bool = False
    retain_device_identity: bool = False
    retain_institution_identity: bool = False
    retain_patient_characteristics: bool = False
    dates: Dates = Dates.REMOVE
    clean_descriptors: bool = False
    clean_structured_content: bool = False
    clean_graphics: bool = False
    patient_id: str = ""
    patient_name: str = ""

    @property
    def codes(self) -> tuple[tuple[str, str], ...]:
        """The code value and meaning of the profile and of each option (CID 7050, PS3.16)."""
        asked = {name for name in OPTIONS if getattr(self, name, False) is True}
        asked |= {f"dates_{self.dates.name.lower()}"} & OPTIONS.keys()
        return (BASIC, *(code for name, code in OPTIONS.items() if name in asked))


def is_pseudonym(text: str) -> bool:
    """Whether it can be one patient's ID or name in every character set."""
    return 0 < len(text) <= MAX_PSEUDONYM and text.isascii() and text.isprintable() and "\\" not in text
