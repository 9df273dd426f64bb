"""Deflated data sets are inflated within limits, and their pad byte is known from their stream."""

import zlib

import pytest
from support.instances import deflate, encode_dataset, make_instance

from radnode.instance import deflate as deflating
from radnode.instance.deflate import inflated, limit_of, stream_length
from radnode.model.errors import NotDicom, Truncated

PLAIN = encode_dataset(make_instance()) * 50
STREAM = deflate(PLAIN)


def test_the_whole_is_inflated() -> None:
    with inflated(STREAM) as plain:
        assert plain[:] == PLAIN


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0\0"])
def test_the_stream_ends_before_its_padding(padding: bytes) -> None:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    stream = compressor.compress(PLAIN) + compressor.flush()
    assert stream_length(stream + padding) == len(stream)


def test_streams_longer_than_a_piece_are_measured_too() -> None:
    compressor = zlib.compressobj(level=0, wbits=-zlib.MAX_WBITS)
    stream = compressor.compress(PLAIN * 20) + compressor.flush()
    assert len(stream) > 1 << 20
    assert stream_length(stream + b"\0") == len(stream)
    with inflated(stream) as plain:
        assert plain[:] == PLAIN * 20


@pytest.mark.parametrize("end", [0, 1, 10, len(STREAM) // 2, len(STREAM) - 2])
def test_a_cut_stream_is_truncated(end: int) -> None:
    with pytest.raises(Truncated), inflated(STREAM[:end]):
        pass


@pytest.mark.parametrize("stream", [b"\xff" * 100, PLAIN, deflate(b"")])
def test_what_is_no_stream_of_anything_is_not_dicom(stream: bytes) -> None:
    with pytest.raises(NotDicom), inflated(stream):
        pass


def test_a_bomb_is_refused_before_it_fills_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deflating, "MAX_SMALL", 1 << 20)
    bomb = deflate(bytes(16 << 20))
    assert len(bomb) * 250 < 16 << 20
    for act in (lambda: inflated(bomb).__enter__(), lambda: stream_length(bomb)):
        with pytest.raises(NotDicom, match="inflates beyond"):
            act()


def test_limits() -> None:
    assert limit_of(1000) == 256 << 20
    assert limit_of(10 << 20) == 2500 << 20
    assert limit_of(1 << 30) == 4 << 30
