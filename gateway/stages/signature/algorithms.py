# SPDX-License-Identifier: EUPL-1.2
"""Is an algorithm acceptable at a moment? One dated table decides for references, values, chains and time-stamps.

EN 319 102-1 clause 5.2.8 (signature acceptance, cryptographic constraints); the rows come from
``schemas/rules/algorithms.tsv``. Leaves out identifiers: callers pass table names. No row, no acceptance.
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.trust import AlgorithmRule

DIGEST = "digest"
SIGNATURE = "signature"
CURVE = "curve"


def check_algorithm(
    rules: Sequence[AlgorithmRule],
    algorithm: str,
    usage: str,
    key_bits: int,
    moment: datetime,
    *,
    place: str = "",
) -> Finding | None:
    """``None`` if some row accepts the algorithm then; otherwise why not. ``key_bits`` is 0 for digests and curves."""
    rows = [rule for rule in rules if rule.algorithm == algorithm and rule.usage == usage]
    strong = [rule for rule in rows if key_bits >= rule.min_key_bits]
    day = moment.date()
    current = [r for r in rows if r.valid_from <= day and (r.valid_until is None or day <= r.valid_until)]
    if any(key_bits >= rule.min_key_bits for rule in current):
        return None
    got = f"{algorithm} with {key_bits} bits" if key_bits else algorithm
    if strong:
        until = max((str(rule.valid_until) for rule in strong if rule.valid_until), default="")
        return Finding(
            code=Code.SIGNATURE_ALGORITHM_EXPIRED,
            place=place,
            expected=f"a {usage} algorithm acceptable on {day}",
            got=f"{got}, acceptable until {until}" if until else got,
        )
    least = min((rule.min_key_bits for rule in current), default=0)  # another day's rows help nobody
    expected = (
        f"{algorithm} with at least {least} bits" if least else f"a {usage} algorithm of the rule table"
    )
    return Finding(code=Code.SIGNATURE_ALGORITHM, place=place, expected=expected, got=got)
