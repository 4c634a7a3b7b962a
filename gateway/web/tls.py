# SPDX-License-Identifier: EUPL-1.2
"""The server's side of mutual TLS: which certificates may open a connection at all.

Rules (BSI TR-02102-2; THREAT_MODEL, The border): client certificate required, TLS >= 1.2, forward secrecy and
AEAD only, the leaf checked against a CRL, and no CRL or an expired one means no. Session tickets are off: a resumed
session would skip the CRL. TLS 1.2 can resume without tickets while the first connection lasts or after a clean end
of it, and Python has no switch for that nor for the suites of TLS 1.3: so ``identity`` asks again on every request.
CRLs are files that another role keeps fresh; nothing is fetched from here. Leaves out who the partner is.
"""

import os
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import ConfigInvalid, TrustStateMissing

_CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=2"
)
_PEM_CRL = b"-----BEGIN X509 CRL-----"
_PEM_END = b"-----END X509 CRL-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRevocations:
    """The client CAs' CRLs as read at one moment. Issuers are named by the DER of their distinguished name."""

    revoked: Mapping[bytes, frozenset[int]]  # serial numbers
    fresh_until: Mapping[bytes, datetime]

    def is_revoked(self, issuer: bytes, serial: int) -> bool:
        """The newest CRLs name this certificate."""
        return serial in self.revoked.get(issuer, frozenset())

    def is_stale(self, issuer: bytes, moment: datetime) -> bool:
        """No CRL of this issuer speaks for ``moment``: nobody can say whether the certificate is revoked."""
        until = self.fresh_until.get(issuer)
        return until is None or moment > until


class ServerTls:
    """The context to listen with and the revocations behind it; ``reload``, by one thread at a time, keeps both current.

    A context's store takes CRLs and never gives one back: each renewed list would stay for ever, at several times its
    size. So every change makes a fresh context, and each handshake goes on in the newest one; an older one is gone with
    the last connection that began in it.
    """

    def __init__(self, *, certificate: Path, key: Path, client_cas: Path, client_crls: Path) -> None:
        self._fresh_context = partial(_fresh_context, certificate, key, client_cas)
        self._crls = client_crls
        self._seen: frozenset[tuple[str, int, int]] = frozenset()
        self.context = self.newest = self._fresh_context()  # holds no CRL: whoever stays in it is refused
        # Called in every handshake, with or without a server name, before the client's certificate is looked at.
        self.context.sni_callback = self._move_to_newest
        self.revocations = ClientRevocations(revoked={}, fresh_until={})
        self.reload()

    def reload(self) -> bool:
        """Take over changed CRL files; whether there were any. Raises ``TrustStateMissing``, ``ConfigInvalid``."""
        files = _files(self._crls)
        seen = frozenset((p.name, p.stat().st_mtime_ns, p.stat().st_size) for p in files)
        if files and seen == self._seen:
            return False
        crls = [crl for path in files for crl in _read_crls(path)]
        if not crls:
            raise TrustStateMissing(
                f"no revocation list for client certificates in {self._crls}",
                hint="put the CRL of every client CA there; without one no client can connect",
            )
        context = self._fresh_context()
        _load_crls(context, crls)
        self.newest, self.revocations = context, _revocations(crls)
        self._seen = seen
        return True

    def _move_to_newest(
        self, connection: ssl.SSLSocket | ssl.SSLObject, _server_name: str, _context: ssl.SSLContext
    ) -> None:
        connection.context = self.newest


class _Outspoken(ssl.SSLObject):
    """The server's end of one handshake; a client that is refused hears why.

    OpenSSL writes an alert when a handshake fails, and asyncio closes the connection without sending it: the client
    would see a connection that ends, and take it for a fault of the network. "I want to read" makes asyncio send first.
    The failure is told at the next call, when the client has answered or left; the handshake's deadline ends the rest.
    """

    _failure: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        """One step. Raises as its base, a step later where it fails for good."""
        if self._failure is not None:
            raise self._failure
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self._failure = error
            raise ssl.SSLWantReadError from error


def _fresh_context(certificate: Path, key: Path, client_cas: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    context.num_tickets = 0
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    context.sslobject_class = _Outspoken
    for path in (certificate, key):
        if not path.is_file():
            raise TrustStateMissing(f"no TLS key material at {path}", hint="make it with: amtsbote init")
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigInvalid([f"{certificate} and {key} are not a certificate and its key in PEM"]) from error
    anchors = _files(client_cas)
    if not anchors:
        raise TrustStateMissing(
            f"no client CA in {client_cas}", hint="put the CA certificates of your partners there"
        )
    for path in anchors:
        try:
            context.load_verify_locations(cafile=path)
        except (ssl.SSLError, OSError) as error:
            raise ConfigInvalid([f"{path} is not a CA certificate in PEM"]) from error
    return context


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal and a service would hang at start.
    raise ValueError("the key is encrypted")


def _files(place: Path) -> tuple[Path, ...]:
    if place.is_file():
        return (place,)
    if not place.is_dir():
        return ()
    return tuple(sorted(p for p in place.iterdir() if p.is_file() and not p.name.startswith(".")))


def _read_crls(path: Path) -> Iterable[x509.CertificateRevocationList]:
    data = path.read_bytes()
    try:
        if _PEM_CRL not in data:
            return [x509.load_der_x509_crl(data)]
        blocks = data.split(_PEM_CRL)[1:]
        return [
            x509.load_pem_x509_crl(_PEM_CRL + block.partition(_PEM_END)[0] + _PEM_END) for block in blocks
        ]
    except ValueError as error:
        raise ConfigInvalid([f"{path} is not a CRL in PEM or DER"]) from error


def _load_crls(context: ssl.SSLContext, crls: Iterable[x509.CertificateRevocationList]) -> None:
    # OpenSSL reads CRLs from PEM files only; a memory file serves where the disk is read-only. Of two CRLs of one
    # issuer the newer wins (X509_STORE, get_crl_score).
    descriptor = os.memfd_create("client-crls", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as pem:
            pem.write(b"".join(crl.public_bytes(Encoding.PEM) for crl in crls))
        context.load_verify_locations(cafile=f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _revocations(crls: Iterable[x509.CertificateRevocationList]) -> ClientRevocations:
    revoked: dict[bytes, frozenset[int]] = {}
    until: dict[bytes, datetime] = {}
    newest = sorted(crls, key=lambda crl: crl.last_update_utc)
    for crl in newest:  # a later one of the same issuer replaces the earlier
        issuer = crl.issuer.public_bytes()
        revoked[issuer] = frozenset(entry.serial_number for entry in crl)
        if crl.next_update_utc is not None:
            until[issuer] = crl.next_update_utc
    return ClientRevocations(revoked=revoked, fresh_until=until)
