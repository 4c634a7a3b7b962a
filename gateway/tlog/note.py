# SPDX-License-Identifier: EUPL-1.2
"""C2SP signed-note v1.0.0: a text and lines of signatures under it; Ed25519 keys (type 0x01).

Unknown keys are ignored, as the format demands, so a witness can sign without asking us; a known key whose signature
does not fit spoils the note. Base64 is accepted in its one canonical spelling only.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable, own_words
from gateway.findings import Finding

_ED25519 = b"\x01"
_MAX_NOTE_BYTES = 1_000_000
_MAX_SIGNATURES = 100  # the format demands at least 16
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SKEY_PREFIX = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteVerifier:
    """A public key with the name it signs under."""

    name: str
    public_key: bytes  # 32 bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """``name+hex+base64``. Raises ``ValueError`` for anything else than an Ed25519 verifier key."""
        name, _, rest = vkey.strip().partition("+")
        key_hex, _, encoded = rest.partition("+")
        material = decode_base64(encoded)
        if not _is_name(name) or material[:1] != _ED25519 or len(material) != 33:
            raise Unreadable("expected an Ed25519 verifier key: name+key id+base64")
        verifier = cls(name=name, public_key=material[1:])
        if verifier.key_id.hex() != key_hex:
            raise Unreadable(f"expected key id {verifier.key_id.hex()}, got {key_hex}")
        return verifier

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name, LF, type, key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:4]

    @property
    def vkey(self) -> str:
        """The text others verify with."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519 + self.public_key)}"

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is ours over ``text``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


class NoteSigner:
    """A private key with the name it signs under; never printed, ``repr`` shows the public half."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not _is_name(name):
            raise Unreadable(f"expected a key name without spaces and plus signs, got {name!r}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.verifier = NoteVerifier(name=name, public_key=public)

    @classmethod
    def parse(cls, skey: str) -> Self:
        """``PRIVATE+KEY+name+hex+base64(type, seed)`` as the Go tools write it. Raises ``ValueError`` without the key in it."""
        name, _, rest = skey.strip().removeprefix(_SKEY_PREFIX).partition("+")
        key_hex, _, encoded = rest.partition("+")
        material = decode_base64(encoded)
        if not skey.startswith(_SKEY_PREFIX) or material[:1] != _ED25519 or len(material) != 33:
            raise Unreadable("expected an Ed25519 signer key: PRIVATE+KEY+name+key id+base64")
        signer = cls(name, material[1:])
        if signer.verifier.key_id.hex() != key_hex:
            raise Unreadable("expected a signer key whose key id fits its name and key")
        return signer

    @property
    def skey(self) -> str:
        """The secret text; for the key file only."""
        seed = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return f"{_SKEY_PREFIX}{self.verifier.name}+{self.verifier.key_id.hex()}+{_base64(_ED25519 + seed)}"

    def sign(self, text: str) -> bytes:
        """A note over ``text`` with one signature."""
        signature = self._key.sign(text.encode())
        line = NoteSignature(name=self.verifier.name, key_id=self.verifier.key_id, value=signature)
        return Note(text=text, signatures=(line,)).to_bytes()

    def __repr__(self) -> str:
        return f"NoteSigner({self.verifier.vkey})"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """As it stands in the note, with LF."""
        return f"— {self.name} {_base64(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text (ends with LF) and its signatures, not yet verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def to_bytes(self) -> bytes:
        """The note as it travels."""
        return (self.text + "\n" + "".join(s.line() for s in self.signatures)).encode()


def read_note(data: bytes, *, place: str = "note") -> Note:
    """Split a note; no signature is checked. Raises ``Rejected``."""
    try:
        if len(data) > _MAX_NOTE_BYTES:
            raise Unreadable(f"{len(data)} bytes")
        whole = data.decode()
        if _CONTROL.search(whole):
            raise Unreadable("control characters")
        text, blank, block = whole.rpartition("\n\n")
        if not blank or not block.endswith("\n"):
            raise Unreadable("no signature lines")
        lines = block[:-1].split("\n")
        if len(lines) > _MAX_SIGNATURES:
            raise Unreadable(f"{len(lines)} signatures")
        return Note(text=text + "\n", signatures=tuple(_signature(line) for line in lines))
    except ValueError as error:
        raise Rejected(
            [
                Finding(
                    code=Code.LOG_NOTE_MALFORMED,
                    place=place,
                    expected="a C2SP signed note",
                    got=own_words(error),
                )
            ]
        ) from error


def verify_note(
    note: Note, known: Iterable[NoteVerifier], *, place: str = "note"
) -> tuple[NoteVerifier, ...]:
    """The known keys that signed. Raises ``Rejected`` if none did, or if one of them signed something else."""
    keys = {(verifier.name, verifier.key_id): verifier for verifier in known}
    text = note.text.encode()
    good: list[NoteVerifier] = []
    findings = []
    for signature in note.signatures:
        verifier = keys.get((signature.name, signature.key_id))
        if verifier is None or verifier in good:
            continue
        if verifier.accepts(text, signature.value):
            good.append(verifier)
        else:
            findings.append(_signature_finding(place, f"a signature of {verifier.name} over this text"))
    if not good and not findings:
        names = ", ".join(sorted({name for name, _ in keys})) or "a known key"
        findings.append(_signature_finding(place, f"a signature of {names}"))
    if findings:
        raise Rejected(findings)
    return tuple(good)


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling. Raises ``ValueError``."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("not base64") from error
    if _base64(value) != text:
        raise Unreadable("base64 in a spelling that is not canonical")
    return value


def _signature(line: str) -> NoteSignature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    value = decode_base64(encoded)
    if dash != "—" or not _is_name(name) or len(value) < 5:
        raise Unreadable("a line that is no signature")
    return NoteSignature(name=name, key_id=value[:4], value=value[4:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() for c in name)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _signature_finding(place: str, expected: str) -> Finding:
    return Finding(code=Code.LOG_SIGNATURE_INVALID, place=place, expected=expected)
