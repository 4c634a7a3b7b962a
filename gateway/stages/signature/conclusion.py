# SPDX-License-Identifier: EUPL-1.2
"""From everything that was found out about one signature to its report: one conclusion for XAdES, CAdES and PAdES.

Leaves out how it was found out. No other place in this stage calls a signature passed, so none can forget what a pass
needs: no fault, and then everything positive, asked for once more without looking at the faults.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.findings import Finding, blocking
from gateway.model.signature import (
    Indication,
    Integrity,
    Revocation,
    SignatureReport,
    SubIndication,
    Trust,
)
from gateway.stages.signature.certificates.certificate import Certificate
from gateway.stages.signature.faults import Fault, breaks_integrity, faults_of, judge_faults
from gateway.stages.signature.judgement import PathJudgement
from gateway.stages.signature.qualified.report import with_qualification

_EXPIRED = {SubIndication.OUT_OF_BOUNDS_NO_POE, SubIndication.OUT_OF_BOUNDS_NOT_REVOKED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the steps found out. ``path`` is the signer's, None where nobody is known to have signed.

    ``findings`` are all but the path's. Those that stand in ``faults`` too mean what is said there; the table of codes
    must not give them a second meaning. ``begun``: a content time-stamp proves that it was not signed before.
    """

    integrity: Integrity
    certificate: Certificate | None
    path: PathJudgement | None
    findings: Sequence[Finding]
    faults: Sequence[Fault] = ()
    begun: datetime | None = None


def weighed(evidence: Evidence) -> tuple[Indication, SubIndication | None]:
    """The indication of a signature, or of a time-stamp."""
    indication, sub_indication = judge_faults(_faults(evidence))
    if indication is Indication.TOTAL_PASSED and not _proven(evidence):
        return Indication.INDETERMINATE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    return indication, sub_indication


def conclude(
    report: SignatureReport, evidence: Evidence, *, require_qualified: bool, moment: datetime
) -> SignatureReport:
    """The judgement. ``report`` says which signature it is, what it covers and when it was made, and judges nothing."""
    path, certificate = evidence.path, evidence.certificate
    indication, sub_indication = weighed(evidence)
    concluded = replace(
        report,
        indication=indication,
        sub_indication=sub_indication,
        integrity=evidence.integrity,
        trust=path.trust if path else report.trust,
        revocation=path.revocation if path else Revocation.UNKNOWN,
        signer=certificate.summary if certificate else None,
        chain=path.chain if path else (),
        revoked=path.revoked if path else (),
        revocation_answers=path.answers if path else (),
        findings=tuple(dict.fromkeys((*evidence.findings, *(path.findings if path else ())))),
    )
    return with_qualification(concluded, path, required=require_qualified, moment=moment)


def unread(own_id: str, *, place: str, form: str, findings: tuple[Finding, ...]) -> SignatureReport:
    """A signature without a reading: what is wrong with it, and nothing else claimed."""
    indication, sub_indication = judge_faults(faults_of(findings))
    return SignatureReport(
        id=own_id,
        place=place,
        form=form,
        indication=Indication.INDETERMINATE if indication is Indication.TOTAL_PASSED else indication,
        sub_indication=sub_indication,
        integrity=Integrity.BROKEN if breaks_integrity(findings) else Integrity.UNCHECKED,
        findings=findings,
    )


def _faults(evidence: Evidence) -> list[Fault]:
    known = {fault.finding for fault in evidence.faults}
    return [
        *evidence.faults,
        *faults_of(finding for finding in evidence.findings if finding not in known),
        *_path_faults(evidence),
    ]


def _path_faults(evidence: Evidence) -> list[Fault]:
    """Clause 5.3.4: what the path leaves open for want of a proof of existence, a content time-stamp can settle."""
    path, certificate, begun = evidence.path, evidence.certificate, evidence.begun
    if path is None:
        return []
    means = path.sub_indication
    if certificate is None or begun is None:
        return path.faults
    if means in _EXPIRED and begun > certificate.summary.not_after:
        means = SubIndication.EXPIRED
    elif means is SubIndication.REVOKED_NO_POE and any(
        begun > revoked.since for revoked in path.revoked if revoked.sha256 == certificate.sha256
    ):
        means = SubIndication.REVOKED
    return replace(path, sub_indication=means).faults


def _proven(evidence: Evidence) -> bool:
    """Everything positive that a pass needs: the absence of faults alone never passes a signature."""
    path = evidence.path
    return (
        evidence.integrity is Integrity.INTACT
        and path is not None
        and path.indication is Indication.TOTAL_PASSED
        and path.trust is Trust.TRUSTED
        and path.revocation is Revocation.GOOD
        and not blocking((*evidence.findings, *path.findings))
    )
