# SPDX-License-Identifier: EUPL-1.2
"""Which certificate signed: the one bound by the signed SigningCertificate(V2), never simply the first one at hand.

EN 319 102-1 clause 5.2.3. KeyInfo is not signed: its certificates and those of CertificateValues are only a pool to
look in. KeyValue is ignored. Leaves out trust.
"""

from dataclasses import dataclass

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.stages.signature.certificates.certificate import Certificate, contained, read_certificate
from gateway.stages.signature.cms.binding import names_certificate
from gateway.stages.signature.xades.issuer_name import contradicts
from gateway.stages.signature.xades.properties import CertificateReference
from gateway.stages.signature.xades.reading import XadesSignature
from gateway.stages.signature.xades.value import check_signature_value

MAX_BOUND = 16  # Cert elements in one SigningCertificate: the signer's and a path's
MAX_POOL = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerCheck:
    """The signer's certificate as far as found; ``value_checked`` tells whether the signature value was tried."""

    certificate: Certificate | None
    value_checked: bool
    findings: tuple[Finding, ...]


def check_signer(signature: XadesSignature) -> SignerCheck:
    """Find the signer's certificate, check the value with it, check that the signature binds it."""
    place = signature.where
    findings: list[Finding] = []
    candidates: list[tuple[CertificateReference | None, Certificate]] = []
    for reference, der in _possible_signers(signature, place, findings):
        try:
            candidates.append((reference, read_certificate(der, place=place)))
        except Rejected as rejected:
            findings += rejected.findings
    if not candidates:
        return SignerCheck(certificate=None, value_checked=False, findings=tuple(findings))
    faults = [check_signature_value(signature, certificate.key) for _, certificate in candidates]
    chosen = faults.index(None) if None in faults else 0
    fault, (reference, certificate) = faults[chosen], candidates[chosen]
    if fault is not None:
        findings.append(fault)
    if reference is not None and not _issuer_serial_agrees(reference, certificate, place):
        findings.append(_binding(place, "issuer and serial number of the signer's certificate", "others"))
    return SignerCheck(certificate=certificate, value_checked=True, findings=tuple(findings))


def _possible_signers(
    signature: XadesSignature, place: str, findings: list[Finding]
) -> list[tuple[CertificateReference | None, bytes]]:
    """Certificates bound by the signed properties; without any, KeyInfo's first, so that integrity at least is told."""
    pool = tuple(dict.fromkeys((*signature.certificates, *signature.unsigned.certificates)))[:MAX_POOL]
    bound = signature.signed.certificates[:MAX_BOUND] if signature.signed else ()
    matches = _matches(pool, bound)
    if matches:
        return matches
    if bound or not pool:
        got = "another certificate" if pool else "no certificate"
        findings.append(_binding(place, "the certificate named by SigningCertificateV2", got))
    return [(None, der) for der in signature.certificates[:1]]


def _binding(place: str, expected: str, got: str) -> Finding:
    return Finding(code=Code.SIGNER_BINDING, place=place, expected=expected, got=got)


def _matches(
    pool: tuple[bytes, ...], bound: tuple[CertificateReference, ...]
) -> list[tuple[CertificateReference | None, bytes]]:
    matches: list[tuple[CertificateReference | None, bytes]] = []
    for reference in bound:
        matches += [(reference, der) for der in pool if reference.names(der)]
    return matches


def _issuer_serial_agrees(reference: CertificateReference, certificate: Certificate, place: str) -> bool:
    """A digest alone already binds; where the signer also named issuer and serial, both have to agree (EN 319 132-1 5.2.2)."""
    if reference.serial is not None and reference.serial != certificate.parsed.serial_number:
        return False
    if reference.issuer and contradicts(reference.issuer, certificate.parsed):
        return False
    der = reference.issuer_serial
    if der is None:
        return True
    try:
        return contained(
            lambda: names_certificate(der, certificate.asn1), code=Code.SIGNER_BINDING, place=place
        )
    except Rejected:
        return False
