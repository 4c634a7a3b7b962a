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
from dataclasses import replace
from datetime import datetime

from gateway.codes import Code
from gateway.findings import Finding, blocking
from gateway.model.signature import Integrity, SignatureReport, SignatureValue, StampKind
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.algorithms import DIGEST, check_algorithm
from gateway.stages.signature.certificates.certificate import Certificate
from gateway.stages.signature.certificates.strength import check_key
from gateway.stages.signature.certificates.trust import Purpose, judge_certificate
from gateway.stages.signature.conclusion import Evidence, conclude, unread
from gateway.stages.signature.coverage import Coverage, DataReference, check_references
from gateway.stages.signature.enclosed import carries
from gateway.stages.signature.faults import breaks_integrity
from gateway.stages.signature.identity import signature_value
from gateway.stages.signature.judgement import PathJudgement
from gateway.stages.signature.signing_time import signing_time_findings
from gateway.stages.signature.situation import Situation
from gateway.stages.signature.time_proof import TimeProof
from gateway.stages.signature.xades.reading import UnreadSignature, XadesSignature
from gateway.stages.signature.xades.signer import SignerCheck, check_signer
from gateway.stages.signature.xades.stamps import NOT_INSIDE, Around, Stamping, judge_stamps

FORM = "XAdES"
_BASELINE = {Code.SIGNATURE_PROPERTIES, Code.SIGNER_BINDING}


def judge_xades(
    signature: XadesSignature | UnreadSignature, situation: Situation, around: Around = NOT_INSIDE
) -> SignatureReport:
    """The judgement on one signature and on those that countersign it. ``around``: where it does so itself.

    May raise only for faults of ours; the caller contains that.
    """
    if isinstance(signature, UnreadSignature):
        return unread(signature.id, place=signature.place, form=FORM, findings=signature.findings)
    stamping = judge_stamps(signature, situation, around)
    report = _judge(signature, situation, stamping)
    if not signature.counter_signatures:
        return report
    over = (
        judge_xades(counter, situation, _around(counter, stamping))
        for counter in signature.counter_signatures
    )
    return replace(report, counter_signatures=tuple(over))


def _around(counter: XadesSignature | UnreadSignature, stamping: Stamping) -> Around:
    return NOT_INSIDE if isinstance(counter, UnreadSignature) else stamping.around(counter)


def _judge(signature: XadesSignature, situation: Situation, stamping: Stamping) -> SignatureReport:
    signer = check_signer(signature)
    coverage = _coverage(signature, situation)
    proof = stamping.proof
    path = _path(signature, signer.certificate, stamping, situation)
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
        faults=[*coverage.faults, *proof.faults],
        begun=proof.begun,
    )
    carried = _carried(signature, signer.certificate, stamping, situation)
    report = SignatureReport(
        id=signature.id,
        place=signature.place,
        form=FORM,
        level=_level(signature, proof, evidence.findings, carried=carried),
        claimed_signing_time=signature.signed.signing_time if signature.signed else None,
        best_signature_time=proof.best,
        covers=coverage.covers,
        value=_value(signature),
        stamps=proof.reports,
    )
    # Of those who countersign nobody asks for more than a valid signature.
    required = situation.policy.require_qualified and not signature.countersigns
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
    place, best = signature.where, proof.best
    claimed = signature.signed.signing_time if signature.signed else None
    found: list[Finding] = []
    if claimed is not None:
        found += signing_time_findings(
            claimed,
            best=best,
            signer=certificate.summary if certificate else None,
            moment=situation.moment,
            skew=situation.policy.clock_skew,
            place=f"{place}, SigningTime",
        )
    proven = best or situation.moment
    weak = _algorithm_findings(signature, certificate, situation.policy, proven, place)
    return [*found, *proof.findings, *weak]


def _coverage(signature: XadesSignature, situation: Situation) -> Coverage:
    """A counter-signature covers no file, so it leaves none out either."""
    if signature.countersigns:
        return Coverage(covers=(), faults=())
    references = [
        DataReference(
            uri=reference.uri, digest=reference.digest, value=reference.value, place=signature.place
        )
        for reference in signature.references
        if not reference.same_document
    ]
    return check_references(references, situation.contents, place=signature.where, policy=situation.policy)


def _integrity(signer: SignerCheck, findings: Sequence[Finding]) -> Integrity:
    if breaks_integrity(findings):
        return Integrity.BROKEN
    return Integrity.INTACT if signer.value_checked else Integrity.UNCHECKED


def _path(
    signature: XadesSignature,
    certificate: Certificate | None,
    stamping: Stamping,
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
        existed=stamping.proof.best,
        covered=stamping.covered,
        crls=signature.unsigned.crls,
        ocsps=signature.unsigned.ocsps,
    )


def _carried(
    signature: XadesSignature, certificate: Certificate | None, stamping: Stamping, situation: Situation
) -> bool:
    return carries(
        (*signature.unsigned.crls, *signature.unsigned.ocsps),
        lambda store: _path(signature, certificate, stamping, replace(situation, store=store)),
        situation.store,
    )


def _algorithm_findings(
    signature: XadesSignature,
    certificate: Certificate | None,
    policy: SignaturePolicy,
    proven: datetime,
    place: str,
) -> list[Finding]:
    digests = {reference.digest for reference in signature.references}
    if certificate is not None and signature.signed is not None:
        bound = (b for b in signature.signed.certificates if b.names(certificate.der))
        digests |= {reference.digest for reference in bound}
    if signature.method.digest:
        digests.add(signature.method.digest)
    rules = policy.algorithms
    found = [check_algorithm(rules, name, DIGEST, 0, proven, place=place) for name in sorted(digests)]
    if certificate is not None:
        found.append(check_key(rules, signature.method.algorithm, certificate.key, proven, place=place))
    return [finding for finding in found if finding is not None]


def _level(signature: XadesSignature, proof: TimeProof, findings: Sequence[Finding], *, carried: bool) -> str:
    """The highest baseline level whose every part is there and holds (EN 319 132-1 clause 6)."""
    if signature.signed is None or any(f.code in _BASELINE for f in blocking(findings)):
        return ""
    if not proof.proves(StampKind.SIGNATURE):
        return "B-B"
    if not carried:
        return "B-T"
    return "B-LTA" if proof.proves(StampKind.ARCHIVE) else "B-LT"
