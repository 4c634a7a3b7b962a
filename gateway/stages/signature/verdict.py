# SPDX-License-Identifier: EUPL-1.2
"""All signatures of a container together: one report.

Leaves out the door to ``Verified`` (``door``). A container passes when every required signature passes and each of
them covers every payload entry. ``judge_signatures`` never raises for bad input: an exception inside is a finding and
an INDETERMINATE signature.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from gateway.codes import Code
from gateway.errors import AmtsboteError, Rejected
from gateway.findings import Finding, blocking
from gateway.model.bundle import Digested
from gateway.model.signature import (
    ContainerState,
    DocumentReport,
    Indication,
    Integrity,
    SignatureReport,
    SubIndication,
    Trust,
    VerificationReport,
)
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.container import judge_cades_file
from gateway.stages.signature.consequences import causes_only
from gateway.stages.signature.countersigned import counter_signatures, weigh
from gateway.stages.signature.coverage import Contents, covered_by
from gateway.stages.signature.faults import (
    breaks_integrity,
    faults_of,
    judge_faults,
    set_aside,
    worst_integrity,
)
from gateway.stages.signature.media_types import check_media_types
from gateway.stages.signature.reading import Signatures, failure
from gateway.stages.signature.rereading import ReadEntry
from gateway.stages.signature.situation import Situation
from gateway.stages.signature.xades.verdict import judge_xades

_TRUST_ORDER = (Trust.UNTRUSTED, Trust.UNKNOWN)
_LEVELS = ("", "B-B", "B-T", "B-LT", "B-LTA")


def judge_signatures(
    signatures: Signatures,
    digested: Digested,
    *,
    trust: TrustStore,
    policy: SignaturePolicy,
    moment: datetime,
    read: ReadEntry | None = None,
) -> VerificationReport:
    """The judgement on every signature and on the container as a whole.

    ``read`` streams an entry once more, for archive time-stamps, which stamp all signed bytes again; without it they
    are named and nothing rests on them.
    """
    situation = Situation(contents=Contents.of(digested, read), store=trust, policy=policy, moment=moment)
    jobs = [
        *((signature.place, partial(judge_xades, signature, situation)) for signature in signatures.xades),
        *((file.place, partial(judge_cades_file, file, situation)) for file in signatures.cades),
    ]
    reports = _distinct_ids([_contained(judge, place) for place, judge in jobs])
    return _aggregate(signatures, digested, tuple(reports), situation)


def _contained(judge: Callable[[], SignatureReport], place: str) -> SignatureReport:
    try:
        return judge()
    except Rejected as rejected:
        return _failed(place, rejected.findings)
    except AmtsboteError:
        raise  # our side is at fault: that is no statement about the signature
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in judging, the answer is "not valid"
        return _failed(place, (failure(place, error),))


def _failed(place: str, findings: tuple[Finding, ...]) -> SignatureReport:
    return SignatureReport(
        id="",
        place=place,
        form="",
        sub_indication=SubIndication.POLICY_PROCESSING_ERROR,
        findings=findings,
    )


def _distinct_ids(reports: Sequence[SignatureReport]) -> list[SignatureReport]:
    """Ids are unique in a file, not in a container; where two meet, or one is missing, the file's name is added."""
    ids = [report.id for report in reports]
    result: list[SignatureReport] = []
    for number, report in enumerate(reports, 1):
        if report.id and ids.count(report.id) == 1:
            result.append(report)
        else:
            taken = {other.id for other in result}
            name = f"{report.place}#{report.id}" if report.id else report.place
            result.append(replace(report, id=name if name not in taken else f"{name}#{number}"))
    return result


