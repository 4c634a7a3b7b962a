# SPDX-License-Identifier: EUPL-1.2
"""A CMS signature inside a container: its judgement joined with what its ASiCManifest says about the files.

EN 319 162-1 clauses 4.3.3 and 4.4.3. The CMS itself is ``cms.cades``'s, the digests of entries are ``coverage``'s.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import new as new_digest

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.signature import Integrity, SignatureReport
from gateway.stages.signature.algorithms import DIGEST, check_algorithm
from gateway.stages.signature.cms.cades import judge_cades
from gateway.stages.signature.coverage import Contents, check_references
from gateway.stages.signature.faults import Fault, breaks_integrity, faults_of, judge_faults
from gateway.stages.signature.qualified.report import unproven
from gateway.stages.signature.reading import CadesFile
from gateway.stages.signature.situation import Situation


def judge_cades_file(file: CadesFile, situation: Situation) -> SignatureReport:
    """The CMS over the manifest's bytes, and the manifest's digests over the entries."""
    report = judge_cades(
        file.data,
        place=file.place,
        content_digest=lambda algorithm: _content_digest(file, situation.contents, algorithm),
        store=situation.store,
        policy=situation.policy,
        moment=situation.moment,
    )
    if file.manifest is None:
        covers = (file.content,) if file.content and report.integrity is Integrity.INTACT else ()
        return _with(replace(report, covers=covers), faults_of(file.findings), file.findings)
    coverage = check_references(
        file.manifest.references, situation.contents, place=file.place, policy=situation.policy
    )
    proven = report.best_signature_time or situation.moment
    weak = [
        check_algorithm(situation.policy.algorithms, name, DIGEST, 0, proven, place=file.manifest.place)
        for name in sorted({reference.digest for reference in file.manifest.references})
    ]
    findings = [
        *file.findings,
        *(fault.finding for fault in coverage.faults),
        *(finding for finding in weak if finding is not None),
    ]
    own = {fault.finding for fault in coverage.faults}
    faults = [*coverage.faults, *faults_of(finding for finding in findings if finding not in own)]
    return _with(replace(report, covers=coverage.covers), faults, findings)


def _content_digest(file: CadesFile, contents: Contents, algorithm: str) -> bytes:
    if file.manifest is not None:
        return new_digest(algorithm, file.manifest.data).digest()
    digest = contents.digest(file.content, algorithm) if file.content else None
    if digest is None:
        raise Rejected(
            [Finding(code=Code.SIGNATURE_REFERENCE, place=file.place, expected="signed content", got="none")]
        )
    return digest


def _with(report: SignatureReport, faults: Sequence[Fault], findings: Sequence[Finding]) -> SignatureReport:
    """A report with more faults: the gravest of both speaks."""
    if not findings:
        return report
    indication, sub_indication = report.indication, report.sub_indication
    if faults:
        known = [Fault(finding=f, means=report.sub_indication) for f in findings if report.sub_indication]
        indication, sub_indication = judge_faults([*faults, *known])
    return replace(
        unproven(report) if faults else report,
        indication=indication,
        sub_indication=sub_indication,
        integrity=Integrity.BROKEN if breaks_integrity(findings) else report.integrity,
        findings=tuple(dict.fromkeys((*report.findings, *findings))),
    )
