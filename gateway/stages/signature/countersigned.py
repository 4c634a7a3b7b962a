# SPDX-License-Identifier: EUPL-1.2
"""Counter-signatures in the verdict on a file: what they weigh, and how many are looked at.

A counter-signature is a signature of its own (EN 319 102-1 clause 5.2) over the value of another: whatever it is worth,
that other one is neither better nor worse for it, and no file is covered by it. But a signature that is broken, revoked
or not proven stands in what we were given, so the whole does not pass in silence over it: it is INDETERMINATE,
SIG_CONSTRAINTS_FAILURE. It is never failed or broken by one, because anybody can hang one on. Where the operator says so
(``untrusted_counter_signatures``), those that are intact but merely not proven are reported as warnings.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.signature import Indication, Integrity, Revocation, SignatureReport
from gateway.model.trust import SignaturePolicy, Untrusted
from gateway.stages.signature.faults import set_aside

MAX_COUNTER_SIGNATURES = 8  # of one signature, those over its counter-signatures included
MAX_DEPTH = 3
_WEIGHT = {Indication.TOTAL_FAILED: Severity.ERROR, Indication.INDETERMINATE: Severity.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The counter-signatures whose trust is that of the whole, and everything that was found about any."""

    decisive: tuple[SignatureReport, ...]
    findings: tuple[Finding, ...]


def counter_signatures(reports: Iterable[SignatureReport]) -> Iterator[SignatureReport]:
    """All of these signatures, and all that countersign those in turn."""
    for report in reports:
        for counter in report.counter_signatures:
            yield counter
            yield from counter_signatures([counter])


def weigh(reports: Iterable[SignatureReport], policy: SignaturePolicy) -> Weighed:
    """What the counter-signatures of these signatures mean for the whole."""
    decisive: list[SignatureReport] = []
    findings: list[Finding] = []
    for counter in counter_signatures(reports):
        found = [*_not_valid(counter), *counter.findings]
        if _tolerated(counter, policy):
            findings += set_aside(found)
        else:
            decisive.append(counter)
            findings += found
    return Weighed(decisive=tuple(decisive), findings=tuple(findings))


def excess(count: int, depth: int, place: str) -> Finding | None:
    """More than we look at: each costs as much as a signature, and anybody may have added them."""
    if depth < MAX_DEPTH and count <= MAX_COUNTER_SIGNATURES:
        return None
    return Finding(
        code=Code.SIGNATURE_COUNTERSIGNED,
        severity=Severity.UNKNOWN,
        place=place,
        expected=f"at most {MAX_COUNTER_SIGNATURES} counter-signatures, in at most {MAX_DEPTH} levels",
        got=f"{count} in level {depth + 1}",
    )


def _not_valid(counter: SignatureReport) -> list[Finding]:
    if counter.indication is Indication.TOTAL_PASSED:
        return []
    words = [word for word in (counter.indication, counter.sub_indication) if word is not None]
    return [
        Finding(
            code=Code.COUNTER_SIGNATURE_INVALID,
            severity=_WEIGHT[counter.indication],
            place=f"{counter.place}, counter-signature {counter.id}".rstrip(),
            expected=Indication.TOTAL_PASSED,
            got=", ".join(words),
        )
    ]


def _tolerated(counter: SignatureReport, policy: SignaturePolicy) -> bool:
    """Nothing in it is proven false, and the operator asks for no more."""
    return (
        policy.untrusted_counter_signatures is Untrusted.WARNING
        and counter.integrity is Integrity.INTACT
        and counter.indication is Indication.INDETERMINATE
        and counter.revocation is not Revocation.REVOKED
    )
