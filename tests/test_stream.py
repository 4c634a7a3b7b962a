# SPDX-License-Identifier: EUPL-1.2
"""The segment encryption of the spool: age's payload format, and every way to tamper with it."""

import base64
import hashlib
import hmac
import os

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import JournalDamaged
from gateway.spool.stream import (
    NONCE_BYTES,
    SEALED_BYTES,
    SEGMENT_BYTES,
    TAG_BYTES,
    Opener,
    Sealer,
    plain_size,
    segment_offset,
    stored_size,
)

KEY = bytes(range(16))
NONCE = bytes(range(16, 32))
SIZES = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, 3 * SEGMENT_BYTES - 7]


def seal(data: bytes, *, key: bytes = KEY, nonce: bytes = NONCE, step: int = 10_007) -> bytes:
    sealer = Sealer(key, nonce)
    parts = [sealer.update(data[i : i + step]) for i in range(0, len(data), step)]
    return nonce + b"".join(parts) + sealer.finish()


def unseal(stored: bytes, *, key: bytes = KEY) -> bytes:
    opener = Opener(key, stored[:NONCE_BYTES], len(stored))
    offsets = [segment_offset(i) for i in range(opener.segments)]
    return b"".join(opener.open(i, stored[o : o + SEALED_BYTES]) for i, o in enumerate(offsets))


def pattern(size: int, seed: bytes = b"") -> bytes:
    return hashlib.shake_128(b"%d" % size + seed).digest(size)


def age_file(stored: bytes, file_key: bytes, recipient: str) -> bytes:
    """``stored`` behind an X25519 header (C2SP age.md): what a foreign age implementation reads."""
    public = bech32_data(recipient)
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    wrap_key = HKDF(SHA256(), 32, share + public, b"age-encryption.org/v1/X25519").derive(shared)
    body = ChaCha20Poly1305(wrap_key).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> X25519 " + unpadded(share) + b"\n" + unpadded(body) + b"\n---"
    mac_key = HKDF(SHA256(), 32, None, b"header").derive(file_key)
    return header + b" " + unpadded(hmac.digest(mac_key, header, "sha256")) + b"\n" + stored


def unpadded(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def bech32_data(text: str) -> bytes:
    """The 32 bytes of an age recipient; the checksum is the library's business."""
    values = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(c) for c in text.split("1", 1)[1][:-6]]
    number = 0
    for value in values:
        number = number << 5 | value
    return (number >> (len(values) * 5 - 256)).to_bytes(32, "big")


@pytest.mark.parametrize("size", SIZES)
def test_a_foreign_age_implementation_reads_what_we_seal(size):
    identity = pyrage.x25519.Identity.generate()
    data = pattern(size)
    container = age_file(seal(data), KEY, str(identity.to_public()))
    assert data == pyrage.decrypt(container, [identity])


@pytest.mark.parametrize("size", SIZES)
def test_sealing_and_opening_gives_the_same_bytes_and_the_announced_length(size):
    stored = seal(pattern(size))
    assert stored_size(size) == len(stored)
    assert size == plain_size(len(stored))
    assert pattern(size) == unseal(stored)


@given(st.binary(max_size=300), st.lists(st.integers(1, 200_000), max_size=6))
def test_the_steps_in_which_bytes_come_do_not_matter(head, steps):
    data = head + pattern(sum(steps))
    sealer = Sealer(KEY, NONCE)
    out, at = sealer.update(head), len(head)
    for step in steps:
        out += sealer.update(data[at : at + step])
        at += step
    assert seal(data) == NONCE + out + sealer.finish()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "cut",
    [1, TAG_BYTES - 1, TAG_BYTES, TAG_BYTES + 1, 1000, SEALED_BYTES - 1, SEALED_BYTES, SEALED_BYTES + 1],
)
def test_a_file_cut_anywhere_is_refused(size, cut):
    stored = seal(pattern(size))
    with pytest.raises(JournalDamaged):
        unseal(stored[: max(0, len(stored) - cut)])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tail", [b"\0", bytes(TAG_BYTES), bytes(TAG_BYTES + 1), bytes(SEALED_BYTES)])
def test_appended_bytes_are_refused(size, tail):
    with pytest.raises(JournalDamaged):
        unseal(seal(pattern(size)) + tail)


@pytest.mark.parametrize("size", [SEGMENT_BYTES, 2 * SEGMENT_BYTES])
def test_an_empty_last_segment_is_refused_where_the_file_is_not_empty(size):
    sealer = Sealer(KEY, NONCE)
    body = sealer.update(pattern(size) + b"x")  # forces every full segment out as "not the last"
    empty = ChaCha20Poly1305(HKDF(SHA256(), 32, NONCE, b"payload").derive(KEY))
    last = empty.encrypt((size // SEGMENT_BYTES).to_bytes(11, "big") + b"\x01", b"", None)
    with pytest.raises(JournalDamaged):
        unseal(NONCE + body + last)


def test_reordered_segments_are_refused():
    stored = seal(pattern(3 * SEGMENT_BYTES))
    first, second = stored[16 : 16 + SEALED_BYTES], stored[16 + SEALED_BYTES : 16 + 2 * SEALED_BYTES]
    with pytest.raises(JournalDamaged):
        unseal(stored[:16] + second + first + stored[16 + 2 * SEALED_BYTES :])


def test_a_repeated_or_dropped_segment_is_refused():
    stored = seal(pattern(3 * SEGMENT_BYTES))
    head, first, rest = stored[:16], stored[16 : 16 + SEALED_BYTES], stored[16 + SEALED_BYTES :]
    for changed in (head + first + first + rest, head + rest):
        with pytest.raises(JournalDamaged):
            unseal(changed)


@pytest.mark.parametrize("nonce", [NONCE, bytes(16)])
@pytest.mark.parametrize("key", [KEY, bytes(16)])
def test_a_segment_of_another_file_is_refused(key, nonce):
    mine = seal(pattern(2 * SEGMENT_BYTES, b"a"))
    other = seal(pattern(2 * SEGMENT_BYTES, b"b"), key=key, nonce=nonce)
    if (key, nonce) == (KEY, NONCE):
        return  # a file key encrypts one file: the same key and nonce twice is what the spool never does
    with pytest.raises(JournalDamaged):
        unseal(mine[: 16 + SEALED_BYTES] + other[16 + SEALED_BYTES :])


@given(st.data())
def test_any_flipped_bit_is_refused(data):
    stored = bytearray(seal(b"dossier" * 20))
    at = data.draw(st.integers(0, len(stored) * 8 - 1))
    stored[at // 8] ^= 1 << at % 8
    with pytest.raises(JournalDamaged):
        unseal(bytes(stored))


def test_another_key_is_refused():
    with pytest.raises(JournalDamaged):
        unseal(seal(b"dossier"), key=os.urandom(16))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(junk):
    with pytest.raises(JournalDamaged):
        unseal(junk)


@pytest.mark.parametrize("key", [b"", bytes(15), bytes(32)])
def test_a_key_of_another_length_is_refused(key):
    with pytest.raises(JournalDamaged):
        Sealer(key, NONCE)
