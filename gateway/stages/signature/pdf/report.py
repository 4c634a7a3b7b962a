# SPDX-License-Identifier: EUPL-1.2
"""Judgements on PDFs in the report: of the container around them, or of a bare PDF file.

A bad signature inside is never hidden by a good one outside: integrity, trust and indication of the whole can only
get worse here. A PDF without signatures changes nothing, unless it must not be let through.
Where the operator says so (``untrusted_pdf_signatures``), signatures inside that are intact but merely not proven
(INDETERMINATE) are reported as warnings, as if the PDF had none. Broken and revoked ones count in any case, and so does
what is wrong with the PDF itself.
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
    Revocation,
    SubIndication,
    VerificationReport,
)
from gateway.model.trust import SignaturePolicy, Untrusted
from gateway.stages.signature.countersigned import counter_signatures
from gateway.stages.signature.faults import worst_integrity
from gateway.stages.signature.pdf.pades import PdfJudgement, worst_trust

_FROM_BAD = (Indication.TOTAL_FAILED, Indication.INDETERMINATE, Indication.TOTAL_PASSED)


def with_pdfs(
    report: VerificationReport, judgements: Mapping[str, PdfJudgement], *, policy: SignaturePolicy
) -> VerificationReport:
    """The container's report with what was found in its PDFs, by entry name."""
    tolerated = {name for name, judgement in judgements.items() if _tolerated(judgement, policy)}
    decisive = [judgement for name, judgement in judgements.items() if name not in tolerated]
    found = [
        finding
        for name, judgement in judgements.items()
        for finding in (_warned(judgement) if name in tolerated else judgement.findings)
    ]
    findings = tuple(dict.fromkeys([*report.findings, *found]))
    indication, means = _worst_indication(report, decisive)
    if indication is Indication.TOTAL_PASSED and blocking(findings):
        indication, means = Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE
    return replace(
        report,
        integrity=_integrity(report, decisive),
        trust=worst_trust([report.trust, *(judgement.trust for judgement in decisive if judgement.signed)]),
        indication=indication,
        sub_indication=means,
        documents=tuple(_with_pdf(document, judgements) for document in report.documents),
        findings=findings,
    )


def report_of_pdf(judgement: PdfJudgement, *, size: int, sha256: str, moment: datetime) -> VerificationReport:
    """A bare PDF file: it is its own container and its only document."""
    findings = judgement.findings
    indication, means = judgement.indication, judgement.sub_indication
    if judgement.integrity is Integrity.UNSIGNED:
        missing = Finding(
            code=Code.PDF_SIGNATURE_MISSING,
            place=judgement.name,
            expected="at least one signature",
            got="none",
        )
        findings = (*findings, missing)
        indication, means = _unsigned(judgement)
    intact = tuple(s.id for s in judgement.signatures if judgement.name in s.covers)
    return VerificationReport(
        container=ContainerState.OK,
        integrity=judgement.integrity,
        trust=judgement.trust,
        indication=indication,
        sub_indication=means,
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


def _unsigned(judgement: PdfJudgement) -> tuple[Indication, SubIndication]:
    """As a container without a signature fails; only time-stamps: something is proven, but nobody signed."""
    if judgement.signatures:
        return Indication.INDETERMINATE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    return Indication.TOTAL_FAILED, SubIndication.FORMAT_FAILURE


def _tolerated(judgement: PdfJudgement, policy: SignaturePolicy) -> bool:
    """May its signatures be passed over? Nothing in them is proven false, and the operator asks for no more."""
    counters = tuple(counter_signatures(judgement.signatures))
    return (
        policy.untrusted_pdf_signatures is Untrusted.WARNING
        and judgement.integrity is Integrity.INTACT
        and judgement.indication is Indication.INDETERMINATE
        and all(report.integrity is not Integrity.BROKEN for report in judgement.signatures)
        and all(report.integrity is Integrity.INTACT for report in counters)
        and all(report.revocation is not Revocation.REVOKED for report in (*judgement.signatures, *counters))
    )


def _warned(judgement: PdfJudgement) -> tuple[Finding, ...]:
    """Its findings, those of its signatures as warnings; active content is none of theirs."""
    signatures = (*judgement.signatures, *counter_signatures(judgement.signatures))
    of_signatures = {finding for report in signatures for finding in report.findings}
    return tuple(
        replace(f, severity=Severity.WARNING)
        if blocking([f]) and (f in of_signatures or f.code is Code.COUNTER_SIGNATURE_INVALID)
        else f
        for f in judgement.findings
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
