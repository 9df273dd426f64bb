"""UIDs are checked, never repaired (PS3.5 9.1)."""

import pytest

from radnode.model.uid import InvalidUID, parse_uid


@pytest.mark.parametrize("text", ["1", "1.2.840", "1.02.3", "0.0", "9" * 64, "1." * 31 + "12"])
def test_digits_and_dots_up_to_64_characters_are_a_uid(text: str) -> None:
    assert parse_uid(text) == text


@pytest.mark.parametrize("padding", ["\0", " ", "\0\0", " \0 "])
def test_trailing_padding_is_no_part_of_it(padding: str) -> None:
    assert parse_uid("1.2.3" + padding) == "1.2.3"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\0",
        ".",
        "1.",
        ".1",
        "1..2",
        "1.2.a",
        " 1.2",
        "1.2\n",
        "1.2/../3",
        "1.2\\1.3",
        "1.\u0662",
        "9" * 65,
        "-1",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidUID):
        parse_uid(text)


def test_the_refusal_shows_little_of_a_long_text() -> None:
    with pytest.raises(InvalidUID) as refusal:
        parse_uid("x" * 5000)
    assert len(str(refusal.value)) <= 70
