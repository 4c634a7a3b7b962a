# SPDX-License-Identifier: EUPL-1.2
"""Keys and certificates from files and systemd credentials; wrapping of data keys under the master key.

Nothing here makes trust state by itself: what is missing raises ``TrustStateMissing`` with the command that makes it.
A secret lies in ``$CREDENTIALS_DIRECTORY`` (``LoadCredential=``) or in the key directory, is a regular file, and is
readable by nobody but its owner and group. ``repr`` of what holds a key never shows it.
"""

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

from gateway.errors import ConfigInvalid, JournalDamaged, TrustStateMissing
from gateway.model.evidence import Entropy

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

MASTER_KEY_HEADER = "# amtsbote master key v1: 32 bytes, base64"
MASTER_KEY_BYTES = 32

_INIT = "bring it back from where you keep copies; a new gateway is made with: amtsbote init"
_VERSION = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12  # random; AES-GCM allows 2**32 of them under one key, a gateway wraps one key a dossier
_PEM = b"-----BEGIN "


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """Wraps data keys with AES-256-GCM; ``old`` keys still unwrap, so a rotation re-encrypts no file.

    Format: version (1 byte) || key id (8) || nonce (12) || ciphertext and tag. The key id picks the key.
    """

    key: bytes = field(repr=False)
    entropy: Entropy = field(repr=False)
    old: tuple[bytes, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if any(len(key) != MASTER_KEY_BYTES for key in (self.key, *self.old)):
            raise ValueError(f"expected master keys of {MASTER_KEY_BYTES} bytes")

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """Encrypt a data key under the current master key, bound to ``context``."""
        head = _VERSION + _key_id(self.key)
        nonce = self.entropy(_NONCE_BYTES)
        return head + nonce + AESGCM(self.key).encrypt(nonce, key, head + context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The data key. Raises ``JournalDamaged`` for another context, an unknown master key, or changed bytes."""
        split = len(_VERSION) + _KEY_ID_BYTES
        head, nonce, sealed = (
            wrapped[:split],
            wrapped[split : split + _NONCE_BYTES],
            wrapped[split + _NONCE_BYTES :],
        )
        key = next((k for k in (self.key, *self.old) if head == _VERSION + _key_id(k)), None)
        if key is None:
            raise JournalDamaged(
                f"no master key with id {head[1:].hex()}", hint="add the old master key to the configuration"
            )
        try:
            return AESGCM(key).decrypt(nonce, sealed, head + context)
        except (InvalidTag, ValueError) as error:
            raise JournalDamaged("expected a data key wrapped for this file, got other bytes") from error

    def is_current(self, wrapped: bytes) -> bool:
        """Wrapped under the current key, not an old one?"""
        return wrapped.startswith(_VERSION + _key_id(self.key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """Secrets by name: from the credentials directory if it has the name, else from ``directory``."""

    directory: Path
    credentials: Path | None = None  # $CREDENTIALS_DIRECTORY

    def path(self, name: str) -> Path:
        """Where the secret lies. Raises ``TrustStateMissing``."""
        places = [p / name for p in (self.credentials, self.directory) if p is not None]
        found = next((p for p in places if p.exists()), None)
        if found is None:
            raise TrustStateMissing(f"no {name} in {' or '.join(str(p.parent) for p in places)}", hint=_INIT)
        return found

    def master_key(self, name: str, *, old: Iterable[str] = (), entropy: Entropy) -> MasterKey:
        """The master key ``name`` and the ones it replaced."""
        older = tuple(load_master_key(self.path(n)) for n in old)
        return MasterKey(key=load_master_key(self.path(name)), old=older, entropy=entropy)

    def private_key(self, name: str) -> PrivateKey:
        """The private key ``name``."""
        return load_private_key(self.path(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationData:
    """CRLs and OCSP responses, DER."""

    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]


def read_secret(path: Path) -> bytes:
    """A secret file's bytes. Raises ``TrustStateMissing`` and ``ConfigInvalid`` for one that others could read or write."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())  # of what was opened, not of what the name says later
            data = file.read()
    except FileNotFoundError as error:
        raise TrustStateMissing(f"no secret at {path}", hint=_INIT) from error
    except OSError as error:
        raise ConfigInvalid([f"{path}: {os.strerror(error.errno or 0)}"]) from error
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode) or mode & (stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP):
        problem = f"{path}: expected a file with mode 0600 or 0640, got {mode:04o}"
        raise ConfigInvalid([problem], hint=f"chmod 0600 {path}")
    return data


def write_secret(path: Path, data: bytes) -> None:
    """A new secret, mode 0600, durable. Raises ``FileExistsError``: a key is never overwritten."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def create_master_key(path: Path, entropy: Entropy) -> None:
    """Make a new master key file. Raises ``FileExistsError``."""
    text = f"{MASTER_KEY_HEADER}\n{base64.b64encode(entropy(MASTER_KEY_BYTES)).decode()}\n"
    write_secret(path, text.encode())


def load_master_key(path: Path) -> bytes:
    """The 32 bytes of a master key file. Raises ``TrustStateMissing``, ``ConfigInvalid``."""
    lines = read_secret(path).decode("ascii", "replace").splitlines()
    try:
        if len(lines) != 2 or lines[0] != MASTER_KEY_HEADER:
            raise ValueError
        key = base64.b64decode(lines[1], validate=True)
        if len(key) != MASTER_KEY_BYTES:
            raise ValueError
    except (ValueError, binascii.Error):
        # Without the cause: its text may quote the key.
        expected = f"expected the line {MASTER_KEY_HEADER!r} and one line of base64"
        raise ConfigInvalid([f"{path}: {expected}"], hint=_INIT) from None
    return key


def load_private_key(path: Path) -> PrivateKey:
    """An EC, RSA or Ed25519 key from PEM without a passphrase. Raises ``TrustStateMissing``, ``ConfigInvalid``."""
    try:
        key = load_pem_private_key(read_secret(path), password=None)
    except (ValueError, TypeError):
        raise ConfigInvalid([f"{path}: expected a PEM private key without passphrase"]) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise ConfigInvalid([f"{path}: expected an EC, RSA or Ed25519 key, got {type(key).__name__}"])
    return key


def load_certificates(directory: Path) -> tuple[bytes, ...]:
    """Every certificate (DER) of the PEM and DER files in ``directory``, in order of file names, each once.

    Raises ``TrustStateMissing`` where the directory is missing, ``ConfigInvalid`` naming every file that is none.
    An empty directory is an empty tuple: whoever needs anchors refuses without.
    """
    return _load_all(directory, {".pem", ".crt", ".cer", ".der"}, _certificates)


def load_revocation(directory: Path) -> RevocationData:
    """Every CRL (``*.crl``) and OCSP response (``*.ors``, DER). Raises as ``load_certificates`` does."""
    return RevocationData(
        crls=_load_all(directory, {".crl"}, _revocation_lists),
        ocsps=_load_all(directory, {".ors"}, _status_responses),
    )


def _load_all(
    directory: Path, suffixes: set[str], read: Callable[[bytes], Iterable[bytes]]
) -> tuple[bytes, ...]:
    if not directory.is_dir():
        raise TrustStateMissing(f"no directory {directory}", hint=_INIT)
    found: dict[bytes, None] = {}  # a set that keeps its order
    problems = []
    for path in sorted(p for p in directory.iterdir() if p.suffix.lower() in suffixes):
        try:
            found.update(dict.fromkeys(read(path.read_bytes())))
        except ValueError:
            problems.append(f"{path}: not a certificate, revocation list or OCSP response")
        except OSError as error:
            problems.append(f"{path}: {os.strerror(error.errno or 0)}")
    if problems:
        raise ConfigInvalid(problems)
    return tuple(found)


def _certificates(data: bytes) -> Iterable[bytes]:
    if _PEM in data:
        return [c.public_bytes(Encoding.DER) for c in x509.load_pem_x509_certificates(data)]
    return [x509.load_der_x509_certificate(data).public_bytes(Encoding.DER)]


def _revocation_lists(data: bytes) -> Iterable[bytes]:
    crl = x509.load_pem_x509_crl(data) if _PEM in data else x509.load_der_x509_crl(data)
    return [crl.public_bytes(Encoding.DER)]


def _status_responses(data: bytes) -> Iterable[bytes]:
    return [ocsp.load_der_ocsp_response(data).public_bytes(Encoding.DER)]


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"amtsbote-master-key-id:" + key).digest()[:_KEY_ID_BYTES]
