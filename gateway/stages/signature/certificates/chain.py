# SPDX-License-Identifier: EUPL-1.2
"""What speaks against a chain apart from revocation: dates, the rules of RFC 5280, the role, algorithms.

Texts name no time of proof: a judgement is kept for every time at which it comes out the same, and told for all of them.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.signature import Revocation, SubIndication
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import Certificate
from gateway.stages.signature.certificates.instants import Moments
from gateway.stages.signature.certificates.path import path_faults
from gateway.stages.signature.certificates.strength import weak_points
from gateway.stages.signature.certificates.usage import Purpose, usage_faults
from gateway.stages.signature.faults import Fault


def chain_faults(
    chain: Sequence[Certificate],
    states: Sequence[Revocation],
    *,
    purpose: Purpose,
    policy: SignaturePolicy,
    moments: Moments,
) -> list[Fault]:
    """Every fault of the chain. ``states`` are those of its certificates below the anchor, the first one's first."""
    known_good = states[:1] == [Revocation.GOOD]
    general = SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE  # EN 319 102-1 clause 5.2.6: RFC 5280 says no
    return [
        *_date_faults(chain, moments, known_good=known_good),
        *(Fault(finding=f, means=general) for f in path_faults(chain, moments.proof.value)),
        *(
            Fault(finding=f, means=SubIndication.CHAIN_CONSTRAINTS_FAILURE)
            for f in usage_faults(chain[0], purpose)
        ),
        *_algorithm_faults(chain, policy, moments),
    ]


def _date_faults(chain: Sequence[Certificate], moments: Moments, *, known_good: bool) -> Iterable[Fault]:
    """Only a proven time before the certificate's start fails for good (EN 319 102-1 clause 5.5.4).

    A CA's end is a question of proof like the signer's: a path that broke a rule of RFC 5280 no proof would mend.
    """
    for certificate in chain:
        life, first = certificate.summary, certificate is chain[0]
        means = SubIndication.OUT_OF_BOUNDS_NO_POE
        if first and known_good:
            means = SubIndication.OUT_OF_BOUNDS_NOT_REVOKED
        if not moments.proof.reaches(life.not_before):
            code, expected = Code.CERTIFICATE_NOT_YET_VALID, f"not before {life.not_before.isoformat()}"
            got = "judged for an earlier time"
            means = SubIndication.NOT_YET_VALID if moments.proven and first else means
        elif moments.proof.passes(life.not_after):
            code, expected = Code.CERTIFICATE_EXPIRED, f"not after {life.not_after.isoformat()}"
            got = "judged for a later time"
        else:
            continue
        yield Fault(finding=Finding(code=code, place=life.place, expected=expected, got=got), means=means)


def _algorithm_faults(
    chain: Sequence[Certificate], policy: SignaturePolicy, moments: Moments
) -> Iterable[Fault]:
    """The anchor's own signature protects nothing: it is trusted because the operator named it.

    The signature names the first certificate by its digest, so what proves the signature proves that certificate; those
    of CAs only an archive or document time-stamp proves (clause 5.6.2).
    """
    for certificate, issuer in pairwise(chain):
        first = certificate is chain[0]
        seen = moments.proof if first else moments.of_object(certificate.sha256)
        place = certificate.summary.place
        for finding in weak_points(
            policy.algorithms, certificate.scheme, issuer.key, seen.day(), place=place
        ):
            expired = finding.code is Code.SIGNATURE_ALGORITHM_EXPIRED
            yield Fault(
                finding=finding,
                means=SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
                if expired
                else SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
            )
