# SPDX-License-Identifier: EUPL-1.2
"""Formats of others, read by their specifications for the checker: RFC 6962, C2SP signed notes, age's STREAM payload, and
our own published commitment. Written from the documents, not from the gateway.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def public_key(vkey: str) -> Ed25519PublicKey:
    """The key in ``name+id+base64``; the first byte names the algorithm."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(vkey.split("+", 2)[2])[1:])


def canonical(value: object) -> bytes:
    """RFC 8785, for values without floats."""
    # RFC 8785 for what stands in our evidence: no floats, and keys of ASCII letters, where code points and UTF-16 agree.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def commitment(salt: bytes, evidence: bytes) -> str:
    """What a leaf says in place of the evidence."""
    return hashlib.sha256(b"xgw-commit-v1\n" + salt + evidence).hexdigest()


def root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, as it stands there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


def climbed(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to (RFC 9162 section 2.1.3.2); empty where path and size do not fit."""
    node, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            return b""
        if index % 2 or index == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    return node if last == 0 else b""


def opened(stored: bytes, wrapped: bytes, master: bytes, name: str) -> bytes:
    """A spool file in clear. Raises ``InvalidTag``."""
    head, nonce, sealed = wrapped[:9], wrapped[9:21], wrapped[21:]
    file_key = AESGCM(master).decrypt(nonce, sealed, head + b"amtsbote-spool-v1:" + name.encode())
    key = HKDF(algorithm=SHA256(), length=32, salt=stored[:16], info=b"payload").derive(file_key)
    return b"".join(_segments(ChaCha20Poly1305(key), stored[16:]))


def _segments(cipher: ChaCha20Poly1305, body: bytes) -> Iterator[bytes]:
    length = 64 * 1024 + 16
    for number, start in enumerate(range(0, len(body), length)):
        last = b"\x01" if start + length >= len(body) else b"\x00"
        yield cipher.decrypt(number.to_bytes(11, "big") + last, body[start : start + length], None)
