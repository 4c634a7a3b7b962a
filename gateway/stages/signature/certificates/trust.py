# SPDX-License-Identifier: EUPL-1.2
"""Does a certificate lead to an anchor the operator named, for this purpose, with nobody on the way revoked?

Pure: all material is handed in, nothing is fetched, no store of the operating system is read, an empty anchor set
accepts nothing. Leaves out the signature itself. ``judge_certificate`` never raises for bad input: whatever foreign
code throws is "not trusted" with a finding.

Steps (EN 319 102-1 clause 5.2.6, for every certificate of the path, not only the first that fails)
1. a path to an anchor, links proven by signatures (``path``)
2. RFC 5280 validation of the path (``path``)
3. validity at the time of proof, the anchor's too
4. usage of the first certificate for the purpose (``usage``)
5. algorithms by the dated table at the time of proof
6. revocation of every certificate below the anchor (``revocation``)
7. what trusted lists say of a signer whose path holds (``qualification``); it never makes a path hold
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.model.signature import CertificateSummary, Revocation, RevokedCertificate, SubIndication, Trust
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.algorithms import check_algorithm
from gateway.stages.signature.certificates.certificate import (
    Certificate,
    contained,
    key_bits,
    read_certificate,
)
from gateway.stages.signature.certificates.instants import Moments
from gateway.stages.signature.certificates.path import path_faults, paths
from gateway.stages.signature.certificates.revocation import (
    RevocationData,
    RevocationJudgement,
    judge_revocation,
)
from gateway.stages.signature.certificates.store import Case, TrustStore
from gateway.stages.signature.certificates.usage import Purpose, usage_faults
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
    crls: Sequence[bytes] = (),
    ocsps: Sequence[bytes] = (),
) -> PathJudgement:
    """Judge at ``moment``; ``existed`` is the time at which a valid time-stamp proves the signature was there.

    ``hints``, ``crls`` and ``ocsps`` came with the signature: they can help to prove something, they prove nothing.
    """
    moments = Moments.of(moment, existed)
    case = Case.of(
        purpose=purpose,
        policy=policy,
        proven=moments.proven,
        certificate=certificate_der,
        hints=hints[:MAX_HINTS],
        crls=crls[:MAX_HINTS],
        ocsps=ocsps[:MAX_HINTS],
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
        code=Code.CERTIFICATE_UNTRUSTED,
        place=leaf.summary.place,
        expected="a path to a trust anchor",
        got=f"issuer {leaf.summary.issuer}",
    )
    return _no_path(leaf, finding)


def _judge_path(
    chain: Sequence[Certificate], case: Case, data: RevocationData, moments: Moments
) -> PathJudgement:
    faults = [
        *_date_faults(chain, moments),
        *(_constraint(f) for f in path_faults(chain, moments.proof.value)),
        *(_constraint(f) for f in usage_faults(chain[0], case.purpose)),
        *_algorithm_faults(chain, case.policy, moments),
    ]
    states: list[Revocation] = []
    revoked: list[RevokedCertificate] = []
    for certificate, issuer in pairwise(chain):
        state = judge_revocation(certificate, issuer, data=data, policy=case.policy, moments=moments)
        states.append(state.status)
        revoked += _revoked(certificate, state)
        means = state.sub_indication or SubIndication.TRY_LATER
        if means is SubIndication.REVOKED_NO_POE and certificate is not chain[0]:
            means = SubIndication.REVOKED_CA_NO_POE
        faults += [Fault(finding=f, means=means) for f in state.findings]
    return replace(_judgement([c.summary for c in chain], _worst(states), faults), revoked=tuple(revoked))


def _revoked(certificate: Certificate, state: RevocationJudgement) -> Iterable[RevokedCertificate]:
    said = state.statement
    if said is not None and said.revoked_at is not None:
        yield RevokedCertificate(
            sha256=certificate.summary.sha256, since=said.revoked_at, reason=said.reason, source=said.source
        )


def _date_faults(chain: Sequence[Certificate], moments: Moments) -> Iterable[Fault]:
    """Step 3. Only a proven time before the certificate's start fails for good (EN 319 102-1 clause 5.5.4)."""
    for certificate in chain:
        life = certificate.summary
        got = moments.proof.value.isoformat()
        if not moments.proof.reaches(life.not_before):
            expected = f"not before {life.not_before.isoformat()}"
            code = Code.CERTIFICATE_NOT_YET_VALID
            failed = moments.proven and certificate is chain[0]
            means = SubIndication.NOT_YET_VALID if failed else SubIndication.OUT_OF_BOUNDS_NO_POE
        elif moments.proof.passes(life.not_after):
            expected = f"not after {life.not_after.isoformat()}"
            code, means = Code.CERTIFICATE_EXPIRED, SubIndication.OUT_OF_BOUNDS_NO_POE
        else:
            continue
        yield Fault(finding=Finding(code=code, place=life.place, expected=expected, got=got), means=means)


def _algorithm_faults(
    chain: Sequence[Certificate], policy: SignaturePolicy, moments: Moments
) -> Iterable[Fault]:
    """Step 5. The anchor's own signature protects nothing: it is trusted because the operator named it."""
    moment = moments.proof.day()
    for certificate, issuer in pairwise(chain):
        scheme, bits = certificate.scheme, key_bits(issuer.key)
        found = [check_algorithm(policy.algorithms, scheme.algorithm, "signature", bits, moment)]
        if scheme.digest:
            found.append(check_algorithm(policy.algorithms, scheme.digest, "digest", 0, moment))
        for finding in found:
            if finding is not None:
                expired = finding.code is Code.SIGNATURE_ALGORITHM_EXPIRED
                yield Fault(
                    finding=replace(finding, place=certificate.summary.place),
                    means=SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
                    if expired
                    else SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
                )


def _constraint(finding: Finding) -> Fault:
    return Fault(finding=finding, means=SubIndication.CHAIN_CONSTRAINTS_FAILURE)


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
