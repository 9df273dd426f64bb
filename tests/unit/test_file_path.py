"""Only one shape of path exists; everything else is not found."""

import pytest

from radnode.model.errors import NotFound
from radnode.model.file_path import FilePath, parse_file_path
from radnode.model.uid import parse_uid

NAME = "0123456789abcdef0123456789abcdef"
GOOD = f"studies/1.2.3/1.2.3.4/{NAME}.dcm"


def test_a_path_and_its_text_are_the_same() -> None:
    path = FilePath(parse_uid("1.2.3"), parse_uid("1.2.3.4"), NAME)
    assert str(path) == GOOD
    assert parse_file_path(GOOD) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/" + GOOD,
        GOOD + "/",
        GOOD + "\n",
        GOOD + "\0",
        GOOD.upper(),
        GOOD.replace("studies", "series"),
        GOOD.replace("/", "//", 1),
        GOOD.replace("/", "\\"),
        GOOD.replace("1.2.3/", "../"),
        GOOD.replace("1.2.3/", "1..3/"),
        GOOD.replace("1.2.3/", "./1.2.3/"),
        GOOD.replace("1.2.3/", "%2e%2e/"),
        GOOD.replace("1.2.3/", "9" * 65 + "/"),
        GOOD.replace("1.2.3/", "\u0661.2.3/"),
        GOOD.replace(NAME, NAME[:-1]),
        GOOD.replace(NAME, NAME + "0"),
        GOOD.replace(NAME, "g" * 32),
        ".dicom_registry.json",
        "studies/1.2.3/1.2.3.4",
        ".radnode/superseded/" + GOOD,
        "../../etc/passwd",
    ],
)
def test_any_other_shape_is_not_found(text: str) -> None:
    with pytest.raises(NotFound, match=r"^DICOM file not found$"):
        parse_file_path(text)
