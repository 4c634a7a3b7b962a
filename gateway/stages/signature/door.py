# SPDX-License-Identifier: EUPL-1.2
"""The one door from ``Digested`` to ``Verified``. Everything positive is asked for; nothing is concluded from silence."""

from hashlib import sha256

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity, blocking
from gateway.model.bundle import Digested, Signer, Verified
from gateway.model.signature import (
    ContainerState,
    Indication,
    Integrity,
    SignatureReport,
    Trust,
    VerificationReport,
)


def verified(report: VerificationReport, digested: Digested) -> Verified:
    """What may be believed. Raises ``Rejected`` with every blocking finding."""
    findings = blocking(report.findings)
    passed = [
        s for s in report.signatures if s.indication is Indication.TOTAL_PASSED and s.signer is not None
    ]
    payload = {entry.name for entry in digested.opened.payload}
    sound = (
        report.container is ContainerState.OK
        and report.integrity is Integrity.INTACT
        and report.indication is Indication.TOTAL_PASSED
        and report.trust is Trust.TRUSTED
        and bool(payload)
        and any(payload <= set(signature.covers) for signature in passed)
    )
    if findings or not sound:
        unsound = Finding(
            code=Code.VERIFICATION_FAILED,
            severity=Severity.UNKNOWN,
            expected="a passed signature over all content",
            got=f"{report.indication}, {report.integrity}, {report.trust}",
        )
        raise Rejected(findings or [unsound])
    return Verified(
        digested=digested,
        signers=tuple(dict.fromkeys(_signer(signature) for signature in passed)),
        content_digest=_content_digest(digested),
        report=report,
    )


def _signer(report: SignatureReport) -> Signer:
    if report.signer is None:
        raise Rejected(
            [Finding(code=Code.VERIFICATION_FAILED, severity=Severity.UNKNOWN, place=report.place)]
        )
    return Signer(
        certificate_sha256=report.signer.sha256,
        subject=report.signer.subject,
        issuer=report.signer.issuer,
        serial=report.signer.serial,
    )


def _content_digest(digested: Digested) -> str:
    """Lengths go before names, so that no two lists of files have the same encoding."""
    digest = sha256()
    for entry in sorted(digested.opened.payload, key=lambda entry: entry.name.encode()):
        name = entry.name.encode()
        digest.update(len(name).to_bytes(4) + name + digested.digests[entry.name]["sha256"])
    return digest.hexdigest()
