"""Query/Retrieve levels (PS3.4 C.6) and the information models that use them."""

from enum import Enum, IntEnum


class Level(IntEnum):
    """A level of the Query/Retrieve hierarchy; a smaller number is nearer to the root."""

    PATIENT = 0
    STUDY = 1
    SERIES = 2
    IMAGE = 3


class Root(Enum):
    """Where an information model starts: Patient Root (C.6.1) or Study Root (C.6.2)."""

    PATIENT = Level.PATIENT
    STUDY = Level.STUDY
