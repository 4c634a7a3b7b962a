# SPDX-License-Identifier: EUPL-1.2
"""Judgements on PDFs in the report: of the container around them, or of a bare PDF file.

A bad signature inside is never hidden by a good one outside: integrity, trust and indication of the whole can only
get worse here. A PDF without signatures changes nothing, unless it must not be let through.
Where the operator does not require every signature to pass (``require_all_signatures``), a signature inside that is
merely not proven (INDETERMINATE) is reported as a warning; one that is proven false always counts.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from gateway.codes import Code
from gateway.findings import Finding, Severity, blocking
from gateway.model.signature import (
    ContainerState,
    DocumentReport,
    Indication,
    Integrity,
    SubIndication,
    Trust,
    VerificationReport,
)
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.faults import worst_integrity
from gateway.stages.signature.pades import PdfJudgement, worst_trust

_FROM_BAD = (Indication.TOTAL_FAILED, Indication.INDETERMINATE, Indication.TOTAL_PASSED)


def with_pdfs(
    report: VerificationReport, judgements: Mapping[str, PdfJudgement], *, policy: SignaturePolicy
) -> VerificationReport:
    """The container's report with what was found in its PDFs, by entry name."""
    decisive = [_decisive(judgement, policy) for judgement in judgements.values()]
    signed = [judgement for judgement in decisive if judgement.signed]
    findings = tuple(dict.fromkeys([*report.findings, *(f for j in decisive for f in j.findings)]))
    indication, means = _worst_indication(report, decisive)
    if indication is Indication.TOTAL_PASSED and blocking(findings):
        indication, means = Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE
    return replace(
        report,
        integrity=_integrity(report, decisive),
        trust=worst_trust([report.trust, *(judgement.trust for judgement in signed)]),
        indication=indication,
        sub_indication=means,
        documents=tuple(_with_pdf(document, judgements) for document in report.documents),
        findings=findings,
    )


def report_of_pdf(judgement: PdfJudgement, *, size: int, sha256: str, moment: datetime) -> VerificationReport:
    """A bare PDF file: it is its own container and its only document."""
    findings = judgement.findings
    if judgement.integrity is Integrity.UNSIGNED:
        missing = Finding(
            code=Code.SIGNATURE_MISSING, place=judgement.name, expected="at least one signature", got="none"
        )
        findings = (missing, *findings)
    intact = tuple(s.id for s in judgement.signatures if judgement.name in s.covers)
    return VerificationReport(
        container=ContainerState.OK,
        integrity=judgement.integrity,
        trust=judgement.trust,
        indication=judgement.indication,
        sub_indication=judgement.sub_indication,
        level=judgement.level,
        moment=moment,
        signatures=judgement.signatures,
        documents=(
            DocumentReport(
                name=judgement.name,
                size=size,
                sha256=sha256,
                covered_by=intact,
                signatures=judgement.signatures,
                findings=judgement.findings,
            ),
        ),
        findings=findings,
    )


def _decisive(judgement: PdfJudgement, policy: SignaturePolicy) -> PdfJudgement:
    """The judgement as it weighs in the whole."""
    if policy.require_all_signatures or judgement.integrity is not Integrity.INTACT:
        return judgement
    if judgement.indication is not Indication.INDETERMINATE:
        return judgement
    of_signatures = {f for s in judgement.signatures for f in s.findings}
    findings = tuple(
        replace(f, severity=Severity.WARNING) if f in of_signatures and blocking([f]) else f
        for f in judgement.findings
    )
    return replace(
        judgement,
        findings=findings,
        trust=Trust.TRUSTED,
        indication=Indication.TOTAL_PASSED,
        sub_indication=None,
    )


def _worst_indication(
    report: VerificationReport, judgements: list[PdfJudgement]
) -> tuple[Indication, SubIndication | None]:
    said = [(report.indication, report.sub_indication)]
    said += [(j.indication, j.sub_indication) for j in judgements if j.signed or blocking(j.findings)]
    for indication in _FROM_BAD:
        for found, means in said:
            if found is indication:
                return found, means
    return report.indication, report.sub_indication


def _integrity(report: VerificationReport, judgements: list[PdfJudgement]) -> Integrity:
    """Of the signed ones; what has no signature has no integrity of its own, the container covers it."""
    states = [judgement.integrity for judgement in judgements if judgement.signatures]
    states = [state for state in states if state is not Integrity.UNSIGNED]
    if report.integrity is Integrity.UNSIGNED:
        return Integrity.BROKEN if Integrity.BROKEN in states else Integrity.UNSIGNED
    return worst_integrity([report.integrity, *states])


def _with_pdf(document: DocumentReport, judgements: Mapping[str, PdfJudgement]) -> DocumentReport:
    judgement = judgements.get(document.name)
    if judgement is None:
        return document
    return replace(
        document,
        signatures=(*document.signatures, *judgement.signatures),
        findings=tuple(dict.fromkeys((*document.findings, *judgement.findings))),
    )
