# SPDX-License-Identifier: EUPL-1.2
"""Is a certificate revoked? Three answers: good, revoked, unknown; unknown is never good and never called revoked.

Reads complete CRLs (RFC 5280 clause 6.3) here and OCSP responses through ``ocsp``. Leaves out delta and indirect CRLs
and CRLs for some reasons only: they are named in a finding and prove nothing.

Rules
1. A statement counts only when the certificate's own issuer (name and key) signed it or authorised its signer.
2. "Revoked" is final from whatever authentic statement it comes, fresh or stale. Only a hold can be lifted, and
   the newest statement decides about it (RFC 5280 clause 5.3.1).
3. "Good" needs a statement that was issued by now and still bound at the time of proof: its nextUpdate not passed.
4. "Good" from data issued after the certificate expired counts only where the CA says that it keeps expired ones.
5. With proof of existence before the revocation, a revoked certificate was good (EN 319 102-1 clause 5.5.4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.signature import Revocation, SubIndication
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import Certificate, unknown
from gateway.stages.signature.certificates.crl import Crl
from gateway.stages.signature.certificates.instants import Moments
from gateway.stages.signature.certificates.ocsp import Response
from gateway.stages.signature.certificates.statement import Statement, Unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationData:
    """All CRLs and OCSP responses at hand, those the operator holds first, then those the signature brought."""

    crls: tuple[Crl, ...] = ()
    responses: tuple[Response, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationJudgement:
    """The answer for one certificate, with the reason in findings unless it is good."""

    status: Revocation
    sub_indication: SubIndication | None = None
    statement: Statement | None = None  # the one that says so, where it is revoked
    findings: tuple[Finding, ...] = ()


def judge_revocation(
    certificate: Certificate,
    issuer: Certificate,
    *,
    data: RevocationData,
    policy: SignaturePolicy,
    moments: Moments,
) -> RevocationJudgement:
    """The state of ``certificate`` by every statement at hand. ``issuer`` is its proven issuer on the path."""
    said = [
        *_by_crls(certificate, issuer, data=data, policy=policy, moments=moments),
        *_by_responses(certificate, issuer, data=data, policy=policy, moments=moments),
    ]
    statements = [s for s in said if isinstance(s, Statement)]
    place = certificate.summary.place
    revoked = _final(statements, policy, moments) or _held(statements, policy, moments)
    if revoked is not None:
        return _revoked(revoked, certificate)
    reasons = [s for s in said if isinstance(s, Unusable)]
    for statement in statements:
        doubt = _doubt(statement, certificate, policy=policy, moments=moments)
        if doubt is None:
            return RevocationJudgement(status=Revocation.GOOD)
        reasons.append(doubt)
    return RevocationJudgement(
        status=Revocation.UNKNOWN,
        sub_indication=SubIndication.TRY_LATER,
        findings=(_open_question(reasons, place),),
    )


def _by_crls(
    certificate: Certificate,
    issuer: Certificate,
    *,
    data: RevocationData,
    policy: SignaturePolicy,
    moments: Moments,
) -> Iterable[Statement | Unusable]:
    for crl in data.crls:
        if crl.issuer == certificate.issuer:
            yield crl.about(certificate, issuer, rules=policy.algorithms, moments=moments)


def _by_responses(
    certificate: Certificate,
    issuer: Certificate,
    *,
    data: RevocationData,
    policy: SignaturePolicy,
    moments: Moments,
) -> Iterable[Statement | Unusable]:
    for response in data.responses:
        said = response.about(certificate, issuer, rules=policy.algorithms, moments=moments)
        if said is None:
            continue
        if isinstance(said, Unusable) or said.responder is None:
            yield said
            continue
        # A delegated responder without ocsp-nocheck must itself be good, by CRLs alone: no responder vouches for itself.
        state = judge_revocation(
            said.responder,
            issuer,
            data=RevocationData(crls=data.crls),
            policy=policy,
            moments=moments,
        )
        if state.status is Revocation.GOOD:
            yield said
        else:
            yield Unusable(source="OCSP", reason=f"responder certificate is {state.status}")


def _final(statements: Sequence[Statement], policy: SignaturePolicy, moments: Moments) -> Statement | None:
    """Rule 2, first half: the earliest revocation that counts."""
    found = [s for s in statements if not s.held and _counts(s, policy, moments)]
    return min(found, key=lambda s: s.revoked_at or s.this_update, default=None)


def _held(statements: Sequence[Statement], policy: SignaturePolicy, moments: Moments) -> Statement | None:
    """Rule 2, second half: the newest statement known by now says "on hold"."""
    issued = [s for s in statements if moments.now.reaches(s.this_update - policy.clock_skew)]
    newest = max(issued, key=lambda s: s.this_update, default=None)
    return newest if newest is not None and newest.held and _counts(newest, policy, moments) else None


def _counts(statement: Statement, policy: SignaturePolicy, moments: Moments) -> bool:
    """Rule 5. Without proof of existence, a revocation announced for a little later counts at once."""
    if statement.revoked_at is None:
        return False
    if moments.proof.reaches(statement.revoked_at):
        return True
    return not moments.proven and moments.now.reaches(statement.this_update - policy.clock_skew)


def _doubt(
    statement: Statement, certificate: Certificate, *, policy: SignaturePolicy, moments: Moments
) -> Unusable | None:
    """Why a statement that does not say "revoked" proves nothing here; None when it proves "good" (rules 3 and 4)."""
    source = statement.source
    if not moments.now.reaches(statement.this_update - policy.clock_skew):
        return Unusable(source=source, reason=f"issued only at {statement.this_update.isoformat()}")
    bound = statement.next_update or statement.this_update + policy.max_revocation_age
    if moments.proof.passes(bound):
        return Unusable(source=source, reason=f"outdated since {bound.isoformat()}", stale=True)
    expiry = certificate.summary.not_after
    if statement.this_update > expiry and (
        statement.keeps_expired_from is None or statement.keeps_expired_from > expiry
    ):
        return Unusable(source=source, reason="issued after the certificate expired, which may hide it")
    return None


def _revoked(statement: Statement, certificate: Certificate) -> RevocationJudgement:
    since = statement.revoked_at.isoformat() if statement.revoked_at else ""
    finding = Finding(
        code=Code.CERTIFICATE_REVOKED,
        place=certificate.summary.place,
        expected="not revoked",
        got=f"{statement.reason or 'revoked'} since {since} ({statement.source})",
    )
    return RevocationJudgement(
        status=Revocation.REVOKED,
        sub_indication=SubIndication.TRY_LATER if statement.held else SubIndication.REVOKED_NO_POE,
        statement=statement,
        findings=(finding,),
    )


def _open_question(reasons: Sequence[Unusable], place: str) -> Finding:
    if not reasons:
        got = "no CRL and no OCSP response of its issuer"
        return unknown(Code.REVOCATION_UNKNOWN, place=place, expected="revocation data", got=got)
    stale = [r for r in reasons if r.stale]
    code = Code.REVOCATION_DATA_STALE if stale else Code.REVOCATION_UNKNOWN
    texts = dict.fromkeys(f"{r.source}: {r.reason}" for r in stale or reasons)
    return unknown(code, place=place, expected="current revocation data", got="; ".join(texts))
