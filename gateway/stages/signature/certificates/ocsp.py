# SPDX-License-Identifier: EUPL-1.2
"""OCSP responses (RFC 6960) that somebody else fetched: who signed them, and what they say about a certificate.

Leaves out freshness and the final answer (``revocation``) and requests: the gateway never asks a responder that an
uploaded certificate names. A response counts whether or not the certificate names a responder.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import new as new_hash

from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import (
    Certificate,
    Scheme,
    signed_by,
    verifies,
)
from gateway.stages.signature.certificates.instants import Moments
from gateway.stages.signature.certificates.statement import Statement, Unusable, revoked_since
from gateway.stages.signature.certificates.strength import weakness

_KNOWN_CRITICAL = {  # of a responder's certificate; no other extension may be critical (RFC 5280 clause 4.2)
    "basic_constraints",
    "certificate_policies",
    "extended_key_usage",
    "key_usage",
    "ocsp_no_check",
    "subject_alt_name",
}
_ID_HASHES = {"sha1", "sha256", "sha384", "sha512"}  # SHA-1 names the issuer here, it protects nothing

_NOT_KNOWN = "the responder does not know the certificate"
_ANOTHER = "certHash names another certificate"
_DISOWNED = frozenset({_NOT_KNOWN, _ANOTHER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One SingleResponse; the issuer is known by hashes only."""

    hash_name: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int
    status: str  # good, revoked, unknown
    this_update: datetime
    next_update: datetime | None
    revoked_at: datetime | None
    invalid_from: datetime | None
    reason: str
    archive_cutoff: datetime | None
    certificate_hash: tuple[str, bytes] | None
    strange: str  # unknown critical extension, or ""

    def concerns(self, certificate: Certificate, issuer: Certificate) -> bool:
        """CertID matches this certificate of this issuer (RFC 6960 clause 4.1.1)."""
        if self.serial != certificate.parsed.serial_number or self.hash_name not in _ID_HASHES:
            return False
        name = issuer.asn1.subject.dump()
        key = issuer.asn1.public_key["public_key"].contents[1:]  # without the count of unused bits
        return (self.issuer_name_hash, self.issuer_key_hash) == (
            new_hash(self.hash_name, name).digest(),
            new_hash(self.hash_name, key).digest(),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Response:
    """A successful basic response, parsed. Nothing in it is believed yet."""

    sha256: str
    produced_at: datetime
    singles: tuple[Single, ...]
    certificates: tuple[Certificate, ...]
    responder_name: str  # normalised, or ""
    responder_key_hash: bytes  # SHA-1 of the key, or b""
    scheme: Scheme
    value: bytes
    tbs: bytes

    def about(
        self, certificate: Certificate, issuer: Certificate, *, policy: SignaturePolicy, moments: Moments
    ) -> tuple[Statement | Unusable, ...]:
        """All that the response says about ``certificate``; nothing where it speaks of others only."""
        singles = [single for single in self.singles if single.concerns(certificate, issuer)]
        if not singles:
            return ()
        signer = self._signer(issuer)
        if isinstance(signer, str):
            return (Unusable(source="OCSP", reason=signer),)
        weak = self._weak(signer, issuer, policy, moments.of_object(self.sha256).day())
        if weak and self._weak(signer, issuer, policy, self.produced_at):
            return (Unusable(source="OCSP", reason=f"signed with {weak}"),)
        limits = f"signed with {weak}" if weak else ""
        responder = None if signer.sha256 == issuer.sha256 else signer
        return tuple(
            Unusable(source="OCSP", reason=objection, disowned=objection in _DISOWNED)
            if (objection := self._objection(single, certificate, signer))
            else self._said(single, responder, limits, policy)
            for single in singles
        )

    def _weak(
        self, signer: Certificate, issuer: Certificate, policy: SignaturePolicy, moment: datetime
    ) -> str:
        """A weak point of the response or, where the answer was delegated, of the responder's certificate in it."""
        weak = weakness(policy.algorithms, self.scheme, signer.key, moment)
        if weak or signer.sha256 == issuer.sha256:
            return weak
        return weakness(policy.algorithms, signer.scheme, issuer.key, moment)

    def _said(
        self, single: Single, responder: Certificate | None, limits: str, policy: SignaturePolicy
    ) -> Statement:
        if self.produced_at < single.this_update - policy.clock_skew:
            limits = limits or "signed before the time at which it knows"
        since = single.revoked_at
        return Statement(
            source="OCSP",
            sha256=self.sha256,
            this_update=single.this_update,
            next_update=single.next_update,
            made_at=max(self.produced_at, single.this_update),
            revoked_at=revoked_since(since, single.reason, single.invalid_from) if since else None,
            reason=single.reason,
            keeps_expired_from=single.archive_cutoff,
            responder=responder,
            limits=limits,
        )

    def _signer(self, issuer: Certificate) -> Certificate | str:
        """The issuer itself, or a responder this very issuer authorised (RFC 6960 clause 4.2.2.2); else why not."""
        why = "not signed by the issuer or a responder it authorised"
        for candidate in (issuer, *self.certificates):
            if not self._named(candidate):
                continue
            if not verifies(candidate.key, scheme=self.scheme, value=self.value, data=self.tbs):
                continue
            if candidate.asn1.public_key == issuer.asn1.public_key:
                return issuer
            why = _unauthorised(candidate, issuer)
            if not why:
                return candidate
        return why

    def _named(self, candidate: Certificate) -> bool:
        if self.responder_name:
            return candidate.subject == self.responder_name
        return bool(candidate.asn1.public_key.sha1 == self.responder_key_hash)

    def _objection(self, single: Single, certificate: Certificate, signer: Certificate) -> str:
        if single.strange:
            return f"unknown critical extension {single.strange}"
        if single.status == "unknown":
            return _NOT_KNOWN
        life = signer.summary
        if not life.not_before <= self.produced_at <= life.not_after:
            return "produced outside the validity of the responder's certificate"
        if single.certificate_hash:
            name, value = single.certificate_hash
            if name not in _ID_HASHES or new_hash(name, certificate.der).digest() != value:
                return _ANOTHER
        return ""


def _unauthorised(candidate: Certificate, issuer: Certificate) -> str:
    """Delegation is direct: the same CA issued the responder's certificate, for OCSP signing."""
    usages = candidate.asn1.extended_key_usage_value
    if usages is None or "ocsp_signing" not in usages.native:
        return "responder certificate is not meant for OCSP signing"
    if candidate.issuer != issuer.subject or not signed_by(candidate, issuer):
        return "responder certificate comes from another CA"
    if candidate.asn1.critical_extensions - _KNOWN_CRITICAL:
        return "responder certificate with an unknown critical extension"
    usage = candidate.asn1.key_usage_value
    if usage is not None and not usage.native & {"digital_signature", "non_repudiation"}:
        return "responder certificate may not sign"
    return ""
