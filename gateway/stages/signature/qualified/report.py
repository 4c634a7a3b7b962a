# SPDX-License-Identifier: EUPL-1.2
"""What trusted lists say of a signer, in the report on the signature: a status, and findings that weigh as policy says.

Qualified is the signature, not only its certificate: one that did not pass has no status, whoever made it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.signature import Indication, Qualification, QualifiedStatus, SignatureReport
from gateway.stages.signature.faults import faults_of, judge_faults
from gateway.stages.signature.judgement import PathJudgement, Standing

_FULL = {QualifiedStatus.QESIG, QualifiedStatus.QESEAL}
_NOT_VALID = "signature-not-valid"
_AT_ISSUANCE = "-at-issuance"
_WORDS = {
    "certificate-unreadable": "the statements of the certificate cannot be read",
    "entries-contradict": "entries of the list contradict each other",
    "entry-not-understood": "the entry of the list is not understood",
    "for-websites": "the certificate is for websites",
    "issuer-not-listed": "no service on the lists issued the certificate",
    "law-of-another-state": "qualified under the law of another state",
    "legal-person-before-eidas": "for legal persons, of the kind before 2016",
    "list-says-not-qualified": "the list says that the certificate is not qualified",
    "no-qualified-device": "the key is not in a qualified device",
    "no-qualified-statement": "the certificate does not say that it is qualified",
    "not-granted": "the service had no qualified status",
    "not-listed": "the service was not listed yet",
    "use-ambiguous": "the certificate is for more than one use",
    "use-changed-since-issuance": "the certificate was issued for another use",
    "use-not-listed": "the service is not listed for this use",
}


def with_qualification(
    report: SignatureReport, path: PathJudgement | None, *, required: bool, moment: datetime
) -> SignatureReport:
    """The report with its status. ``required``: less than a qualified signature or seal is refused."""
    standing = path.standing if path else None
    at = report.best_signature_time or moment
    if report.indication is not Indication.TOTAL_PASSED:
        return unproven(replace(report, qualification=_qualification(standing, at)))
    findings = tuple(_findings(standing, report.place, required=required))
    faults = faults_of(findings)
    indication, sub_indication = (
        judge_faults(faults) if faults else (report.indication, report.sub_indication)
    )
    return replace(
        report,
        indication=indication,
        sub_indication=sub_indication,
        qualification=_qualification(standing, at),
        findings=tuple(dict.fromkeys((*report.findings, *findings))),
    )


def unproven(report: SignatureReport) -> SignatureReport:
    """A report on a signature that did not pass: nothing is said about how qualified it would be."""
    if report.qualification is None:
        return report
    nothing = Qualification(status=QualifiedStatus.UNKNOWN, at=report.qualification.at, reasons=(_NOT_VALID,))
    return replace(report, qualification=nothing)


def _qualification(standing: Standing | None, at: datetime) -> Qualification | None:
    if standing is None:
        return None
    edition = standing.edition
    return Qualification(
        status=standing.status,
        at=at,
        territory=edition.territory if edition else "",
        provider=standing.provider,
        service=standing.service,
        list_sequence=edition.sequence if edition else None,
        list_issued=edition.issued if edition else None,
        list_next_update=edition.next_update if edition else None,
        reasons=standing.reasons,
    )


def _findings(standing: Standing | None, place: str, *, required: bool) -> Iterable[Finding]:
    if standing is None:
        if required:
            expected = "trusted lists, because qualified signatures are asked for"
            yield Finding(
                code=Code.TRUSTED_LIST_INVALID, severity=Severity.UNKNOWN, expected=expected, got="none"
            )
        return
    unknown = standing.status is QualifiedStatus.UNKNOWN
    for finding in standing.findings:
        yield replace(finding, severity=Severity.UNKNOWN) if required else finding
    if standing.status in _FULL or (unknown and standing.findings):
        return
    refused = Severity.UNKNOWN if unknown else Severity.ERROR
    yield Finding(
        code=Code.NOT_QUALIFIED,
        severity=refused if required else Severity.INFO,
        place=place,
        expected="a qualified signature or a qualified seal",
        got="; ".join(map(_words, standing.reasons)),
    )


def _words(reason: str) -> str:
    if reason.endswith(_AT_ISSUANCE):
        return f"{_WORDS[reason.removesuffix(_AT_ISSUANCE)]} (when it was issued)"
    return _WORDS[reason]
