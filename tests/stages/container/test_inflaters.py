# SPDX-License-Identifier: EUPL-1.2
"""Receivers inflate with zlib: a stream that we take must be one that they take, for the same bytes and up to the same end."""

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zip_forge import deflate
from zlib_ng import zlib_ng

KINDS = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED)
ENOUGH = 1 << 20


def packed(data, level, kind):
    packer = zlib.compressobj(level, zlib.DEFLATED, -15, strategy=kind)
    return packer.compress(data) + packer.flush()


def reading(library, stream, room):
    """The bytes, whether the stream ended and what was left; ``None`` if it is damaged."""
    inflater = library.decompressobj(-15)
    try:
        data = inflater.decompress(stream, room)
    except library.error:
        return None
    return data, inflater.eof, len(inflater.unused_data)


def spoilt(stream, seed):
    """One to four bytes changed, lost or too many: near the head, where the codes stand, as often as anywhere."""
    chance = random.Random(seed)
    mutable = bytearray(stream)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(min(len(mutable), chance.choice((40, 1 << 20))) or 1)
        change = chance.randrange(3)
        mutable[at : at + (change != 2)] = b"" if change == 1 else chance.randbytes(1)
    return bytes(mutable)


@given(
    st.binary(max_size=2000), st.integers(0, 9), st.sampled_from(KINDS), st.integers(0, 1 << 32), st.data()
)
def test_a_spoilt_stream_means_the_same_to_both_inflaters(data, level, kind, seed, draw):
    stream = spoilt(packed(data * draw.draw(st.sampled_from((1, 7))), level, kind), seed)
    room = draw.draw(st.sampled_from((len(data) + 1, ENOUGH)))
    assert reading(zlib, stream, room) == reading(zlib_ng, stream, room)


@given(st.binary(max_size=300))
def test_bytes_that_were_never_a_stream_mean_the_same_to_both_inflaters(stream):
    assert reading(zlib, stream, ENOUGH) == reading(zlib_ng, stream, ENOUGH)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(bytes.fromhex("0303"), id="reaches back before the first byte"),
        pytest.param(bytes.fromhex("07"), id="a block of the reserved type"),
        pytest.param(bytes.fromhex("010500fafe"), id="a stored block whose length contradicts itself"),
        pytest.param(bytes.fromhex("fcffff"), id="more codes than there are"),
        pytest.param(deflate(b"x" * 1000)[:-1], id="cut before its end"),
        pytest.param(deflate(b"x" * 1000) + b"behind", id="bytes behind its end"),
        pytest.param(b"", id="empty"),
    ],
)
def test_odd_streams_mean_the_same_to_both_inflaters(stream):
    assert reading(zlib, stream, ENOUGH) == reading(zlib_ng, stream, ENOUGH)


@given(st.binary(max_size=5000), st.integers(0, (1 << 32) - 1))
def test_both_count_the_same_checksum(data, before):
    assert zlib.crc32(data, before) == zlib_ng.crc32(data, before)
