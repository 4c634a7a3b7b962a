# SPDX-License-Identifier: EUPL-1.2
"""The auditor's work in one call: the whole log, receipts and earlier checkpoints, held to each other.

Needs the log's public key and nothing of the gateway: no journal, no configuration, no network.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Rejected
from gateway.findings import Finding, blocking
from gateway.stages.receipt import ReceiptVerdict, SealCheck, verify_receipt
from gateway.tlog.checkpoint import Checkpoint
from gateway.tlog.note import NoteVerifier
from gateway.tlog.verifier import Claim, Fetch, audit, claim_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """The verdict over log and receipts. ``findings`` are those of the log and of what receipts claim about it."""

    checkpoint: Checkpoint | None
    entries: int
    receipts: tuple[ReceiptVerdict, ...]
    findings: tuple[Finding, ...]

    @property
    def proven(self) -> bool:
        """Everything holds."""
        return (
            self.checkpoint is not None
            and not blocking(self.findings)
            and all(receipt.proven for receipt in self.receipts)
        )


def directory_fetch(root: Path) -> Fetch:
    """Files of a log that lies in a directory."""

    def fetch(path: str) -> bytes | None:
        try:
            return (root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    return fetch


def audit_log(
    fetch: Fetch,
    vkey: str,
    *,
    receipts: Mapping[str, bytes] | None = None,
    checkpoints: Mapping[str, bytes] | None = None,
    seal_check: SealCheck | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audited:
    """Audit everything; ``receipts`` and earlier ``checkpoints`` by name (the place in findings).

    Raises ``ValueError`` for a malformed ``vkey``; nothing that the log or a receipt holds raises.
    """
    verifier = NoteVerifier.parse(vkey)
    verdicts = tuple(
        verify_receipt(data, verifier=verifier, seal_check=seal_check, place=place)
        for place, data in (receipts or {}).items()
    )
    claims = [verdict.claim for verdict in verdicts if verdict.claim is not None]
    findings: list[Finding] = []
    for place, note in (checkpoints or {}).items():
        claims += _claims(findings, note, verifier, place)
    report = audit(fetch, verifier, claims=claims, progress=progress)
    return Audited(
        checkpoint=report.checkpoint,
        entries=report.entries,
        receipts=verdicts,
        findings=(*findings, *report.findings),
    )


def _claims(findings: list[Finding], note: bytes, verifier: NoteVerifier, place: str) -> list[Claim]:
    try:
        return [claim_of(note, verifier, place=place)]
    except Rejected as rejected:
        findings += rejected.findings
        return []
