# SPDX-License-Identifier: EUPL-1.2
"""Is the chamber on the line the one that sealed the dossier and the one the dossier names?

Leaves out TLS (the web border knows which certificate spoke) and trust in certificates (the signature stage).
Identity is the certificate's SHA-256, never a name in it.
"""

from collections.abc import Sequence

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.bundle import Signer
from gateway.model.dossier import Dossier
from gateway.model.partner import Chamber


def check_sender(chamber: Chamber, signers: Sequence[Signer], dossier: Dossier) -> tuple[Finding, ...]:
    """Every contradiction between the three; empty if they agree.

    One seal must be the chamber's own; other trusted signatures (an employer's, a lawyer's) may stand beside it.
    """
    findings = []
    if not any(signer.certificate_sha256 in chamber.signer_sha256 for signer in signers):
        findings.append(
            Finding(
                code=Code.SENDER_SIGNER_MISMATCH,
                expected=f"a seal registered for {chamber.id}",
                got=", ".join(signer.certificate_sha256 for signer in signers) or "no signer",
            )
        )
    if dossier.chamber != chamber.id:
        findings.append(
            Finding(
                code=Code.SENDER_SUBMITTER_MISMATCH,
                place="/dossier/chamber",
                expected=chamber.id,
                got=dossier.chamber,
            )
        )
    return tuple(findings)
