# SPDX-License-Identifier: EUPL-1.2
"""Makes a new gateway on disk: directories, commented configuration, keys, journal and an empty signed log.

This is the only place where trust state comes into being; nothing here ever overwrites anything. The certificates
for TLS and for the seal are self-signed stand-ins, so that a gateway can be tried at once; an operator replaces them
by certificates of a CA under the same file names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.config import Config, read_config
from gateway.errors import ConfigInvalid
from gateway.journal import Journal
from gateway.keyring import create_master_key, write_secret
from gateway.model.evidence import Clock, Entropy, utc_seconds
from gateway.publisher import open_log
from gateway.tlog.note import NoteSigner

_DIRECTORIES = (
    "keys", "anchors/tls", "anchors/signers", "anchors/timestamping", "anchors/intermediates",
    "revocation/tls", "revocation/signers", "guard", "state", "state/spool", "state/log", "state/run",
)  # fmt: skip
_LIFETIME = timedelta(days=397)
_ID = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """What a new gateway is called and where its templates lie."""

    gateway_id: str
    name: str
    hosts: tuple[str, ...]
    templates: Path  # schemas/config


def found(directory: Path, founding: Founding, *, clock: Clock, entropy: Entropy) -> Config:
    """Make everything and return the configuration that was written.

    Raises ``ConfigInvalid`` if the directory holds a gateway already or the id cannot name a log.
    """
    if not _ID.fullmatch(founding.gateway_id):
        raise ConfigInvalid([f"--id: expected a host name in lower case, got {founding.gateway_id!r}"])
    if (directory / "amtsbote.toml").exists():
        raise ConfigInvalid(
            [f"{directory} already holds a gateway"],
            hint="choose another directory; keys are never overwritten",
        )
    directory.mkdir(parents=True, exist_ok=True)
    for name in _DIRECTORIES:
        (directory / name).mkdir(parents=True, exist_ok=True, mode=0o750)
    origin = f"{founding.gateway_id}/log/{clock().year}"
    _write_templates(directory, founding, origin)
    _write_keys(directory / "keys", founding, origin, clock, entropy)
    config = read_config(directory / "amtsbote.toml")
    meta = {"gateway_id": founding.gateway_id, "origin": origin, "founded_at": utc_seconds(clock())}
    Journal.create(config.journal, meta=meta)
    journal = Journal.open(config.journal)
    try:
        open_log(
            journal,
            config.log_directory,
            config.log.guard,
            signer=NoteSigner.parse((directory / "keys/log.key").read_text().strip()),
            clock=clock,
            entropy=entropy,
        )
    finally:
        journal.close()
    return config


def _write_templates(directory: Path, founding: Founding, origin: str) -> None:
    for name in ("amtsbote.toml", "partners.toml"):
        text = (founding.templates / name).read_text(encoding="utf-8")
        for mark, value in (("@id@", founding.gateway_id), ("@name@", founding.name), ("@origin@", origin)):
            text = text.replace(mark, value.replace("\\", "\\\\").replace('"', '\\"'))
        (directory / name).write_text(text, encoding="utf-8")


def _write_keys(keys: Path, founding: Founding, origin: str, clock: Clock, entropy: Entropy) -> None:
    create_master_key(keys / "master.key", entropy)
    signer = NoteSigner(origin, entropy(32))
    write_secret(keys / "log.key", signer.skey.encode() + b"\n")
    (keys / "log.vkey").write_text(signer.verifier.vkey + "\n")
    _write_pair(keys, "tls", founding.hosts[0], clock, hosts=founding.hosts)
    _write_pair(keys, "seal", founding.name, clock, hosts=())


def _write_pair(keys: Path, stem: str, common_name: str, clock: Clock, *, hosts: Iterable[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    start = clock() - timedelta(minutes=5)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(seal=not hosts), critical=True)
    )
    names = [x509.DNSName(host) for host in hosts]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
    certificate = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    write_secret(
        keys / f"{stem}.key",
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    (keys / f"{stem}.crt").write_bytes(certificate.public_bytes(pem))


def _usage(*, seal: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=seal,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
