# SPDX-License-Identifier: EUPL-1.2
"""The answer on one certificate, as the caller reads it and the store keeps it."""

from dataclasses import dataclass

from gateway.findings import Finding
from gateway.model.signature import CertificateSummary, Indication, Revocation, SubIndication, Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class PathJudgement:
    """The answer on one certificate. ``chain`` runs from it to the anchor, or to where the way ended."""

    trust: Trust
    revocation: Revocation
    indication: Indication
    sub_indication: SubIndication | None
    chain: tuple[CertificateSummary, ...]
    findings: tuple[Finding, ...]
