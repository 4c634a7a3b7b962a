# SPDX-License-Identifier: EUPL-1.2
"""One XAdES signature, judged to the end: EN 319 102-1 clause 5.3 (basic) and 5.5 (with time).

Steps; each adds what it finds, none stops the others
1. the signer's certificate and the value (``xades.signer``)
2. every reference against the entry it means (``coverage``)
3. the signed properties: signing time, media types
4. time-stamps: the best signature time (``xades.stamps``)
5. algorithms at that time (``algorithms``)
6. the signer's path at that time (``trust``); all of it together is ``conclusion``'s
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.codes import Code
from gateway.findings import Finding, Severity, blocking
from gateway.model.signature import Indication, Integrity, SignatureReport, SignatureValue
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.algorithms import DIGEST, SIGNATURE, check_algorithm
from gateway.stages.signature.certificates.certificate import Certificate, key_bits
from gateway.stages.signature.certificates.trust import Purpose, judge_certificate
from gateway.stages.signature.conclusion import Evidence, conclude
from gateway.stages.signature.coverage import DataReference, check_references
from gateway.stages.signature.faults import breaks_integrity, faults_of, judge_faults
from gateway.stages.signature.identity import signature_value
from gateway.stages.signature.judgement import PathJudgement
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
        indication=Indication.INDETERMINATE if indication is Indication.TOTAL_PASSED else indication,
        sub_indication=sub_indication,
        integrity=Integrity.BROKEN if breaks_integrity(signature.findings) else Integrity.UNCHECKED,
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
    evidence = Evidence(
        integrity=_integrity(signer, sealed),
        certificate=signer.certificate,
        path=path,
        findings=[*sealed, *_rule_findings(signature, signer.certificate, proof, situation)],
        faults=coverage.faults,
    )
    report = SignatureReport(
        id=signature.id,
        place=signature.place,
        form=FORM,
        level=_level(signature, proof, evidence.findings),
        claimed_signing_time=signature.signed.signing_time if signature.signed else None,
        best_signature_time=proof.best,
        covers=coverage.covers,
        value=_value(signature),
        stamps=proof.stamps,
    )
    required = situation.policy.require_qualified
    return conclude(report, evidence, require_qualified=required, moment=situation.moment)


def _value(signature: XadesSignature) -> SignatureValue | None:
    method = signature.method
    return signature_value(
        method.algorithm, method.digest, signed=signature.signed_info, value=signature.value
    )


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


def _data_references(signature: XadesSignature) -> list[DataReference]:
    return [
        DataReference(
            uri=reference.uri, digest=reference.digest, value=reference.value, place=signature.place
        )
        for reference in signature.references
        if not reference.same_document
    ]


def _integrity(signer: SignerCheck, findings: Sequence[Finding]) -> Integrity:
    if breaks_integrity(findings):
        return Integrity.BROKEN
    return Integrity.INTACT if signer.value_checked else Integrity.UNCHECKED


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
