# SPDX-License-Identifier: EUPL-1.2
"""Does a certificate lead to an anchor the operator named, for this purpose, with nobody on the way revoked?

Pure: all material is handed in, nothing is fetched, no store of the operating system is read, an empty anchor set
accepts nothing. Leaves out the signature itself. ``judge_certificate`` never raises for bad input: whatever foreign
code throws is "not trusted" with a finding.

Steps (EN 319 102-1 clause 5.2.6, for every certificate of the path, not only the first that fails)
1. a path to an anchor, links proven by signatures (``path``)
2. RFC 5280 validation of the path (``path``)
3. validity at the time of proof, the anchor's too (``chain``)
4. usage of the first certificate for the purpose (``usage``)
5. algorithms by the dated table, when each object is known to have existed (``chain``)
6. revocation of every certificate below the anchor (``revocation``)
7. what trusted lists say of a signer whose path holds (``qualification``); it never makes a path hold
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.model.signature import (
    CertificateSummary,
    Revocation,
    RevocationAnswer,
    RevokedCertificate,
    SubIndication,
    Trust,
)
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import Certificate, contained, read_certificate
from gateway.stages.signature.certificates.chain import chain_faults
from gateway.stages.signature.certificates.instants import NOTHING, Moments
from gateway.stages.signature.certificates.path import paths
from gateway.stages.signature.certificates.revocation import (
    RevocationData,
    RevocationJudgement,
    judge_revocation,
)
from gateway.stages.signature.certificates.store import Case, TrustStore
from gateway.stages.signature.certificates.usage import Purpose
from gateway.stages.signature.faults import Fault, judge_faults
from gateway.stages.signature.judgement import PathJudgement
from gateway.stages.signature.qualified.qualification import qualify

__all__ = ["PathJudgement", "Purpose", "TrustStore", "judge_certificate"]

MAX_HINTS = (
    64  # certificates, CRLs and responses each that a signature may bring along; the rest is not looked at
)


def judge_certificate(
    certificate_der: bytes,
    *,
    store: TrustStore,
    hints: Sequence[bytes],
    policy: SignaturePolicy,
    moment: datetime,
    purpose: Purpose,
    existed: datetime | None = None,
    covered: Mapping[str, datetime] = NOTHING,
    crls: Sequence[bytes] = (),
    ocsps: Sequence[bytes] = (),
) -> PathJudgement:
    """Judge at ``moment``; ``existed`` is the time at which a valid time-stamp proves the signature was there.

    ``covered`` is the time at which one proves that a CRL, OCSP response or CA certificate was there, by the SHA-256 of
    its DER in hex: an archive or document time-stamp over these very bytes.
    ``hints``, ``crls`` and ``ocsps`` came with the signature: they can help to prove something, they prove nothing.
    """
    hints, crls, ocsps = hints[:MAX_HINTS], crls[:MAX_HINTS], ocsps[:MAX_HINTS]
    proven = store.concerned(covered, (certificate_der, *hints, *crls, *ocsps))
    moments = Moments.of(moment, existed, proven)
    case = Case.of(
        purpose=purpose,
        policy=policy,
        proven=moments.proven,
        covered=frozenset(moments.objects),
        certificate=certificate_der,
        hints=hints,
        crls=crls,
        ocsps=ocsps,
    )
    known = store.recall(case, moments)
    if known is not None:
        return known
    try:
        judgement = contained(
            lambda: _judge(case, store, moments), code=Code.VERIFICATION_FAILED, place="certificate"
        )
    except Rejected as refusal:
        faults = [
            Fault(finding=f, means=SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE) for f in refusal.findings
        ]
        return _judgement((), Revocation.UNKNOWN, faults)
    store.remember(case, moments, judgement)
    return judgement


def _judge(case: Case, store: TrustStore, moments: Moments) -> PathJudgement:
    leaf = read_certificate(case.certificate, place="certificate")
    anchors = store.anchors(case.purpose)
    if not anchors:
        finding = Finding(
            code=Code.NO_ANCHORS,
            place=leaf.summary.place,
            expected=f"trust anchors for {case.purpose}",
            got="none",
        )
        return _no_path(leaf, finding)
    pool = (*_readable(case.hints), *store.intermediates)
    data = store.revocation_data(case)
    best: PathJudgement | None = None
    for chain in paths(leaf, pool=pool, anchors=anchors):
        judgement = _judge_path(chain, case, data, moments)
        if judgement.trust is Trust.TRUSTED:
            signer = case.purpose is Purpose.SIGNER
            return replace(judgement, standing=qualify(chain, store.lists, moments)) if signer else judgement
        if best is None or _weight(judgement) < _weight(best):
            best = judgement
    if best is not None:
        return best
    finding = Finding(
        code=Code.TIMESTAMP_UNTRUSTED if case.purpose is Purpose.TSA else Code.CERTIFICATE_UNTRUSTED,
        place=leaf.summary.place,
        expected="a path to a trust anchor",
        got=f"issuer {leaf.summary.issuer}",
    )
    return _no_path(leaf, finding)


def _judge_path(
    chain: Sequence[Certificate], case: Case, data: RevocationData, moments: Moments
) -> PathJudgement:
    faults: list[Fault] = []
    remarks: list[Finding] = []
    states: list[Revocation] = []
    revoked: list[RevokedCertificate] = []
    answers: list[RevocationAnswer] = []
    for certificate, issuer in pairwise(chain):
        state = judge_revocation(certificate, issuer, data=data, policy=case.policy, moments=moments)
        states.append(state.status)
        answers += _answer(certificate, state)
        if state.status is Revocation.GOOD:
            remarks += state.findings
            continue
        revoked += _revoked(certificate, state)
        means = state.sub_indication or SubIndication.TRY_LATER
        if means is SubIndication.REVOKED_NO_POE and certificate is not chain[0]:
            means = SubIndication.REVOKED_CA_NO_POE
        faults += [Fault(finding=f, means=means) for f in state.findings]
    others = chain_faults(chain, states, purpose=case.purpose, policy=case.policy, moments=moments)
    faults = [fault for fault in faults if not _told_by_dates(fault, others)]
    judgement = _judgement([c.summary for c in chain], _worst(states), [*others, *faults])
    return replace(
        judgement,
        revoked=tuple(revoked),
        answers=tuple(answers),
        findings=(*judgement.findings, *remarks),
    )


def _told_by_dates(fault: Fault, others: Sequence[Fault]) -> bool:
    """That lists forget an expired certificate follows from what is said already: it has expired."""
    return fault.finding.code is Code.REVOCATION_AFTER_EXPIRY and any(
        other.finding.code is Code.CERTIFICATE_EXPIRED and other.finding.place == fault.finding.place
        for other in others
    )


def _answer(certificate: Certificate, state: RevocationJudgement) -> Iterable[RevocationAnswer]:
    said = state.statement
    if said is not None:
        yield RevocationAnswer(
            certificate=certificate.summary.sha256,
            status=state.status,
            source=said.source,
            sha256=said.sha256,
            issued=said.made_at,
            next_update=said.next_update,
        )


def _revoked(certificate: Certificate, state: RevocationJudgement) -> Iterable[RevokedCertificate]:
    said = state.statement
    if said is not None and said.revoked_at is not None:
        yield RevokedCertificate(
            sha256=certificate.summary.sha256, since=said.revoked_at, reason=said.reason, source=said.source
        )


def _no_path(leaf: Certificate, finding: Finding) -> PathJudgement:
    fault = Fault(finding=finding, means=SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
    return _judgement([leaf.summary], Revocation.UNKNOWN, [fault])


def _judgement(
    chain: Sequence[CertificateSummary], revocation: Revocation, faults: Sequence[Fault]
) -> PathJudgement:
    indication, means = judge_faults(faults)
    wrong = any(f.finding.severity is Severity.ERROR for f in faults)
    trust = Trust.UNTRUSTED if wrong else Trust.UNKNOWN if faults else Trust.TRUSTED
    return PathJudgement(
        trust=trust,
        revocation=revocation,
        indication=indication,
        sub_indication=means,
        chain=tuple(chain),
        findings=tuple(dict.fromkeys(f.finding for f in faults)),
    )


def _worst(states: Sequence[Revocation]) -> Revocation:
    # A path of the anchor alone has nobody who could have been revoked: the operator takes an anchor away himself.
    for state in (Revocation.REVOKED, Revocation.UNKNOWN):
        if state in states:
            return state
    return Revocation.GOOD


def _weight(judgement: PathJudgement) -> tuple[int, int]:
    errors = sum(f.severity is Severity.ERROR for f in judgement.findings)
    return errors, len(judgement.findings)


def _readable(ders: Iterable[bytes]) -> list[Certificate]:
    found = []
    for der in ders:
        try:
            found.append(read_certificate(der))
        except Rejected:
            continue  # a hint nobody can read helps nobody; if it was needed, the path will be missing
    return found
