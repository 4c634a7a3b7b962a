# SPDX-License-Identifier: EUPL-1.2
"""One PDF: every signature and document time-stamp in it, its active content, and one word about the whole.

``judge_pdf`` is pure and never raises for bad input. An unsigned PDF is nothing bad; a PDF that cannot be looked into
is, because nobody can say what a viewer would show. ``pdf.report`` carries judgements into reports.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from traceback import clear_frames

from gateway.codes import Code
from gateway.errors import AmtsboteError, Rejected
from gateway.findings import Finding, blocking
from gateway.model.signature import (
    Indication,
    Integrity,
    SignatureReport,
    SubIndication,
    Trust,
)
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.stamp import unsigned_faults
from gateway.stages.signature.countersigned import weigh
from gateway.stages.signature.faults import Fault, worst_integrity
from gateway.stages.signature.pdf.active import Survey, survey
from gateway.stages.signature.pdf.document import MAX_PDF_BYTES, PdfDocument, open_pdf
from gateway.stages.signature.pdf.fields import SignatureField, signature_fields
from gateway.stages.signature.pdf.material import security_store
from gateway.stages.signature.pdf.places import placed_in
from gateway.stages.signature.pdf.signature import judge_pades, modified
from gateway.stages.signature.pdf.stamps import DocumentStamp, PdfCase, judge_stamps, stamp_report
from gateway.stages.signature.pdf.versions import Versions, later_changes, trailing_data
from gateway.stages.signature.reading import failure
from gateway.stages.signature.time_proof import disorder

_GRAVEST = (Indication.TOTAL_FAILED, Indication.INDETERMINATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfJudgement:
    """The judgement on one PDF. ``findings`` are all, those of the signatures included."""

    name: str
    signatures: tuple[SignatureReport, ...]
    findings: tuple[Finding, ...]
    integrity: Integrity
    trust: Trust
    indication: Indication
    sub_indication: SubIndication | None
    level: str

    @property
    def signed(self) -> bool:
        """Is there a signature, time-stamps aside?"""
        return any(report.form != "timestamp" for report in self.signatures)


def judge_pdf(
    data: bytes, *, name: str, trust: TrustStore, policy: SignaturePolicy, moment: datetime
) -> PdfJudgement:
    """Judge one PDF at ``moment``."""
    if len(data) > MAX_PDF_BYTES:
        return unexamined(name, (too_large(name, len(data)),))
    try:
        return _judge(data, name=name, trust=trust, policy=policy, moment=moment)
    except Rejected as refusal:
        return unexamined(name, refusal.findings)
    except AmtsboteError:
        raise  # our side is at fault: that is no statement about the PDF
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in judging, the answer is "not valid"
        clear_frames(error.__traceback__)  # short of memory, what they hold is what is missing to tell of it
        return unexamined(name, (failure(name, error),))


def too_large(name: str, size: int) -> Finding:
    """A PDF that is not looked into must not pass as harmless."""
    expected = f"at most {MAX_PDF_BYTES} bytes"
    return Finding(code=Code.PDF_TOO_LARGE, place=name, expected=expected, got=str(size))


def unexamined(name: str, findings: Sequence[Finding]) -> PdfJudgement:
    """Nothing is known but why nothing is known."""
    return PdfJudgement(
        name=name,
        signatures=(),
        findings=tuple(findings),
        integrity=Integrity.UNCHECKED,
        trust=Trust.UNKNOWN,
        indication=Indication.INDETERMINATE,
        sub_indication=SubIndication.SIGNED_DATA_NOT_FOUND,
        level="",
    )


def _judge(
    data: bytes, *, name: str, trust: TrustStore, policy: SignaturePolicy, moment: datetime
) -> PdfJudgement:
    document, seen, findings = _opened(data, name, policy)
    fields = signature_fields(document)
    if len(fields) > policy.max_signatures:
        expected = f"at most {policy.max_signatures} signatures"
        got = str(len(fields))
        raise Rejected([Finding(code=Code.PDF_SIGNATURE_INVALID, place=name, expected=expected, got=got)])
    if fields:
        trailing = trailing_data(document)
        findings += [trailing] if trailing is not None else []
    case = PdfCase(
        document=document,
        versions=Versions(document),
        material=security_store(document),
        store=trust,
        policy=policy,
        moment=moment,
    )
    reports = _reports(fields, case)
    return _aggregate(name, reports, [*(seen.active if seen else ()), *findings], policy)


def _opened(
    data: bytes, name: str, policy: SignaturePolicy
) -> tuple[PdfDocument, Survey | None, list[Finding]]:
    """Opened and surveyed. Where it cannot be surveyed to its end, its signatures are still looked at."""
    document = open_pdf(data, name=name)
    try:
        seen = survey(document, allowed=policy.active_content_in_pdf)
        unclaimed = set(document.gaps) - seen.claimed
        if unclaimed:
            # A marker where no signature stands could hide a string from the survey: look at the true bytes there.
            document = open_pdf(
                data, name=name, gaps=tuple(gap for gap in document.gaps if gap in seen.claimed)
            )
            seen = survey(document, allowed=policy.active_content_in_pdf)
    except Rejected as refusal:
        return document, None, list(refusal.findings)
    return document, seen, []


def _reports(fields: Sequence[SignatureField], case: PdfCase) -> list[SignatureReport]:
    stamps = judge_stamps(fields, case)
    by_field = {id(stamp.field): stamp for stamp in stamps}
    signed = any(not field.is_timestamp for field in fields)
    reports = []
    for number, field in enumerate(fields, 1):
        stamp = by_field.get(id(field))
        if stamp is None:
            report = judge_pades(field, case, among=fields, stamps=stamps)
        else:
            # Behind a signature every later version is compared with that signature's already.
            later = None if signed else later_changes(case.versions, field, among=fields)
            changed = [] if later is None or later.allowed else [modified(later, case.document.name)]
            faults = [*unsigned_faults(changed), *_older_than_covered(stamp, stamps, case)]
            report = stamp_report(stamp, faults, intact=not changed)
        # Field names are the file's own choice and may meet; the number keeps the ids apart.
        identifier = f"{case.document.name}#{number} {field.name}".strip()
        reports.append(
            placed_in(case.document.name, replace(report, id=identifier), number=number, field=field.name)
        )
    return reports


def _older_than_covered(stamp: DocumentStamp, stamps: Sequence[DocumentStamp], case: PdfCase) -> list[Fault]:
    under = [other.placed for other in stamps if other.gap.covered <= stamp.gap.start]
    return [
        f
        for f in disorder([*under, stamp.placed], case.policy.clock_skew)
        if f.finding.place == stamp.placed.place
    ]


def _aggregate(
    name: str, reports: Sequence[SignatureReport], own: Sequence[Finding], policy: SignaturePolicy
) -> PdfJudgement:
    counters = weigh(reports, policy)
    signatures = [report for report in reports if report.form != "timestamp"]
    # Nobody signed time-stamps and counter-signatures: what is wrong with one keeps the whole from passing, no more.
    stamps = [report for report in reports if report.form == "timestamp"]
    refused = [*own, *counters.findings, *(finding for report in stamps for finding in report.findings)]
    indication, means = gravest(signatures)
    if indication is Indication.TOTAL_PASSED and (blocking(refused) or not signatures):
        indication, means = Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE
    integrity = worst_integrity(report.integrity for report in signatures)
    if not signatures and any(report.integrity is Integrity.BROKEN for report in stamps):
        integrity = Integrity.BROKEN
    if integrity is Integrity.INTACT and any(f.code is Code.PDF_MODIFIED_AFTER_SIGNING for f in own):
        integrity = Integrity.BROKEN
    trusts = {report.trust for report in (*signatures, *counters.decisive)}
    return PdfJudgement(
        name=name,
        signatures=tuple(reports),
        findings=tuple(
            dict.fromkeys([*own, *(f for report in reports for f in report.findings), *counters.findings])
        ),
        integrity=integrity,
        trust=worst_trust(trusts),
        indication=indication,
        sub_indication=means,
        level=min((r.level for r in signatures), key=_LEVELS.index, default=""),
    )


_LEVELS = ("", "B-B", "B-T", "B-LT", "B-LTA")


def worst_trust(found: Iterable[Trust]) -> Trust:
    """Untrusted before unknown before trusted; unknown of nobody."""
    states = set(found)
    for state in (Trust.UNTRUSTED, Trust.UNKNOWN):
        if state in states:
            return state
    return Trust.TRUSTED if states else Trust.UNKNOWN


def gravest(reports: Iterable[SignatureReport]) -> tuple[Indication, SubIndication | None]:
    """The indication of the worst signature; passed where there is none."""
    judged = list(reports)
    for indication in _GRAVEST:
        for report in judged:
            if report.indication is indication:
                return indication, report.sub_indication
    return Indication.TOTAL_PASSED, None
