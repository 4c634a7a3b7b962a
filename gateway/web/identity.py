# SPDX-License-Identifier: EUPL-1.2
"""Who is calling: the certificate of the connection, and nothing the caller writes into a header.

A partner is known by the SHA-256 of its certificate's DER, never by a name in it. The certificate is read once when
the connection is made: later the transport may be gone. Leaves out the path check, which is done in the handshake.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.codes import Code
from gateway.errors import Rejected, Unavailable
from gateway.findings import Finding
from gateway.model.partner import Partner, Partners
from gateway.web.tls import ClientRevocations

# Headers in which a proxy would tell us an identity (RFC 9440 and older habits). We have no proxy, so whoever
# sends one tries to be somebody else. Underscores count as hyphens: some stacks fold them together.
_FORWARDED = ("client-cert", "client-cert-chain", "x-forwarded-client-cert", "ssl-client-cert")
_FORWARDED_PREFIXES = ("x-ssl-", "x-client-cert", "x-forwarded-tls-")
_STALE_RETRY_SECONDS = 300

P = TypeVar("P", bound=Partner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What the connection's client certificate says about itself."""

    sha256: str  # hex, of the DER
    issuer: bytes  # DER of the distinguished name
    serial: int
    expires: datetime
    client_auth: bool  # EKU names clientAuth; OpenSSL accepts a certificate without any EKU, we do not


def read_peer(certificate_der: bytes | None) -> Peer | None:
    """Read the certificate of a finished handshake; ``None`` without one or where it cannot be read."""
    if not certificate_der:
        return None
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        issuer = certificate.issuer.public_bytes()
        usage = _usages(certificate)
    except ValueError:
        return None
    return Peer(
        sha256=sha256(certificate_der).hexdigest(),
        issuer=issuer,
        serial=certificate.serial_number,
        expires=certificate.not_valid_after_utc,
        client_auth=ExtendedKeyUsageOID.CLIENT_AUTH in usage,
    )


def identify(
    peer: Peer | None, *, partners: Partners, revocations: ClientRevocations | None, moment: datetime
) -> Partner:
    """The registered partner behind ``peer``. Raises ``Rejected`` (403) and ``Unavailable`` (stale CRL).

    Expiry and revocation are asked again on every request: a connection, or a session of TLS 1.2 that is resumed, may
    outlive the certificate and the CRL it was opened under.
    """
    if peer is None:
        raise Rejected([Finding(code=Code.SENDER_NOT_REGISTERED, expected="a TLS client certificate")])
    if not peer.client_auth:
        raise Rejected(
            [Finding(code=Code.SENDER_CERTIFICATE_PURPOSE, expected="extended key usage clientAuth")]
        )
    if moment > peer.expires:
        raise Rejected([Finding(code=Code.SENDER_NOT_REGISTERED, got="expired TLS certificate")])
    if revocations is not None:
        if revocations.is_revoked(peer.issuer, peer.serial):
            raise Rejected([Finding(code=Code.SENDER_NOT_REGISTERED, got="revoked TLS certificate")])
        if revocations.is_stale(peer.issuer, moment):
            raise Unavailable(
                Code.REVOCATION_DATA_STALE,
                "no current CRL for the caller's TLS certificate",
                hint="refresh the client CRLs",
                retry_after=_STALE_RETRY_SECONDS,
            )
    partner = partners.by_certificate(peer.sha256)
    if partner is None:
        raise Rejected([Finding(code=Code.SENDER_NOT_REGISTERED, got=f"certificate SHA-256 {peer.sha256}")])
    return partner


def in_role(partner: Partner, role: type[P]) -> P:
    """The partner as ``role``. Raises ``Rejected``."""
    if not isinstance(partner, role):
        raise Rejected(
            [
                Finding(
                    code=Code.SENDER_ROLE_FORBIDDEN,
                    expected=role.__name__.lower(),
                    got=type(partner).__name__.lower(),
                )
            ]
        )
    return partner


def forwarded_identity(header_names: Iterable[str]) -> tuple[Finding, ...]:
    """One finding for each header that claims an identity."""
    claimed = sorted({name for name in header_names if _claims_identity(name.lower().replace("_", "-"))})
    return tuple(Finding(code=Code.FORWARDED_IDENTITY_REFUSED, place=name) for name in claimed)


def _claims_identity(name: str) -> bool:
    return name in _FORWARDED or name.startswith(_FORWARDED_PREFIXES)


def _usages(certificate: x509.Certificate) -> frozenset[x509.ObjectIdentifier]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(extension.value)
