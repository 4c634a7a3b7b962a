# SPDX-License-Identifier: EUPL-1.2
"""Which certificate a SignerInfo means: by sid, and by the signed ESSCertID(v2) (RFC 5035) with its IssuerSerial.

A renewed certificate may have name and key of the one before, so where sid fits several the signed digest tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509

from gateway.errors import Rejected
from gateway.stages.signature.certificates.certificate import Certificate, digest_of, read_certificate
from gateway.stages.signature.certificates.encoding import bounded, comparable
from gateway.stages.signature.cms.der import element

ESS_V1 = "1.2.840.113549.1.9.16.2.12"  # signing-certificate, always with SHA-1
ESS_V2 = "1.2.840.113549.1.9.16.2.47"  # signing-certificate-v2
_SEQUENCE = 0x30
_DIRECTORY_NAME = 0xA4  # [4] of GeneralName, explicit because Name is a CHOICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The first ESSCertID(v2): the signer's."""

    digest: str  # hashlib name
    value: bytes
    issuer_serial: bytes | None  # DER

    def names(self, certificate: Certificate) -> bool:
        """Is it the digest of this certificate? Raises ``ValueError`` for a digest outside the allow-list."""
        return digest_of(self.digest, certificate.der) == self.value

    def agrees(self, certificate: Certificate) -> bool:
        """Does IssuerSerial, where it is given, name the same certificate? Raises what asn1crypto raises."""
        return self.issuer_serial is None or names_certificate(self.issuer_serial, certificate.asn1)


def read_binding(signed: Mapping[str, Any]) -> Binding | None:
    """From the signed attributes, by OID; version 2 before version 1."""
    value = signed.get(ESS_V2) or signed.get(ESS_V1)
    if value is None or not len(value["certs"]):
        return None
    first = value["certs"][0]
    serial = first["issuer_serial"]
    return Binding(
        digest=first["hash_algorithm"]["algorithm"].native if ESS_V2 in signed else "sha1",
        value=first["cert_hash"].native,
        issuer_serial=None if serial.native is None else serial.dump(),
    )


def named_by_sid(sid: cms.SignerIdentifier, pool: Sequence[bytes]) -> list[Certificate]:
    """Certificates of the pool that a SignerIdentifier fits."""
    found = []
    needed = _standing_in(sid)
    for der in dict.fromkeys(pool):
        if needed not in der:
            continue  # reading what cannot be meant would be the costly part
        try:
            certificate = read_certificate(der)
        except Rejected:
            continue  # it may be anybody's; if it was the signer's, none will be found
        if _fits(sid, certificate):
            found.append(certificate)
    return found


def _standing_in(sid: cms.SignerIdentifier) -> bytes:
    """What stands in every certificate that ``sid`` fits: its serial number in DER, or its key identifier."""
    if sid.name == "subject_key_identifier":
        return bytes(sid.native)
    return bytes(core.Integer(sid.chosen["serial_number"].native).dump())


def _fits(sid: cms.SignerIdentifier, certificate: Certificate) -> bool:
    if sid.name == "subject_key_identifier":
        return bool(certificate.asn1.key_identifier == sid.native)
    issuer, serial = sid.chosen["issuer"], sid.chosen["serial_number"]
    if serial.native != certificate.parsed.serial_number:
        return False
    # Mostly the same bytes; only where they differ do names have to be normalised, which is slow.
    return bool(issuer.dump() == certificate.asn1.issuer.dump() or comparable(issuer) == certificate.issuer)


def issuer_serial(certificate: asn1_x509.Certificate) -> bytes:
    """DER of IssuerSerial { issuer GeneralNames { directoryName }, serialNumber }."""
    fields = certificate["tbs_certificate"]
    names = element(_SEQUENCE, element(_DIRECTORY_NAME, fields["issuer"].dump()))
    return element(_SEQUENCE, names + fields["serial_number"].dump())


def names_certificate(der: bytes, certificate: asn1_x509.Certificate) -> bool:
    """Does this IssuerSerial name ``certificate``? Raises whatever asn1crypto raises on hostile bytes."""
    if der == issuer_serial(certificate):
        return True
    value = tsp.IssuerSerial.load(bounded(der), strict=True)
    names = list(value["issuer"])
    return (
        len(names) == 1
        and names[0].name == "directory_name"
        and comparable(names[0].chosen) == comparable(certificate.issuer)
        and int(value["serial_number"].native) == certificate.serial_number
    )
