# SPDX-License-Identifier: EUPL-1.2
"""What a verification worker found out about one bundle: the only thing that leaves the worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.findings import Finding, blocking
from gateway.model.bundle import Signer
from gateway.model.dossier import Dossier


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedDocument:
    """One file of the dossier as it stood in the verified container."""

    name: str
    type: str  # document type code; "" for dossier.xml
    media_type: str
    size: int  # bytes
    sha256: str  # hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All findings of open, verify, validate and completeness; the facts are there only where none of them blocks.

    ``dossier``, ``signers``, ``documents`` and ``content_digest`` are filled in if and only if ``passed``: nothing
    read from unverified bytes can be taken for a fact.
    """

    findings: tuple[Finding, ...]
    report: Mapping[str, Any]  # JSON of the verification report, as ``stages.report`` writes it
    examined_on: date  # rules valid on this day were applied
    dossier: Dossier | None = None
    signers: tuple[Signer, ...] = ()
    documents: tuple[ExaminedDocument, ...] = ()
    content_digest: str = ""

    def __post_init__(self) -> None:
        if bool(blocking(self.findings)) == (self.dossier is not None):
            raise ValueError("expected facts exactly where no finding blocks")

    @property
    def passed(self) -> bool:
        """No finding blocks."""
        return self.dossier is not None
