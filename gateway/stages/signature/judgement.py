# SPDX-License-Identifier: EUPL-1.2
"""The answer on one certificate, as the caller reads it and the store keeps it."""

from dataclasses import dataclass

from gateway.findings import Finding, blocking
from gateway.model.signature import (
    CertificateSummary,
    Indication,
    QualifiedStatus,
    Revocation,
    RevocationAnswer,
    RevokedCertificate,
    SubIndication,
    Trust,
)
from gateway.stages.signature.faults import Fault
from gateway.stages.signature.qualified.lists import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What trusted lists say of a certificate, whatever its path and its signature are worth."""

    status: QualifiedStatus
    provider: str = ""
    service: str = ""
    edition: Edition | None = None
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()  # about the lists themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class PathJudgement:
    """The answer on one certificate. ``chain`` runs from it to the anchor, or to where the way ended."""

    trust: Trust
    revocation: Revocation
    indication: Indication
    sub_indication: SubIndication | None
    chain: tuple[CertificateSummary, ...]
    revoked: tuple[RevokedCertificate, ...] = ()
    answers: tuple[RevocationAnswer, ...] = ()
    standing: Standing | None = None  # None: no lists are installed, or no path leads to an anchor
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> list[Fault]:
        """What is wrong with the path, as it weighs for what was signed with the certificate."""
        means = self.sub_indication or SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
        return [Fault(finding=finding, means=means) for finding in blocking(self.findings)]
