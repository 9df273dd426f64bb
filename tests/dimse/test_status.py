"""Errors as DIMSE statuses."""

import pytest

from radnode.dimse.status import error_comment, refusal_of
from radnode.model.errors import (
    CannotRender,
    InvalidIdentity,
    InvalidQuery,
    Mismatch,
    NotDicom,
    OutOfResources,
    RadnodeError,
    TooLarge,
    Truncated,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotDicom("no"), 0xC000),
        (Truncated("cut"), 0xC000),
        (InvalidIdentity("SOPInstanceUID", "is missing"), 0x0117),
        (InvalidIdentity("SOPClassUID", "is missing"), 0xA900),
        (InvalidIdentity("StudyInstanceUID", "is missing"), 0xC000),
        (InvalidIdentity("SeriesInstanceUID", "is missing"), 0xC000),
        (Mismatch("other"), 0xA900),
        (TooLarge("big"), 0xA700),
        (OutOfResources("full"), 0xA700),
        (InvalidQuery("bad"), 0xA900),
        (CannotRender("anything else"), 0xC000),
    ],
)
def test_each_error_has_its_status(error: RadnodeError, status: int) -> None:
    refusal = refusal_of(error)
    assert refusal.status == status
    assert refusal.comment == str(error)


def test_what_stands_in_place_of_a_uid_is_not_repeated() -> None:
    assert (
        refusal_of(InvalidIdentity("StudyInstanceUID", "is no UID: 'DOE^JOHN'")).comment == "StudyInstanceUID is no UID"
    )


def test_a_comment_is_a_valid_lo_value() -> None:
    comment = error_comment("Müller\\X\r\n" + "long " * 40)
    assert comment.startswith("M?ller?X??long")
    assert len(comment) <= 64
    assert comment.isascii()