def _aggregate(
    signatures: Signatures,
    digested: Digested,
    reports: tuple[SignatureReport, ...],
    situation: Situation,
) -> VerificationReport:
    container = [*digested.opened.findings, *digested.findings, *signatures.findings]
    container += check_media_types(signatures.xades, digested.opened.media_types)
    if not reports:
        container.append(
            Finding(
                code=Code.SIGNATURE_MISSING, place="META-INF", expected="at least one signature", got="none"
            )
        )
    decisive = _decisive(reports, situation.policy)
    # manifest.xml is a table of contents that nobody signs: what signatures say of the same file comes first.
    listed = [finding for finding in container if finding.code is Code.MANIFEST_MISMATCH]
    findings = [finding for finding in container if finding.code is not Code.MANIFEST_MISMATCH]
    counters = weigh(decisive, situation.policy)
    for report in reports:
        findings += report.findings if report in decisive else set_aside(_all_findings(report))
    findings += [*counters.findings, *causes_only(listed, findings)]
    integrity = _integrity(reports, digested, container)
    indication, sub_indication = _indication(decisive, container)
    if indication is Indication.TOTAL_PASSED and (blocking(findings) or integrity is not Integrity.INTACT):
        indication, sub_indication = Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE
    return VerificationReport(
        container=_container_state(digested),
        integrity=integrity,
        trust=_trust((*decisive, *counters.decisive)),
        indication=indication,
        sub_indication=sub_indication,
        level=min((report.level for report in decisive), key=_LEVELS.index, default=""),
        moment=situation.moment,
        signatures=reports,
        documents=_documents(reports, digested),
        findings=tuple(dict.fromkeys(findings)),
    )


def _all_findings(report: SignatureReport) -> list[Finding]:
    return [finding for every in (report, *counter_signatures([report])) for finding in every.findings]


def _container_state(digested: Digested) -> ContainerState:
    faults = blocking((*digested.opened.findings, *digested.findings))
    return ContainerState.REFUSED if faults else ContainerState.OK


def _decisive(reports: tuple[SignatureReport, ...], policy: SignaturePolicy) -> tuple[SignatureReport, ...]:
    """The signatures the verdict rests on: all of them, or where policy allows it, those that passed."""
    passed = tuple(report for report in reports if report.indication is Indication.TOTAL_PASSED)
    return passed if passed and not policy.require_all_signatures else reports


def _integrity(
    reports: tuple[SignatureReport, ...], digested: Digested, container: Iterable[Finding]
) -> Integrity:
    if not reports:
        codes = {finding.code for finding in container}
        other = {Code.EVIDENCE_RECORD_UNCHECKED, Code.SIGNATURE_FORM_NOT_SUPPORTED}
        return Integrity.UNCHECKED if codes & other else Integrity.UNSIGNED
    covered = {name for report in reports for name in report.covers}
    complete = all(entry.name in covered for entry in digested.opened.payload)
    state = worst_integrity(report.integrity for report in reports)
    if state is Integrity.INTACT and not complete:
        return Integrity.BROKEN
    return Integrity.BROKEN if breaks_integrity(container) or blocking(digested.findings) else state


def _indication(
    reports: tuple[SignatureReport, ...], container: Sequence[Finding]
) -> tuple[Indication, SubIndication | None]:
    indication, sub_indication = judge_faults(faults_of(container))
    for wanted in (Indication.TOTAL_FAILED, Indication.INDETERMINATE):
        if indication is wanted:
            return indication, sub_indication
        for report in reports:
            if report.indication is wanted:
                return report.indication, report.sub_indication
    return (Indication.TOTAL_PASSED, None) if reports else (Indication.INDETERMINATE, None)


def _trust(reports: tuple[SignatureReport, ...]) -> Trust:
    found = {report.trust for report in reports}
    return next(
        (trust for trust in _TRUST_ORDER if trust in found), Trust.TRUSTED if found else Trust.UNKNOWN
    )


def _documents(reports: tuple[SignatureReport, ...], digested: Digested) -> tuple[DocumentReport, ...]:
    payload = digested.opened.payload
    intact = {report.id: report.covers for report in reports if report.integrity is Integrity.INTACT}
    scopes = covered_by([entry.name for entry in payload], intact)
    return tuple(
        DocumentReport(
            name=entry.name,
            size=entry.size,
            sha256=digested.digests.get(entry.name, {}).get("sha256", b"").hex(),
            covered_by=scopes[entry.name],
        )
        for entry in payload
    )
