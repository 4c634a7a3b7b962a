# SPDX-License-Identifier: EUPL-1.2
"""Facts that go into the log, and the names they have there.

The log itself holds salted commitments only; the evidence behind them stays in the journal and in receipts.
Event names follow EN 319 522-1/-3 without any claim to be a *qualified* service.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Clock = Callable[[], datetime]  # timezone-aware now, UTC
Entropy = Callable[[int], bytes]  # n bytes from the operating system's generator; tests pass a seeded one


class LogEvent(StrEnum):
    """Closed vocabulary of log entries; the wire value never changes."""

    SUBMISSION_ACCEPTED = "submission.accepted"
    SUBMISSION_REJECTED = "submission.rejected"
    CONSIGNMENT = "consignment"
    HANDOVER = "handover"
    HANDOVER_FAILED = "handover.failed"
    ACKNOWLEDGEMENT = "acknowledgement"
    ACCEPTANCE = "acceptance"
    REJECTION = "rejection"
    DOCUMENTS_REQUESTED = "documents.requested"
    DECISION = "decision"
    DOSSIER_ERASED = "dossier.erased"
    LOG_OPENED = "log.opened"


ERDS_EVENT: Mapping[LogEvent, str] = {
    LogEvent.SUBMISSION_ACCEPTED: "http://uri.etsi.org/19522/Event/SubmissionAcceptance",
    LogEvent.SUBMISSION_REJECTED: "http://uri.etsi.org/19522/Event/SubmissionRejection",
    LogEvent.CONSIGNMENT: "http://uri.etsi.org/19522/Event/ContentConsignment",
    LogEvent.HANDOVER: "http://uri.etsi.org/19522/Event/ContentHandover",
    LogEvent.HANDOVER_FAILED: "http://uri.etsi.org/19522/Event/ContentHandoverFailure",
    LogEvent.ACKNOWLEDGEMENT: "http://uri.etsi.org/19522/Event/ConsignmentAcceptance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened, ready to be logged.

    ``evidence`` is private JSON (no floats); the log gets only ``SHA-256(label || salt || JCS(evidence))``.
    ``subject`` is the dossier's random 128-bit handle in the log; ``prev`` the id of the entry this one answers.
    """

    event: LogEvent
    id: bytes  # 16 random bytes
    salt: bytes  # 32 random bytes
    subject: bytes  # 16 random bytes, the same for all facts of a dossier
    moment: datetime
    evidence: Mapping[str, Any]
    dossier_id: str = ""
    prev: bytes | None = None

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise ValueError("expected a timezone-aware moment, got a naive one")
        for name, length in (("id", 16), ("salt", 32), ("subject", 16)):
            if len(getattr(self, name)) != length:
                raise ValueError(f"expected {length} bytes for {name}, got {len(getattr(self, name))}")


def utc_seconds(moment: datetime) -> str:
    """RFC 3339 in UTC with seconds: ``2026-11-22T05:04:22Z``. The log knows nothing finer."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
