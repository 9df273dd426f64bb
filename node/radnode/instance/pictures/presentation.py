"""The last grey step (PS3.4 N.2.3, PS3.3 C.11.4, C.11.6): Presentation LUT and polarity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from radnode.instance.decoding.image_attributes import first_item, text
from radnode.instance.pictures.luts import LookupTable, lookup_table
from radnode.instance.pictures.windows import WHITE
from radnode.model.errors import CannotRender

Levels = NDArray[np.float64]


@dataclass(frozen=True)
class Presentation:
    """What becomes of a level, 0 to 255, after the VOI LUT, and what is said of it."""

    fact: str
    inverse: bool = False
    table: LookupTable | None = None

    def __call__(self, levels: Levels) -> Levels:
        """The levels as they are shown."""
        if self.table is not None:
            # The VOI LUT's output is spread over the table's input, which begins at 0 (C.11.4.1).
            entry = self.table(levels * ((len(self.table.entries) - 1) / WHITE))
            return np.asarray(entry * (WHITE / (2**self.table.bits - 1)))
        return WHITE - levels if self.inverse else levels


def presentation_of(attributes: Dataset, photometric: str, *, big_endian: bool) -> Presentation:
    """The Presentation LUT of an image; without one, MONOCHROME1 says that its least value is white.

    Where the shape contradicts Photometric Interpretation (C.7.6.3.1.2), the shape holds: it is the later step, made
    to say how values are shown; DCMTK and dcm4che take it so too.
    """
    if item := first_item(attributes, "PresentationLUTSequence"):
        try:
            table = lookup_table(item, signed=False, big_endian=big_endian)
            return Presentation("LUT", table=LookupTable(0, table.entries, table.bits))
        except CannotRender:
            pass  # a broken one is none
    match text(attributes, "PresentationLUTShape"):
        case "IDENTITY":
            return Presentation("identity")
        case "INVERSE":
            return Presentation("inverse (Presentation LUT Shape)", inverse=True)
    if photometric == "MONOCHROME1":
        return Presentation("inverse (MONOCHROME1)", inverse=True)
    return Presentation("none")
