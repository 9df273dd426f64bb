"""Whatever text is encoded in a character set, others read the same; and any bytes at all are read as something."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.charsets import SINGLE_BYTE, TERMS, holds, read_by_others

from radnode.dimse.answer_charset import UNICODE_TERM, choose, encoder_for
from radnode.instance.charset import codecs_of, decode

LETTERS = "".join(
    (
        "".join(text for _, text in SINGLE_BYTE.values()),
        "ﾔﾏﾀﾞｱ",
        "山田太郎森鷗外丂",
        "洪吉洞홍길동",
        "张小东王誠",
        "\U00020000🙂€¥‾\uff5e\u2013",
    )
)
DELIMITERS = "^=\\ \r\n\t\f~"
TEXTS = st.text(st.sampled_from(LETTERS) | st.sampled_from("ABCxyz019" + DELIMITERS), max_size=24)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TERMS), TEXTS, st.booleans())
def test_what_can_be_encoded_is_decoded_as_it_was(term: str, text: str, is_name: bool) -> None:
    try:
        encoded = encoder_for(term.encode())(text)
    except UnicodeError:
        assert not holds(term, text)
        return
    assert decode(encoded, codecs_of(term.encode()), is_name=is_name) == text


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TERMS), TEXTS, st.booleans())
def test_others_read_what_an_answer_says(term: str, text: str, is_name: bool) -> None:
    said, encode = choose(term.encode(), [text])
    assert said == (UNICODE_TERM if not text.isascii() and not holds(term, text) else term.encode() or b"ISO_IR 100")
    encoded = encode(text)
    # pydicom looks for delimiters in pairs of bytes too, and forgets what stands in the place of ASCII at blanks.
    assume(b"\x1b$B" not in encoded and b"\x1b$(D" not in encoded)
    values = encoded.split(b"\\") if not said.startswith(b"GB") else [encoded]
    assert "\\".join(read_by_others(value, said.decode(), is_name=is_name) for value in values) == text


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TERMS), st.binary(max_size=40), st.booleans())
def test_any_bytes_are_text(term: str, raw: bytes, is_name: bool) -> None:
    assert isinstance(decode(raw, codecs_of(term.encode()), is_name=is_name), str)
    assert isinstance(decode(b"\x1b$B" + raw + b"\x1b$)C" + raw, codecs_of(raw), is_name=is_name), str)
    said, encode = choose(raw, [decode(raw, codecs_of(raw), is_name=is_name)])
    assert codecs_of(said)
    assert encode("DOE^JOHN") == b"DOE^JOHN"
