# SPDX-License-Identifier: EUPL-1.2
"""Encryption of one file in segments that can be read in any order: the payload format of age, byte for byte.

Source: C2SP ``age.md``, section "Payload" (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015,
which Tink uses as well). The mathematics only; files are the business of ``gateway.spool``.

    payload key = HKDF-SHA-256(ikm = file key, salt = nonce, info = "payload"), 32 bytes
    file        = nonce (16 bytes) || segment 0 || segment 1 || ...
    segment i   = ChaCha20-Poly1305(payload key, i as 11 bytes big endian || last ? 01 : 00, <= 64 KiB of plaintext)

Only the last segment carries the flag and may be short; it is empty only where the whole file is. So cutting,
reordering, appending and swapping segments between files all fail authentication. A file key encrypts one file.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import JournalDamaged

FILE_KEY_BYTES = 16
NONCE_BYTES = 16
SEGMENT_BYTES = 64 * 1024
TAG_BYTES = 16
SEALED_BYTES = SEGMENT_BYTES + TAG_BYTES

_COUNTER_BYTES = 11


class Sealer:
    """Plaintext in, ciphertext out, in order. Holds back at most one segment: only ``finish`` knows which is last."""

    def __init__(self, file_key: bytes, nonce: bytes) -> None:
        self._cipher = _cipher(file_key, nonce)
        self._pending = bytearray()
        self._index = 0

    def update(self, data: bytes) -> bytes:
        """Take ``data``; the segments that are full and surely not the last."""
        self._pending += data
        whole = max(0, (len(self._pending) - 1) // SEGMENT_BYTES)
        sealed = [self._seal(i * SEGMENT_BYTES, last=False) for i in range(whole)]
        del self._pending[: whole * SEGMENT_BYTES]
        return b"".join(sealed)

    def finish(self) -> bytes:
        """The last segment. The sealer is spent afterwards."""
        return self._seal(0, last=True)

    def _seal(self, start: int, *, last: bool) -> bytes:
        sealed = self._cipher.encrypt(
            _segment_nonce(self._index, last=last), bytes(self._pending[start : start + SEGMENT_BYTES]), None
        )
        self._index += 1
        return sealed


class Opener:
    """Segments of one file, opened in any order. ``stored`` is the length of the whole file in bytes.

    Raises ``JournalDamaged`` for a length that no plaintext has and for a segment that is not the one asked for.
    """

    def __init__(self, file_key: bytes, nonce: bytes, stored: int) -> None:
        self.size = plain_size(stored)
        self.segments = max(1, -(-self.size // SEGMENT_BYTES))
        self._cipher = _cipher(file_key, nonce)

    def open(self, index: int, sealed: bytes) -> bytes:
        """The plaintext of segment ``index``."""
        last = index == self.segments - 1
        try:
            return self._cipher.decrypt(_segment_nonce(index, last=last), sealed, None)
        except InvalidTag as error:
            raise JournalDamaged(f"expected segment {index} of a spool file, got other bytes") from error


def plain_size(stored: int) -> int:
    """Plaintext bytes in a file of ``stored`` bytes. Raises ``JournalDamaged`` where no plaintext gives that length."""
    body = stored - NONCE_BYTES
    full, rest = divmod(body, SEALED_BYTES)
    # age.md: the last segment must not be empty unless the whole payload is.
    if body < TAG_BYTES or 0 < rest < TAG_BYTES or (rest == TAG_BYTES and full > 0):
        raise JournalDamaged(f"expected a whole spool file, got {stored} bytes")
    return body - TAG_BYTES * (full + (1 if rest else 0))


def stored_size(plain: int) -> int:
    """Bytes on disk for ``plain`` bytes of plaintext."""
    return NONCE_BYTES + plain + TAG_BYTES * max(1, -(-plain // SEGMENT_BYTES))


def segment_offset(index: int) -> int:
    """Where segment ``index`` starts in the file."""
    return NONCE_BYTES + index * SEALED_BYTES


def _cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    if len(file_key) != FILE_KEY_BYTES or len(nonce) != NONCE_BYTES:
        raise JournalDamaged(
            f"expected {FILE_KEY_BYTES} bytes of key and {NONCE_BYTES} of nonce, got {len(file_key)} and {len(nonce)}"
        )
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=nonce, info=b"payload").derive(file_key))


def _segment_nonce(index: int, *, last: bool) -> bytes:
    return index.to_bytes(_COUNTER_BYTES, "big") + (b"\x01" if last else b"\x00")
