# SPDX-License-Identifier: EUPL-1.2
"""What is said between the gateway and a malware scanner about one bundle, and why nothing could be said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.codes import Code
from gateway.errors import Unavailable
from gateway.findings import Finding


class ScannerFault(StrEnum):
    """Why there is no verdict. Always the operator's matter: no bundle is refused, and none passes, because of it."""

    NOT_REACHABLE = "not-reachable"
    BROKE_OFF = "broke-off"
    TOO_SLOW = "too-slow"
    NOT_UNDERSTOOD = "not-understood"  # no answer of the protocol, or one to a question nobody asked
    SCAN_FAILED = "scan-failed"  # the scanner says so itself
    STREAM_CUT = "stream-cut"  # the scanner takes less of a file than we may send it
    FINDS_NOTHING = "finds-nothing"  # not even the test file that every database knows
    HIDES_LIMITS = "hides-limits"  # calls a file clean that it gave up on
    HIDES_ENCRYPTION = "hides-encryption"  # calls a file clean that it could not open
    DATABASE_TOO_OLD = "database-too-old"
    DATABASE_UNDATED = "database-undated"


class ScannerUnavailable(Unavailable):
    """No verdict on a bundle: it is not judged, nothing is recorded, and its sender tries again later."""

    def __init__(self, fault: ScannerFault) -> None:
        super().__init__(
            Code.SCANNER_UNAVAILABLE,
            f"no verdict of the malware scanner: {fault}",
            hint="look at the scanner.unavailable lines of the receive role",
            retry_after=60,
        )
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTerms:
    """Who scans, and within what bounds. Travels to the worker beside the open connection."""

    engine: str
    database: str  # version of the signatures; "" where the scanner names none
    database_date: datetime | None
    asked: int  # questions already asked on the connection; answers are numbered
    seconds: int  # for all files of the bundle together
    max_file_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One file to look into; ``chunks`` can be read once."""

    name: str
    size: int  # bytes, as declared
    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """The verdict on all files of one bundle."""

    terms: ScanTerms
    files: int  # looked into to their end
    findings: tuple[Finding, ...]

    def to_json(self) -> Mapping[str, str | int | None]:
        """For the report and the evidence: who looked, with what knowledge, at how many files."""
        date = self.terms.database_date
        return {
            "engine": self.terms.engine,
            "database": self.terms.database,
            "database_date": None if date is None else date.isoformat(),
            "files": self.files,
        }
