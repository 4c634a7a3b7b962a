# SPDX-License-Identifier: EUPL-1.2
"""Does the dated table accept what a signature value was made with: the digest, the algorithm with its key, the curve?

Leaves out at which moment to ask: whatever carries the value is judged at the earliest time at which something proves
that it existed, and at now where nothing does (EN 319 102-1 clauses 5.2.8 and 5.6.2.2), because a broken algorithm can be
used to forge what claims to be old.
"""

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.findings import Finding
from gateway.model.trust import AlgorithmRule
from gateway.stages.signature.algorithms import CURVE, DIGEST, SIGNATURE, check_algorithm
from gateway.stages.signature.certificates.certificate import PublicKey, Scheme, key_bits


def weak_points(
    rules: Sequence[AlgorithmRule], scheme: Scheme, key: PublicKey, moment: datetime, *, place: str = ""
) -> list[Finding]:
    """What the table holds at ``moment`` against a value that ``key`` made by ``scheme``."""
    found = [check_key(rules, scheme.algorithm, key, moment, place=place)]
    if scheme.digest:
        found.insert(0, check_algorithm(rules, scheme.digest, DIGEST, 0, moment, place=place))
    return [finding for finding in found if finding is not None]


def check_key(
    rules: Sequence[AlgorithmRule], algorithm: str, key: PublicKey, moment: datetime, *, place: str = ""
) -> Finding | None:
    """The algorithm with a key of this length, and on this curve: as many bits do not make a curve a good one."""
    weak = check_algorithm(rules, algorithm, SIGNATURE, key_bits(key), moment, place=place)
    return weak or _check_curve(rules, key, moment, place=place)


def weakness(rules: Sequence[AlgorithmRule], scheme: Scheme, key: PublicKey, moment: datetime) -> str:
    """The first weak point by its name in the table, or ""."""
    if scheme.digest and check_algorithm(rules, scheme.digest, DIGEST, 0, moment):
        return scheme.digest
    if check_algorithm(rules, scheme.algorithm, SIGNATURE, key_bits(key), moment):
        return f"{scheme.algorithm} ({key_bits(key)} bits)"
    weak = _check_curve(rules, key, moment)
    return f"{scheme.algorithm} ({weak.got})" if weak else ""


def _check_curve(
    rules: Sequence[AlgorithmRule], key: PublicKey, moment: datetime, *, place: str = ""
) -> Finding | None:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return None
    return check_algorithm(rules, key.curve.name, CURVE, 0, moment, place=place)
