"""The answer of a de-identification whose object was stored."""

from typing import Literal

from radnode_http.answers.answer import Answer

WARNINGS_HEADER = "X-Deidentify-Warnings"
"""The header of an answer that is a file: the words of warning, separated by commas."""


class DeidentifiedAnswer(Answer):
    """The de-identified object is in the archive."""

    success: Literal[True] = True
    message: Literal["DICOM file de-identified and stored successfully"] = (
        "DICOM file de-identified and stored successfully"
    )
    file_path: str
    """Where the new object is; the other endpoints take it."""
    warnings: tuple[str, ...]
    """What a person should look at before the object is given away."""
