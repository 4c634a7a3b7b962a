# SPDX-License-Identifier: EUPL-1.2
"""Is a certificate revoked? Three answers: good, revoked, unknown; unknown is never good and never called revoked.

Reads CRLs (RFC 5280 clause 6.3) here and OCSP responses through ``ocsp``. Leaves out combining lists: a delta or indirect
CRL or one for some reasons only says who is revoked, and proves nothing about anybody else.

Rules
1. A statement counts only when the certificate's own issuer (name and key) signed it or authorised its signer.
2. "Revoked" is final from whatever authentic statement it comes, fresh or stale, complete or not. Only a hold can be
   lifted, by a newer statement without any revocation that proves "good" itself (RFC 5280 clause 5.3.1).
3. "Good" needs a statement that was issued by now and still bound at the time of proof: its nextUpdate not passed.
4. "Good" from data issued after the certificate expired counts only where the CA says that it keeps expired ones.
5. With proof of existence before the revocation, a revoked certificate was good (EN 319 102-1 clause 5.5.4).
6. "Good" needs algorithms that the dated table accepts when the data is known to have existed: at now, unless an archive
   or document time-stamp covers it (clause 5.6.2). That a signature is older proves nothing about a list that came later.
   Lists that the operator installed have no other proof: they came over a network, and their signature is all they have.
7. A certificate whose CA says that it is never revoked is good while nothing else says otherwise (``short_term``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.signature import Revocation, SubIndication
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import Certificate, unknown
from gateway.stages.signature.certificates.crl import Crl
from gateway.stages.signature.certificates.instants import Moments
from gateway.stages.signature.certificates.ocsp import Response
from gateway.stages.signature.certificates.short_term import never_revoked
from gateway.stages.signature.certificates.statement import Statement, Unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationData:
    """All CRLs and OCSP responses at hand, those the operator holds first, then those the signature brought."""

    crls: tuple[Crl, ...] = ()
    responses: tuple[Response, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationJudgement:
    """The answer for one certificate, with the reason in findings; where it is good they are remarks."""

    status: Revocation
    sub_indication: SubIndication | None = None
    statement: Statement | None = None  # the one that says so; None where none does, or none has to
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
    revoked = _final(statements, policy, moments) or _held(statements, certificate, policy, moments)
    if revoked is not None:
        return _revoked(revoked, certificate)
    reasons = [s for s in said if isinstance(s, Unusable)]
    for statement in statements:
        doubt = _doubt(statement, certificate, policy=policy, moments=moments)
        if doubt is None:
            return replace(_good(statements, certificate, policy, moments), statement=statement)
        reasons.append(doubt)
    if never_revoked(certificate, policy) and not any(reason.disowned for reason in reasons):
        return _good(statements, certificate, policy, moments)
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
            yield from crl.about(certificate, issuer, rules=policy.algorithms, moments=moments)


def _by_responses(
    certificate: Certificate,
    issuer: Certificate,
    *,
    data: RevocationData,
    policy: SignaturePolicy,
    moments: Moments,
) -> Iterable[Statement | Unusable]:
    for response in data.responses:
        for said in response.about(certificate, issuer, policy=policy, moments=moments):
            if isinstance(said, Unusable) or said.responder is None:
                yield said
                continue
            state = _standing(said.responder, issuer, response, data=data, policy=policy, moments=moments)
            if state is Revocation.GOOD:
                yield said
            else:
                yield Unusable(source="OCSP", reason=f"responder certificate is {state}")


def _standing(
    responder: Certificate,
    issuer: Certificate,
    response: Response,
    *,
    data: RevocationData,
    policy: SignaturePolicy,
    moments: Moments,
) -> Revocation:
    """Of a delegated responder, by CRLs alone: no responder vouches for itself.

    One that is revoked by the time its response is known to have existed may have dated it back, also where ocsp-nocheck
    spares us the question: it spares us to ask, not to know (RFC 6960 clause 4.2.2.2.1).
    """
    crls = RevocationData(crls=data.crls)
    seen = moments.seen_from(response.sha256)
    state = judge_revocation(responder, issuer, data=crls, policy=policy, moments=seen).status
    if state is Revocation.UNKNOWN and responder.asn1.ocsp_no_check_value is not None:
        return Revocation.GOOD
    if state is not Revocation.UNKNOWN:
        return state
    return judge_revocation(responder, issuer, data=crls, policy=policy, moments=moments).status


def _final(statements: Sequence[Statement], policy: SignaturePolicy, moments: Moments) -> Statement | None:
    """Rule 2, first half: the earliest revocation that counts."""
    found = [s for s in statements if not s.held and _counts(s, policy, moments)]
    return min(found, key=lambda s: s.revoked_at or s.this_update, default=None)


def _held(
    statements: Sequence[Statement], certificate: Certificate, policy: SignaturePolicy, moments: Moments
) -> Statement | None:
    """Rule 2, second half: the newest hold known by now, unless it was lifted."""
    held = [s for s in statements if s.held and _issued(s, policy, moments) and _counts(s, policy, moments)]
    newest = max(held, key=lambda s: s.this_update, default=None)
    if newest is None:
        return None
    lifted = any(
        s.revoked_at is None
        and s.this_update > newest.this_update
        and _doubt(s, certificate, policy=policy, moments=moments) is None
        for s in statements
    )
    return None if lifted else newest


def _issued(statement: Statement, policy: SignaturePolicy, moments: Moments) -> bool:
    return moments.now.reaches(statement.made_at - policy.clock_skew)


def _counts(statement: Statement, policy: SignaturePolicy, moments: Moments) -> bool:
    """Rule 5. Without proof of existence, a revocation announced for a little later counts at once."""
    if statement.revoked_at is None:
        return False
    if moments.proof.reaches(statement.revoked_at):
        return True
    return not moments.proven and _issued(statement, policy, moments)


def _doubt(
    statement: Statement, certificate: Certificate, *, policy: SignaturePolicy, moments: Moments
) -> Unusable | None:
    """Why a statement that does not say "revoked" proves nothing here; None when it proves "good" (rules 3 and 4)."""
    source = statement.source
    if statement.limits:
        return Unusable(source=source, reason=statement.limits)
    if not _issued(statement, policy, moments):
        return Unusable(source=source, reason=f"issued only at {statement.made_at.isoformat()}")
    bound = statement.next_update or statement.this_update + policy.max_revocation_age
    if bound < statement.this_update:
        return Unusable(source=source, reason="ends before it begins")
    if moments.proof.passes(bound):
        return Unusable(source=source, reason=f"outdated since {bound.isoformat()}", stale=True)
    expiry = certificate.summary.not_after
    if statement.this_update > expiry and (
        statement.keeps_expired_from is None or statement.keeps_expired_from > expiry
    ):
        reason = "issued after the certificate expired, which may hide it"
        return Unusable(source=source, reason=reason, after_expiry=True)
    return None


def _good(
    statements: Sequence[Statement], certificate: Certificate, policy: SignaturePolicy, moments: Moments
) -> RevocationJudgement:
    """A revocation after the time of proof changes nothing; whoever reads the answer wants to know of it all the same."""
    known = [s for s in statements if s.revoked_at and not s.held and _issued(s, policy, moments)]
    first = min(known, key=lambda s: s.revoked_at or s.this_update, default=None)
    later = (
        () if first is None else (_told(first, certificate, Code.CERTIFICATE_REVOKED_LATER, Severity.INFO),)
    )
    return RevocationJudgement(status=Revocation.GOOD, findings=later)


def _revoked(statement: Statement, certificate: Certificate) -> RevocationJudgement:
    return RevocationJudgement(
        status=Revocation.REVOKED,
        sub_indication=SubIndication.TRY_LATER if statement.held else SubIndication.REVOKED_NO_POE,
        statement=statement,
        findings=(_told(statement, certificate, Code.CERTIFICATE_REVOKED, Severity.ERROR),),
    )


def _told(statement: Statement, certificate: Certificate, code: Code, severity: Severity) -> Finding:
    since = statement.revoked_at.isoformat() if statement.revoked_at else ""
    return Finding(
        code=code,
        severity=severity,
        place=certificate.summary.place,
        expected="not revoked",
        got=f"{statement.reason or 'revoked'} since {since} ({statement.source})",
    )


def _open_question(reasons: Sequence[Unusable], place: str) -> Finding:
    if not reasons:
        got = "no CRL and no OCSP response of its issuer"
        return unknown(Code.REVOCATION_UNKNOWN, place=place, expected="revocation data", got=got)
    stale = [r for r in reasons if r.stale]
    code = Code.REVOCATION_DATA_STALE if stale else Code.REVOCATION_UNKNOWN
    if all(r.after_expiry for r in reasons):
        code = Code.REVOCATION_AFTER_EXPIRY
    texts = dict.fromkeys(f"{r.source}: {r.reason}" for r in stale or reasons)
    return unknown(code, place=place, expected="current revocation data", got="; ".join(texts))
