# SPDX-License-Identifier: EUPL-1.2
"""Writes down what became of a bundle, in the caller's transaction: all of it is there, or none of it.

Accepted: dossier, marks for dedupe, log entry, delivery, event. Refused: dossier, log entry, event; no marks, so the
same bundle may come again when the chamber or the operator mended the set-up. The evidence has the fields that
EN 319 522-2 asks for; the log itself gets only their salted commitment.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.intake.judgement import Admission, Judgement
from gateway.journal import dedupe, deliveries, dossiers, events, log
from gateway.journal.dossiers import DossierRow, DossierStatus, Stored
from gateway.model.evidence import Entropy, Fact, LogEvent, utc_seconds
from gateway.model.partner import Chamber
from gateway.model.ulid import new_ulid
from gateway.spool import SpoolFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One bundle of one chamber, as far as it is known before anything is read in it."""

    chamber: Chamber
    key: str | None
    received_at: datetime
    sha256: str  # hex, of the bundle
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """Who writes, in whose name, with what deadlines."""

    issuer: Mapping[str, Any]  # how the gateway names itself in evidence
    entropy: Entropy
    keep_refused: timedelta  # bytes of a refused bundle; zero keeps none
    keep_refused_bytes: int  # of one chamber, all its refused bundles together
    delivery_deadline: timedelta

    def accept(
        self,
        connection: sqlite3.Connection,
        submission: Submission,
        judgement: Judgement,
        admission: Admission,
        file: SpoolFile,
        *,
        moment: datetime,
    ) -> DossierRow:
        """The gateway takes responsibility once this transaction is committed."""
        row = self._accepted(submission, judgement, admission, file)
        dossiers.insert(connection, row)
        dedupe.remember(
            connection,
            chamber=row.chamber,
            key=submission.key,
            bundle_sha256=row.bundle_sha256,
            content_digest=admission.content_digest,
            dossier_id=row.id,
        )
        deliveries.enqueue(
            connection,
            delivery_id=new_ulid(moment, self.entropy),
            dossier_id=row.id,
            authority=admission.authority.id,
            moment=moment,
            deadline_seconds=self.delivery_deadline.total_seconds(),
        )
        evidence = {**self._parties(submission, row), **_content(admission), **_scan(judgement)}
        told = {"authority": admission.authority.id, "reference": admission.facts.dossier.reference}
        self._log(connection, LogEvent.SUBMISSION_ACCEPTED, row, evidence, told, moment=moment)
        return row

    def refuse(
        self,
        connection: sqlite3.Connection,
        submission: Submission,
        judgement: Judgement,
        file: SpoolFile,
        *,
        moment: datetime,
    ) -> DossierRow:
        """The refusal with all findings; the bytes stay as long and as many as configured and are noise after that."""
        keep = self._keeps(connection, submission)
        own_id = new_ulid(submission.received_at, self.entropy)
        row = DossierRow(
            id=own_id,
            chamber=submission.chamber.id,
            status=DossierStatus.REFUSED,
            received_at=submission.received_at,
            bundle_sha256=submission.sha256,
            bundle_size=submission.size,
            subject=self.entropy(16),
            idempotency_key=submission.key,
            report=_report(judgement, own_id),
            stored=Stored(name=file.name, wrapped_key=file.wrapped_key) if keep else None,
            spool_until=submission.received_at + self.keep_refused if keep else None,
        )
        dossiers.insert(connection, row)
        told = {"reasons": judgement.reasons}
        evidence = {**self._parties(submission, row), **told, **_scan(judgement)}
        self._log(connection, LogEvent.SUBMISSION_REJECTED, row, evidence, told, moment=moment)
        return row

    def _accepted(
        self, submission: Submission, judgement: Judgement, admission: Admission, file: SpoolFile
    ) -> DossierRow:
        own_id = new_ulid(submission.received_at, self.entropy)
        return DossierRow(
            id=own_id,
            chamber=submission.chamber.id,
            status=DossierStatus.ACCEPTED,
            received_at=submission.received_at,
            bundle_sha256=submission.sha256,
            bundle_size=submission.size,
            subject=self.entropy(16),
            content_digest=admission.content_digest,
            idempotency_key=submission.key,
            authority=admission.authority.id,
            refers_to=admission.facts.dossier.refers_to or None,
            facts=admission.facts,
            report=_report(judgement, own_id),
            stored=Stored(name=file.name, wrapped_key=file.wrapped_key),
        )

    def _keeps(self, connection: sqlite3.Connection, submission: Submission) -> bool:
        """A chamber's refused bundles stay for a look, within its share: nobody fills the disk with noise."""
        if self.keep_refused <= timedelta(0):
            return False
        kept = dossiers.refused_bytes(connection, submission.chamber.id)
        return kept + submission.size <= self.keep_refused_bytes

    def _parties(self, submission: Submission, row: DossierRow) -> dict[str, Any]:
        return {
            "issuer": dict(self.issuer),
            "sender": {"id": submission.chamber.id, "name": submission.chamber.name},
            "message_id": row.id,
            "submission_time": utc_seconds(row.received_at),
            "bundle_sha256": row.bundle_sha256,
            "bundle_size": row.bundle_size,
        }

    def _log(
        self,
        connection: sqlite3.Connection,
        event: LogEvent,
        row: DossierRow,
        evidence: Mapping[str, Any],
        told: Mapping[str, Any],
        *,
        moment: datetime,
    ) -> None:
        fact = Fact(
            event=event,
            id=self.entropy(16),
            salt=self.entropy(32),
            subject=row.subject,
            moment=moment,
            evidence=evidence,
            dossier_id=row.id,
        )
        idx = log.append(connection, fact)
        events.append_event(
            connection,
            chamber=row.chamber,
            dossier_id=row.id,
            type=event.value,
            moment=moment,
            entry_idx=idx,
            body=told,
        )


def _content(admission: Admission) -> dict[str, Any]:
    facts, authority = admission.facts, admission.authority
    return {
        "recipient": {"id": authority.id, "name": authority.name},
        "content_digest": admission.content_digest,
        "documents": [{"type": d.type, "sha256": d.sha256, "size": d.size} for d in facts.documents],
        "signers": [signer.certificate_sha256 for signer in facts.signers],
    }


def _scan(judgement: Judgement) -> dict[str, Any]:
    """Who looked for malware, and with what knowledge; nothing where nobody did."""
    scan = judgement.report.get("scan")
    return {"scan": scan} if scan else {}


def _report(judgement: Judgement, dossier_id: str) -> dict[str, Any]:
    """With what was found after the examination, and the id that its file has here."""
    findings = [finding.to_json() for finding in judgement.findings]
    return {**judgement.report, "findings": findings, "dossier": dossier_id}
