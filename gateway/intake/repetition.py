# SPDX-License-Identifier: EUPL-1.2
"""Recognises what a chamber sent before, so that sending again is harmless and gives the first receipt.

By the bytes, and by the chamber's own key where it gave one. Signed content in another container is no repetition but
a finding (``judgement``).
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.intake.outcome import Outcome, Repeated
from gateway.intake.record import Submission
from gateway.journal import dedupe, dossiers
from gateway.journal.dossiers import DossierStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A row that was committed, now or earlier; ``answer`` wants its id and the receipt that is yet to come."""

    dossier_id: str
    answer: Callable[..., Outcome]
    keeps_file: bool


def earlier_of(connection: sqlite3.Connection, submission: Submission) -> Recorded | None:
    """The chamber's own dossier that these bytes became. Raises ``Rejected`` for other bytes under a used key."""
    key = submission.key
    used = dedupe.of_key(connection, submission.chamber.id, key) if key is not None else None
    if used is not None and used.bundle_sha256 != submission.sha256:
        raise Rejected(
            [
                Finding(
                    code=Code.IDEMPOTENCY_KEY_REUSED,
                    place="Idempotency-Key",
                    expected=f"the bundle with SHA-256 {used.bundle_sha256}",
                    got=submission.sha256,
                )
            ]
        )
    known = dedupe.of_bundle(connection, submission.sha256)
    first = dossiers.find(connection, known.dossier_id) if known is not None else None
    if first is None or first.chamber != submission.chamber.id:
        return None  # somebody else's bundle is examined like any other: the sender check says what is wrong
    if first.status is DossierStatus.ERASED:
        # Its receipt is erased too, so there is nothing to repeat.
        expected, got = "a dossier that was not sent before", f"{first.id}, erased"
        raise Rejected([Finding(code=Code.DUPLICATE_DOSSIER, place="bundle", expected=expected, got=got)])
    return Recorded(dossier_id=first.id, answer=Repeated, keeps_file=False)
