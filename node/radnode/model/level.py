"""Query/Retrieve levels (PS3.4 C.6) and the information models that use them."""

from enum import Enum, IntEnum


class Level(IntEnum):
    """A level of the Query/Retrieve hierarchy; a smaller number is nearer to the root."""

    PATIENT = 0
    STUDY = 1
    SERIES = 2
    IMAGE = 3


class Root(Enum):
    """An information model: where it starts and ends. Patient Root (C.6.1), Study Root (C.6.2), Patient/Study Only.

    The last one is retired (PS3.4-2004 C.6.3), and old workstations still use it.
    """

    PATIENT = (Level.PATIENT, Level.IMAGE)
    STUDY = (Level.STUDY, Level.IMAGE)
    PATIENT_STUDY_ONLY = (Level.PATIENT, Level.STUDY)

    @property
    def top(self) -> Level:
        """Its first level."""
        return self.value[0]

    @property
    def lowest(self) -> Level:
        """Its last level."""
        return self.value[1]

    def has(self, level: Level) -> bool:
        """Whether entities of `level` are found by it."""
        return self.top <= level <= self.lowest
