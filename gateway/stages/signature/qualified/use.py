# SPDX-License-Identifier: EUPL-1.2
"""What one service of a trusted list makes of a certificate at one time: TS 119 615 clauses 4.4 and 4.5.

The claim of the certificate, overruled by the qualifiers of the entry that match it. Leaves out which service issued
the certificate, and which times count: ``qualification``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.stages.signature.certificates.certificate import Certificate
from gateway.stages.signature.certificates.instants import Instant
from gateway.stages.signature.qualified.lists.names import GRANTED, STATUS_BEFORE_EIDAS
from gateway.stages.signature.qualified.lists.services import Qualifier, Service, Use
from gateway.stages.signature.qualified.qc_statements import QcStatements

_EIDAS = datetime(2016, 7, 1, tzinfo=UTC)  # Regulation (EU) 910/2014 article 52
_TYPES = {1: Use.SIGNATURE, 2: Use.SEAL, 3: Use.WEBSITE}
_FOR = {
    Qualifier.FOR_SIGNATURE: Use.SIGNATURE,
    Qualifier.FOR_SEAL: Use.SEAL,
    Qualifier.FOR_WEBSITE: Use.WEBSITE,
}
_WITH = {Qualifier.WITH_DEVICE, Qualifier.WITH_OLD_DEVICE, Qualifier.DEVICE_MANAGED}
_WITHOUT = {Qualifier.NO_DEVICE, Qualifier.NO_OLD_DEVICE}
_DENIALS = {"list-says-not-qualified", "entry-not-understood", "not-granted", "use-ambiguous"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one entry says of the certificate. ``use`` is ``None`` where it says "not qualified", for ``reason``."""

    use: Use | None
    device: bool = False
    reason: str = ""


def answer_of(
    certificate: Certificate, claims: QcStatements, service: Service, *, direct: bool, instant: Instant
) -> Answer:
    """Of the service's entry then. ``direct``: it issued the certificate itself, not by a CA below it."""
    entry = next((entry for entry in service.entries if instant.reaches(entry.start)), None)
    if entry is None or not entry.understood:
        return Answer(None, reason="entry-not-understood" if entry else "not-listed")
    before = not instant.reaches(_EIDAS)
    if not direct and not entry.root:
        return Answer(None, reason="issuer-not-listed")
    matching = frozenset(
        qualifier
        for criteria, qualifiers in entry.qualifications
        if criteria.matches(certificate)
        for qualifier in qualifiers
    )
    use, reason = _use(claims, matching, before=before)
    # An entry without uses is from the time when all qualified certificates were for signatures.
    if use is not None and use not in (entry.uses or {Use.SIGNATURE}):
        return Answer(None, reason="use-not-listed")  # granted or not: it does not speak of this use
    if entry.status != GRANTED and not (before and entry.status in STATUS_BEFORE_EIDAS):
        return Answer(None, reason="not-granted")
    return Answer(use, _device(claims, matching, before=before), reason)


def _use(claims: QcStatements, matching: frozenset[Qualifier], *, before: bool) -> tuple[Use | None, str]:
    qualified = claims.qualified or (before and claims.by_policy)
    if Qualifier.NOT_QUALIFIED in matching:
        return None, "list-says-not-qualified"
    if Qualifier.FOR_LEGAL_PERSON in matching and Qualifier.FOR_SEAL not in matching:
        return None, "legal-person-before-eidas"
    if claims.other_law:
        return None, "law-of-another-state"
    if not qualified and Qualifier.STATEMENT not in matching:
        return None, "no-qualified-statement"
    uses = {_FOR[qualifier] for qualifier in matching if qualifier in _FOR}
    if not uses:
        # EN 319 412-5 clause 4.2.3: without a type it is for signatures.
        uses = {_TYPES[number] for number in claims.types if number in _TYPES} or {Use.SIGNATURE}
    if len(uses) > 1 or claims.types - _TYPES.keys():
        return None, "use-ambiguous"
    return uses.pop(), ""


def _device(claims: QcStatements, matching: frozenset[Qualifier], *, before: bool) -> bool:
    """The key: what the list says goes before what the certificate says; where the list says both, it is no."""
    if matching & _WITHOUT:
        return False
    if matching & _WITH:
        return True
    return claims.device or (before and claims.device_by_policy)


def agreed(answers: Sequence[Answer]) -> Answer:
    """One answer of all entries for the issuer.

    Where several are in force, any of them makes the certificate qualified, but never for two uses at once, and never
    against one that speaks of this very certificate otherwise, or from which this very use was withdrawn.
    """
    positive = {answer for answer in answers if answer.use is not None}
    denied = [a for a in answers if a.reason in _DENIALS]
    if len(positive) > 1 or (positive and denied):
        return Answer(None, reason="entries-contradict")
    return next(iter(positive)) if positive else answers[0]
