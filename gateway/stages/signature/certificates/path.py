# SPDX-License-Identifier: EUPL-1.2
"""Certification paths: found with bounds of our own, validated after RFC 5280 clause 6.1 by pyhanko-certvalidator.

Leaves out revocation, algorithms, dates of the anchor and usage: ``trust`` judges them, so that every fault is named
and not only the first. The library is given exactly one path and one anchor, so it neither searches nor fetches, and
its fall-back to the operating system's anchors can never apply.
"""

from collections.abc import Coroutine, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers, derive_quals_from_cert
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import ExpiredError, NotYetValidError, PathValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    AcceptAllAlgorithms,
    CertRevTrustPolicy,
    PKIXValidationParams,
)
from pyhanko_certvalidator.validate import async_validate_path

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.stages.signature.certificates.certificate import Certificate, contained, signed_by

MAX_CHAIN = 8  # certificates, anchor included; real chains have three or four
MAX_PATHS = 8  # alternatives judged for one certificate
MAX_STEPS = (
    128  # signature checks while searching: cross-certificates in a loop cost no more than this (about 10 ms)
)
Value = TypeVar("Value")


def paths(
    leaf: Certificate, *, pool: Sequence[Certificate], anchors: Mapping[str, Certificate]
) -> Iterator[tuple[Certificate, ...]]:
    """Chains from ``leaf`` (first) to an anchor (last), each link proven by its signature; at most ``MAX_PATHS``."""
    by_subject: dict[str, list[Certificate]] = {}
    for certificate in (*anchors.values(), *pool):  # anchors first: the shortest way up is tried first
        same = by_subject.setdefault(certificate.subject, [])
        if all(c.sha256 != certificate.sha256 for c in same):
            same.append(certificate)
    return islice(_climb((leaf,), by_subject, anchors, steps=[MAX_STEPS]), MAX_PATHS)


def _climb(
    chain: tuple[Certificate, ...],
    by_subject: Mapping[str, Sequence[Certificate]],
    anchors: Mapping[str, Certificate],
    *,
    steps: list[int],
) -> Iterator[tuple[Certificate, ...]]:
    top = chain[-1]
    if top.sha256 in anchors:
        yield chain
        return
    if len(chain) == MAX_CHAIN:
        return
    for issuer in by_subject.get(top.issuer, ()):
        # The same name and key twice in a path is a loop of cross-certificates, never a longer way to somewhere.
        if any(c.subject == issuer.subject and c.asn1.public_key == issuer.asn1.public_key for c in chain):
            continue
        if steps[0] == 0:
            return
        steps[0] -= 1
        if signed_by(top, issuer):
            yield from _climb((*chain, issuer), by_subject, anchors, steps=steps)


def path_faults(chain: Sequence[Certificate], moment: datetime) -> tuple[Finding, ...]:
    """What RFC 5280 holds against the path: constraints on names, lengths, policies, unknown critical extensions.

    Dates are left to the caller, who checks every certificate and not only the first that fails.
    """
    anchor = chain[-1]
    if len(chain) == 1:
        return ()
    place = chain[0].summary.place
    usage = anchor.asn1.key_usage_value
    if not anchor.asn1.ca or (usage is not None and "key_cert_sign" not in usage.native):
        got = "the anchor is not a certification authority"
        return (Finding(code=Code.CERTIFICATE_PATH, place=anchor.summary.place, expected="a CA", got=got),)
    try:
        contained(lambda: _validate(chain, moment), code=Code.CERTIFICATE_PATH, place=place)
    except Rejected as refusal:
        return refusal.findings
    return ()


def _validate(chain: Sequence[Certificate], moment: datetime) -> None:
    anchor = CertTrustAnchor(chain[-1].asn1, quals=_qualifiers(chain[-1]))
    context = ValidationContext(
        trust_roots=[chain[-1].asn1],  # never None: that would mean the operating system's anchors
        moment=moment,
        allow_fetching=False,
        revinfo_policy=CertRevTrustPolicy(NO_REVOCATION),  # three-valued in `revocation`, not here
        algorithm_usage_policy=AcceptAllAlgorithms(),  # dated table in `trust`, not here
        time_tolerance=timedelta(0),
    )
    path = ValidationPath(anchor, interm=[c.asn1 for c in reversed(chain[1:-1])], leaf=chain[0].asn1)
    try:
        run_pure(async_validate_path(context, path))
    except (ExpiredError, NotYetValidError):
        return
    except PathValidationError as error:
        finding = Finding(
            code=Code.CERTIFICATE_PATH,
            place=chain[0].summary.place,
            expected="a path valid after RFC 5280",
            got="a path that breaks one of its rules",
        )
        raise Rejected([finding]) from error


def _qualifiers(anchor: Certificate) -> TrustQualifiers:
    """Constraints an anchor puts on itself bind as well (RFC 5937), except policies: few roots mean theirs."""
    derived = derive_quals_from_cert(anchor.asn1)
    own = derived.standard_parameters
    parameters = None
    if own is not None:
        parameters = PKIXValidationParams(
            initial_permitted_subtrees=own.initial_permitted_subtrees,
            initial_excluded_subtrees=own.initial_excluded_subtrees,
        )
    return TrustQualifiers(standard_parameters=parameters, max_path_length=derived.max_path_length)


def run_pure(coroutine: Coroutine[Any, Any, Value]) -> Value:
    """The result of a coroutine that never waits. One that does wanted I/O, which a stage may not have: refused."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: Value = stop.value
        return result
    finally:
        coroutine.close()
    raise RuntimeError("expected a coroutine that never waits, got one that does")
