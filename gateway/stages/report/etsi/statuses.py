# SPDX-License-Identifier: EUPL-1.2
"""A status and what supports it: constraints from findings, the path, revocation, the algorithm (clauses 4.3.4, 4.3.5, 4.3.12)."""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.signature import (
    CertificateSummary,
    RevocationAnswer,
    RevokedCertificate,
    SignatureReport,
    SubIndication,
)
from gateway.stages.report.etsi.names import (
    APPLIED,
    FINDING,
    OF_CONSTRAINT,
    REVOCATION_REASON,
    add,
    add_reference,
    ds,
    instant,
    one_line,
    sub_indication,
)
from gateway.stages.report.etsi.objects import Objects

_WEAK = {Code.SIGNATURE_ALGORITHM, Code.SIGNATURE_ALGORITHM_EXPIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crypto:
    """The algorithm of one signature value."""

    signature_id: str
    algorithm: str  # identifier of XML Signature
    secure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What a status rests on."""

    chain: Sequence[CertificateSummary] = ()
    trusted: bool = False
    revoked: Sequence[RevokedCertificate] = ()
    answers: Sequence[RevocationAnswer] = ()
    crypto: Crypto | None = None
    related: Sequence[str] = ()  # ids


def add_status(
    parent: etree._Element, main: str, means: SubIndication | None, support: Support, objects: Objects
) -> None:
    """``SignatureValidationStatus``."""
    status = add(parent, "SignatureValidationStatus")
    add(status, "MainIndication", main)
    if means is not None:
        add(status, "SubIndication", sub_indication(means))
    # One element holds one revoked certificate at most; the rest stands in the first.
    revoked = [certificate for certificate in support.revoked if _known(certificate, support.chain)]
    if not (support.chain or support.crypto or support.related):
        return
    data = add(status, "AssociatedValidationReportData")
    _add_chain(data, support, objects)
    related = (*support.related, *dict.fromkeys(map(objects.answer, support.answers)))
    if related:
        add_reference(data, "RelatedValidationObject", related)
    if revoked:
        _add_revocation(data, revoked[0], support, objects)
    if support.crypto is not None:
        _add_crypto(data, support.crypto)
    for certificate in revoked[1:]:
        _add_revocation(add(status, "AssociatedValidationReportData"), certificate, support, objects)


def add_constraints(parent: etree._Element, findings: Sequence[Finding]) -> None:
    """Every finding as the constraint that was not met, or that was met with a remark."""
    if not findings:
        return
    report = add(parent, "ValidationConstraintsEvaluationReport")
    for finding in findings:
        constraint = add(report, "ValidationConstraint")
        add(constraint, "ValidationConstraintIdentifier", f"{FINDING}{finding.code}")
        add(add(constraint, "ConstraintStatus"), "Status", APPLIED)
        status = add(constraint, "ValidationStatus")
        add(status, "MainIndication", OF_CONSTRAINT[finding.severity])
        data = add(add(status, "AssociatedValidationReportData"), "AdditionalValidationReportData")
        facts = finding.to_json()
        for name in ("severity", "place", "expected", "got"):
            if name in facts:
                fact = add(data, "ReportData")
                add(fact, "Type", f"{FINDING}{name}")
                add(fact, "Value", facts[name])


def own_findings(signature: SignatureReport) -> tuple[Finding, ...]:
    """Those about the signature itself: a place ends in the certificate or the time-stamp that a finding is about."""
    chains = (signature.chain, *(stamp.chain for stamp in signature.stamps))
    certificates = tuple(certificate.place for chain in chains for certificate in chain if certificate.place)
    return tuple(
        finding
        for finding in signature.findings
        if not finding.place.endswith(certificates) and "time-stamp" not in finding.place.rpartition(", ")[2]
    )


def secure(signature: SignatureReport) -> bool:
    """Did the dated table accept what the signature itself is made with?"""
    return not any(finding.code in _WEAK for finding in own_findings(signature))


def _add_chain(data: etree._Element, support: Support, objects: Objects) -> None:
    links = [(objects.certificate(certificate), certificate.subject) for certificate in support.chain]
    if not links:
        return
    # Longer chains were followed to an anchor, whatever else is wrong; a lone certificate was not, unless it is one.
    anchor = links[-1] if len(links) > 1 or support.trusted else None
    if anchor is not None:
        _add_link(data, "TrustAnchor", anchor)
    listed = add(data, "CertificateChain")
    _add_link(listed, "SigningCertificate", links[0])
    for link in links[1:-1]:
        _add_link(listed, "IntermediateCertificate", link)
    if anchor is not None:
        _add_link(listed, "TrustAnchor", anchor)


def _add_link(parent: etree._Element, name: str, link: tuple[str, str]) -> None:
    """A certificate by its id and, for people, by its subject."""
    own, subject = link
    reference = add_reference(parent, name, [own])
    add(add(reference, ds("X509Data")), ds("X509SubjectName"), one_line(subject))


def _known(revoked: RevokedCertificate, chain: Sequence[CertificateSummary]) -> bool:
    return any(certificate.sha256 == revoked.sha256 for certificate in chain)


def _add_revocation(
    data: etree._Element, revoked: RevokedCertificate, support: Support, objects: Objects
) -> None:
    (certificate, *_) = (c for c in support.chain if c.sha256 == revoked.sha256)
    information = add(data, "RevocationStatusInformation")
    add_reference(information, "ValidationObjectId", [objects.certificate(certificate)])
    add(information, "RevocationTime", instant(revoked.since))
    if revoked.reason:
        add(information, "RevocationReason", f"{REVOCATION_REASON}{revoked.reason}")
    said = [objects.answer(answer) for answer in support.answers if answer.certificate == revoked.sha256]
    if said:
        add_reference(information, "RevocationObject", said[:1])


def _add_crypto(data: etree._Element, crypto: Crypto) -> None:
    information = add(data, "CryptoInformation")
    add_reference(information, "ValidationObjectId", [crypto.signature_id])
    add(information, "Algorithm", crypto.algorithm)
    add(information, "SecureAlgorithm", "true" if crypto.secure else "false")
