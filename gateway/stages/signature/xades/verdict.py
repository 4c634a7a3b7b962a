# SPDX-License-Identifier: EUPL-1.2
"""One XAdES signature, judged to the end: EN 319 102-1 clause 5.3 (basic) and 5.5 (with time).

Steps; each adds what it finds, none stops the others
1. the signer's certificate and the value (``xades.signer``)
2. every reference against the entry it means (``coverage``)
3. the signed properties: signing time, media types
4. time-stamps: the best signature time (``xades.stamps``)
5. algorithms at that time (``algorithms``)
6. the signer's path at that time (``trust``), and how qualified it is (``qualified.report``)
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.codes import Code
from gateway.findings import Finding, Severity, blocking
from gateway.model.signature import Indication, Integrity, Revocation, SignatureReport, SubIndication, Trust
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.algorithms import DIGEST, SIGNATURE, check_algorithm
from gateway.stages.signature.certificates.certificate import Certificate, key_bits
from gateway.stages.signature.certificates.trust import Purpose, judge_certificate
from gateway.stages.signature.coverage import Coverage, DataReference, check_references
from gateway.stages.signature.faults import Fault, breaks_integrity, faults_of, judge_faults
from gateway.stages.signature.identity import signature_value
from gateway.stages.signature.judgement import PathJudgement
from gateway.stages.signature.qualified.report import with_qualification
from gateway.stages.signature.situation import Situation
from gateway.stages.signature.xades.reading import UnreadSignature, XadesSignature
from gateway.stages.signature.xades.signer import SignerCheck, check_signer
from gateway.stages.signature.xades.stamps import TimeProof, judge_stamps

FORM = "XAdES"
_BASELINE = {Code.SIGNATURE_PROPERTIES, Code.SIGNER_BINDING}


def unread_report(signature: UnreadSignature) -> SignatureReport:
    """A signature without a reading: what is wrong with it, and nothing else claimed."""
    indication, sub_indication = judge_faults(faults_of(signature.findings))
    return SignatureReport(
        id=signature.id,
        place=signature.place,
        form=FORM,
        level="",
        indication=Indication.INDETERMINATE if indication is Indication.TOTAL_PASSED else indication,
        sub_indication=sub_indication,
        integrity=Integrity.BROKEN if breaks_integrity(signature.findings) else Integrity.UNCHECKED,
        trust=Trust.UNKNOWN,
        revocation=Revocation.UNKNOWN,
        signer=None,
        findings=signature.findings,
    )


def judge_xades(signature: XadesSignature, situation: Situation) -> SignatureReport:
    """The judgement on one signature. May raise only for faults of ours; the caller contains that."""
    signer = check_signer(signature)
    coverage = check_references(
        _data_references(signature), situation.contents, place=signature.where, policy=situation.policy
    )
    proof = judge_stamps(signature, situation)
    path = _path(signature, signer.certificate, proof, situation)
    sealed = [
        *signature.findings,
        *(signature.signed.findings if signature.signed else ()),
        *signer.findings,
        *(fault.finding for fault in coverage.faults),
    ]
    findings = [*sealed, *_rule_findings(signature, signer.certificate, proof, situation)]
    integrity = _integrity(signer, sealed)
    faults = [*faults_of(_without(findings, coverage)), *coverage.faults, *_path_faults(path)]
    findings += path.findings if path else ()
    indication, sub_indication = judge_faults(faults)
    if indication is Indication.TOTAL_PASSED and not _complete(integrity, path, findings):
        indication, sub_indication = Indication.INDETERMINATE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    report = SignatureReport(
        id=signature.id,
        place=signature.place,
        form=FORM,
        level=_level(signature, proof, findings),
        indication=indication,
        sub_indication=sub_indication,
        integrity=integrity,
        trust=path.trust if path else Trust.UNKNOWN,
        revocation=path.revocation if path else Revocation.UNKNOWN,
        signer=signer.certificate.summary if signer.certificate else None,
        chain=path.chain if path else (),
        claimed_signing_time=signature.signed.signing_time if signature.signed else None,
        best_signature_time=proof.best,
        covers=coverage.covers,
        value=signature_value(
            signature.method.algorithm,
            signature.method.digest,
            signed=signature.signed_info,
            value=signature.value,
        ),
        revoked=path.revoked if path else (),
        stamps=proof.stamps,
        findings=tuple(dict.fromkeys(findings)),
    )
    required = situation.policy.require_qualified
    return with_qualification(report, path, required=required, moment=situation.moment)


def _rule_findings(
    signature: XadesSignature, certificate: Certificate | None, proof: TimeProof, situation: Situation
) -> list[Finding]:
    """Rules about a signature that may be intact all the same."""
    place = signature.where
    proven = proof.best or situation.moment
    return [
        *_signing_time_findings(signature, certificate, situation, place),
        *proof.findings,
        *_algorithm_findings(signature, certificate, situation.policy, proven, place),
        *_counter_signature_findings(signature, place),
    ]


def _path_faults(path: PathJudgement | None) -> list[Fault]:
    if path is None or path.indication is Indication.TOTAL_PASSED:
        return []
    means = path.sub_indication or SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
    return [Fault(finding=finding, means=means) for finding in path.findings]


def _data_references(signature: XadesSignature) -> list[DataReference]:
    return [
        DataReference(
            uri=reference.uri, digest=reference.digest, value=reference.value, place=signature.place
        )
        for reference in signature.references
        if not reference.same_document
    ]


def _without(findings: Sequence[Finding], coverage: Coverage) -> list[Finding]:
    """Coverage faults carry their own meaning; the table of codes must not give them a second one."""
    own = {fault.finding for fault in coverage.faults}
    return [finding for finding in findings if finding not in own]


def _integrity(signer: SignerCheck, findings: Sequence[Finding]) -> Integrity:
    if breaks_integrity(findings):
        return Integrity.BROKEN
    return Integrity.INTACT if signer.value_checked else Integrity.UNCHECKED


def _complete(integrity: Integrity, path: PathJudgement | None, findings: Sequence[Finding]) -> bool:
    """Everything positive that a pass needs, asked once more without looking at the faults: fail closed on nothing."""
    return (
        integrity is Integrity.INTACT
        and path is not None
        and path.indication is Indication.TOTAL_PASSED
        and path.trust is Trust.TRUSTED
        and path.revocation is Revocation.GOOD
        and not blocking(findings)
    )


def _path(
    signature: XadesSignature,
    certificate: Certificate | None,
    proof: TimeProof,
    situation: Situation,
) -> PathJudgement | None:
    if certificate is None:
        return None
    return judge_certificate(
        certificate.der,
        store=situation.store,
        hints=(*signature.certificates, *signature.unsigned.certificates),
        policy=situation.policy,
        moment=situation.moment,
        purpose=Purpose.SIGNER,
        existed=proof.best,
        crls=signature.unsigned.crls,
        ocsps=signature.unsigned.ocsps,
    )


def _signing_time_findings(
    signature: XadesSignature,
    certificate: Certificate | None,
    situation: Situation,
    place: str,
) -> list[Finding]:
    claimed = signature.signed.signing_time if signature.signed else None
    if claimed is None:
        return []
    skew = situation.policy.clock_skew
    expected = ""
    if claimed > situation.moment + skew:
        expected = f"not after {situation.moment.isoformat()}"
    elif certificate is not None and not (
        certificate.summary.not_before - skew <= claimed <= certificate.summary.not_after
    ):
        life = certificate.summary
        expected = f"within the certificate's {life.not_before.isoformat()} to {life.not_after.isoformat()}"
    if not expected:
        return []
    return [
        Finding(
            code=Code.SIGNATURE_PROPERTIES,
            place=f"{place}, SigningTime",
            expected=expected,
            got=claimed.isoformat(),
        )
    ]


def _algorithm_findings(
    signature: XadesSignature,
    certificate: Certificate | None,
    policy: SignaturePolicy,
    proven: datetime,
    place: str,
) -> list[Finding]:
    digests = {reference.digest for reference in signature.references}
    if signature.method.digest:
        digests.add(signature.method.digest)
    rules = policy.algorithms
    found = [check_algorithm(rules, name, DIGEST, 0, proven, place=place) for name in sorted(digests)]
    if certificate is not None:
        bits = key_bits(certificate.key)
        found.append(check_algorithm(rules, signature.method.algorithm, SIGNATURE, bits, proven, place=place))
    return [finding for finding in found if finding is not None]


def _counter_signature_findings(signature: XadesSignature, place: str) -> list[Finding]:
    if not signature.unsigned.counter_signatures:
        return []
    return [
        Finding(
            code=Code.SIGNATURE_COUNTERSIGNED,
            severity=Severity.WARNING,
            place=place,
            got=f"{signature.unsigned.counter_signatures} counter-signatures, not judged and not relied on",
        )
    ]


def _level(signature: XadesSignature, proof: TimeProof, findings: Sequence[Finding]) -> str:
    """The highest baseline level whose every part is there and was checked (EN 319 132-1 clause 6)."""
    if signature.signed is None or any(f.code in _BASELINE for f in blocking(findings)):
        return ""
    if not proof.stamped:
        return "B-B"
    if not signature.unsigned.has_validation_data:
        return "B-T"
    return "B-LTA" if proof.archived else "B-LT"
