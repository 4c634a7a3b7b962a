# SPDX-License-Identifier: EUPL-1.2
"""A throw-away public key infrastructure: CAs, seal certificates, TLS certificates, CRLs and a time-stamping authority.

For the demo and for tests only; nothing here may issue a certificate that production trusts.
Keys are P-256 unless said otherwise, because that is what most remote-seal services issue today.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate with its private key and the chain above it (issuer first, root last)."""

    certificate: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the DER: how the gateway knows a certificate."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def certificate_der(self) -> bytes:
        """The certificate, DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate and the intermediates above it, PEM, as a TLS server presents them."""
        own = [self.certificate, *self.chain[:-1]]
        return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in own)

    @property
    def key_pem(self) -> bytes:
        """The private key, PKCS#8 PEM without encryption."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


@dataclass(slots=True, kw_only=True)
class Authority:
    """A certification authority that issues and revokes. ``revoked`` is owned by the test or demo that holds it."""

    identity: Identity
    not_before: datetime
    not_after: datetime
    revoked: list[tuple[int, datetime]] = field(default_factory=list)
    crl_number: int = 0

    @property
    def pem(self) -> bytes:
        """The CA certificate, PEM."""
        return self.identity.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        name: str,
        *,
        organisation: str = "",
        key: PrivateKey | None = None,
        usages: Sequence[x509.ObjectIdentifier] = (),
        signing: bool = False,
        hosts: Sequence[str] = (),
        urls: Sequence[str] = (),
        critical_usage: bool = False,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> Identity:
        """A leaf. ``signing`` gives nonRepudiation (a seal); ``urls`` go into CDP, as a lure for canary tests."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = _builder(
            _name(name, organisation), key, not_before or self.not_before, not_after or self.not_after
        )
        builder = builder.issuer_name(self.identity.certificate.subject)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(digital=True, non_repudiation=signing), critical=True)
        builder = builder.add_extension(_issuer_key(self.identity.key), critical=False)
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical_usage)
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(h) for h in hosts]), critical=False
            )
        if urls:
            points = [
                x509.DistributionPoint(
                    [x509.UniformResourceIdentifier(u)], relative_name=None, reasons=None, crl_issuer=None
                )
                for u in urls
            ]
            builder = builder.add_extension(x509.CRLDistributionPoints(points), critical=False)
        certificate = builder.sign(self.identity.key, hashes.SHA256())
        chain = (self.identity.certificate, *self.identity.chain)
        return Identity(certificate=certificate, key=key, chain=chain)

    def seal(self, organisation: str, *, key: PrivateKey | None = None, urls: Sequence[str] = ()) -> Identity:
        """A chamber's electronic seal."""
        return self.issue(
            f"{organisation} Siegel", organisation=organisation, signing=True, key=key, urls=urls
        )

    def tls_client(self, name: str) -> Identity:
        """A TLS client certificate."""
        return self.issue(name, organisation=name, usages=[ExtendedKeyUsageOID.CLIENT_AUTH])

    def tls_server(self, name: str, hosts: Sequence[str] = ("localhost", "127.0.0.1")) -> Identity:
        """A TLS server certificate."""
        return self.issue(name, usages=[ExtendedKeyUsageOID.SERVER_AUTH], hosts=hosts)

    def timestamping(self, name: str) -> Identity:
        """A time-stamping unit: RSA, EKU timeStamping alone and critical (RFC 3161 clause 2.3)."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        return self.issue(
            name, key=key, signing=True, usages=[ExtendedKeyUsageOID.TIME_STAMPING], critical_usage=True
        )

    def subordinate(self, name: str) -> "Authority":
        """An intermediate CA below this one."""
        identity = _make_ca(name, self.identity, self.not_before, self.not_after)
        return Authority(identity=identity, not_before=self.not_before, not_after=self.not_after)

    def revoke(self, identity: Identity, moment: datetime) -> None:
        """Put a certificate on the next CRL."""
        self.revoked.append((identity.certificate.serial_number, moment))

    def crl(self, this_update: datetime, *, next_update: datetime | None = None) -> bytes:
        """A complete CRL, DER. ``next_update`` defaults to the CA's end."""
        self.crl_number += 1
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.identity.certificate.subject)
            .last_update(this_update)
            .next_update(next_update or self.not_after)
            .add_extension(_issuer_key(self.identity.key), critical=False)
            .add_extension(x509.CRLNumber(self.crl_number), critical=False)
        )
        for serial, moment in self.revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.identity.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def root(
    name: str,
    *,
    not_before: datetime = datetime(2025, 1, 1, tzinfo=UTC),
    lifetime: timedelta = timedelta(days=365 * 10),
) -> Authority:
    """A new self-signed root."""
    not_after = not_before + lifetime
    return Authority(
        identity=_make_ca(name, None, not_before, not_after), not_before=not_before, not_after=not_after
    )


def _make_ca(name: str, issuer: Identity | None, not_before: datetime, not_after: datetime) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name, name)
    builder = _builder(subject, key, not_before, not_after)
    builder = builder.issuer_name(issuer.certificate.subject if issuer else subject)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=None if issuer is None else 0), critical=True
    )
    builder = builder.add_extension(_key_usage(ca=True), critical=True)
    builder = builder.add_extension(_issuer_key(issuer.key if issuer else key), critical=False)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Identity(
        certificate=certificate, key=key, chain=(issuer.certificate, *issuer.chain) if issuer else ()
    )


def _builder(subject: x509.Name, key: PrivateKey, start: datetime, end: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str, organisation: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "DE")]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, _short(organisation)))
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, _short(common))])


def _short(text: str) -> str:
    """At most 64 bytes of UTF-8 (RFC 5280 appendix A, ub-common-name)."""
    return text.encode()[:64].decode(errors="ignore")


def _general_name(host: str) -> x509.GeneralName:
    return x509.IPAddress(IPv4Address(host)) if host[0].isdigit() else x509.DNSName(host)


def _issuer_key(key: PrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _key_usage(*, digital: bool = False, non_repudiation: bool = False, ca: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital,
        content_commitment=non_repudiation,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
