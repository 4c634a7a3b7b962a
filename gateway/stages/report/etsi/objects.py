# SPDX-License-Identifier: EUPL-1.2
"""Which object has which id in one report: certificates, documents, time-stamps. Whoever refers to one, registers it."""

from collections.abc import Iterable
from datetime import datetime

from gateway.model.signature import (
    CertificateSummary,
    DocumentReport,
    Indication,
    RevocationAnswer,
    SignatureReport,
    TimeStampReport,
    VerificationReport,
)

FILE_ID = "F-1"


class Objects:
    """The objects of one report; owned by one run."""

    def __init__(self, report: VerificationReport) -> None:
        self.documents: dict[str, DocumentReport] = {
            f"D-{number}": document for number, document in enumerate(report.documents, 1)
        }
        self.certificates: dict[str, CertificateSummary] = {}
        self.stamps: dict[str, TimeStampReport] = {}
        self.answers: dict[str, RevocationAnswer] = {}
        self._document_ids = {document.name: own for own, document in self.documents.items()}
        self._certificate_ids: dict[str, str] = {}
        self._stamp_ids: dict[str, str] = {}
        self._answer_ids: dict[str, str] = {}

    def covered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Ids of the documents with these names."""
        return tuple(self._document_ids[name] for name in names if name in self._document_ids)

    def certificate(self, summary: CertificateSummary) -> str:
        """Its id."""
        own = self._certificate_ids.setdefault(summary.sha256, f"C-{len(self._certificate_ids) + 1}")
        self.certificates.setdefault(own, summary)
        return own

    def stamp(self, stamp: TimeStampReport) -> str:
        """Its id. The same token may stand at several signatures."""
        own = self._stamp_ids.setdefault(stamp.sha256, f"T-{len(self._stamp_ids) + 1}")
        self.stamps.setdefault(own, stamp)
        return own

    def answer(self, answer: RevocationAnswer) -> str:
        """Its id. One list speaks of many certificates."""
        own = self._answer_ids.setdefault(answer.sha256, f"R-{len(self._answer_ids) + 1}")
        self.answers.setdefault(own, answer)
        return own

    def proof(self, at: datetime, among: Iterable[SignatureReport]) -> str:
        """The id of the valid time-stamp that proves this very time; empty if none does."""
        for report in among:
            for stamp in report.stamps:
                if stamp.indication is Indication.TOTAL_PASSED and stamp.time == at:
                    return self.stamp(stamp)
        return ""
