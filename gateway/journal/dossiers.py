# SPDX-License-Identifier: EUPL-1.2
"""Dossiers: every statement over the table ``dossier``. What is known for ever about bundles stands in ``dedupe``.

Every function takes the connection of the caller's transaction. Leaves out deciding anything (``gateway.intake``,
``gateway.retention``) and the files (``gateway.spool``); a row names its file and holds the wrapped key to it.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.journal.log import erase_evidence
from gateway.journal.moments import moment_of, text_of
from gateway.model.bundle import Signer
from gateway.model.dossier import Dossier
from gateway.model.examination import ExaminedDocument
from gateway.model.wire import dump, load

_ERASED_SUBJECT = bytes(16)  # the link between a dossier and its leaves is erased like everything else


class DossierStatus(StrEnum):
    """What became of a bundle."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFacts:
    """What an accepted bundle says and holds; personal data."""

    dossier: Dossier
    documents: tuple[ExaminedDocument, ...]
    signers: tuple[Signer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Where the bytes are: a spool file and the wrapped key to it."""

    name: str
    wrapped_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierRow:
    """One dossier as it stands in the journal. ``facts`` and ``report`` are gone once it is erased."""

    id: str
    chamber: str
    status: DossierStatus
    received_at: datetime
    bundle_sha256: str
    bundle_size: int
    subject: bytes
    content_digest: str | None = None
    idempotency_key: str | None = None
    authority: str | None = None
    refers_to: str | None = None
    facts: DossierFacts | None = None
    report: Mapping[str, Any] | None = None
    stored: Stored | None = None
    spool_until: datetime | None = None
    erased_at: datetime | None = None


def insert(connection: sqlite3.Connection, row: DossierRow) -> None:
    """A new dossier."""
    connection.execute(
        "INSERT INTO dossier (id, chamber, status, received_at, idempotency_key, bundle_sha256, bundle_size,"
        " content_digest, subject, authority, refers_to, facts, report, spool_name, wrapped_key, spool_until)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            row.chamber,
            row.status,
            text_of(row.received_at),
            row.idempotency_key,
            row.bundle_sha256,
            row.bundle_size,
            row.content_digest,
            row.subject,
            row.authority,
            row.refers_to,
            _json(row.facts),
            _json(row.report),
            row.stored.name if row.stored else None,
            row.stored.wrapped_key if row.stored else None,
            text_of(row.spool_until) if row.spool_until else None,
        ),
    )


def find(connection: sqlite3.Connection, dossier_id: str) -> DossierRow | None:
    """The dossier with this id."""
    row = connection.execute("SELECT * FROM dossier WHERE id = ?", (dossier_id,)).fetchone()
    return _row(row) if row is not None else None


def receipt(connection: sqlite3.Connection, dossier_id: str) -> bytes | None:
    """The receipt of the submission: that of the dossier's first log entry."""
    row = connection.execute(
        "SELECT receipt FROM log_entry WHERE dossier_id = ? ORDER BY idx LIMIT 1", (dossier_id,)
    ).fetchone()
    return None if row is None or row["receipt"] is None else bytes(row["receipt"])


def spooled(connection: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """Name and plaintext size of every spool file that has to be there."""
    rows = connection.execute("SELECT spool_name, bundle_size FROM dossier WHERE spool_name IS NOT NULL")
    return ((row["spool_name"], row["bundle_size"]) for row in rows)


def refused_bytes(connection: sqlite3.Connection, chamber: str) -> int:
    """What a chamber's refused bundles take in the spool."""
    row = connection.execute(
        "SELECT COALESCE(SUM(bundle_size), 0) FROM dossier WHERE chamber = ? AND spool_until IS NOT NULL",
        (chamber,),
    ).fetchone()
    return int(row[0])


def refused_until(connection: sqlite3.Connection, moment: datetime, *, limit: int) -> tuple[DossierRow, ...]:
    """Refused bundles whose bytes were kept long enough."""
    rows = connection.execute(
        "SELECT * FROM dossier WHERE spool_until IS NOT NULL AND spool_until <= ? ORDER BY spool_until LIMIT ?",
        (text_of(moment), limit),
    )
    return tuple(_row(row) for row in rows)


def delivered_before(connection: sqlite3.Connection, moment: datetime, *, limit: int) -> tuple[str, ...]:
    """Accepted dossiers all of whose deliveries came to rest with the recipient's word before ``moment``."""
    # Starts at ``delivery_at_rest``: erasing drops deliveries, so it holds what is kept and reads what is due.
    rows = connection.execute(
        "SELECT DISTINCT dossier_id AS id FROM delivery AS done"
        " WHERE state IN ('acknowledged', 'answered') AND updated_at <= :moment"
        " AND EXISTS (SELECT 1 FROM dossier WHERE id = done.dossier_id AND status = 'accepted')"
        " AND NOT EXISTS (SELECT 1 FROM delivery WHERE dossier_id = done.dossier_id"
        " AND (updated_at > :moment OR state NOT IN ('acknowledged', 'answered')))"
        " ORDER BY updated_at LIMIT :limit",
        {"moment": text_of(moment), "limit": limit},
    )
    return tuple(row["id"] for row in rows)


def received_before(
    connection: sqlite3.Connection, moment: datetime, *, now: datetime, limit: int
) -> tuple[str, ...]:
    """Dossiers, refused ones too, older than any deadline and not erased; without what is being delivered ``now``."""
    rows = connection.execute(
        "SELECT id FROM dossier WHERE status != 'erased' AND received_at <= ? AND NOT EXISTS"
        " (SELECT 1 FROM delivery WHERE dossier_id = dossier.id AND state = 'delivering' AND next_at > ?)"
        " ORDER BY received_at LIMIT ?",
        (text_of(moment), text_of(now), limit),
    )
    return tuple(row["id"] for row in rows)


def drop_bytes(connection: sqlite3.Connection, dossier_id: str) -> None:
    """Forget the key to the bundle: its file is noise from here on."""
    connection.execute(
        "UPDATE dossier SET spool_name = NULL, wrapped_key = NULL, spool_until = NULL WHERE id = ?",
        (dossier_id,),
    )


def erase(connection: sqlite3.Connection, dossier_id: str, *, moment: datetime) -> int:
    """Empty everything that tells of the dossier; how many log entries lost their evidence. Hashes for dedupe stay.

    Deliveries and answers go as a whole: what they prove stands in the log and in the receipts of those who hold one.
    """
    deliveries = "SELECT id FROM delivery WHERE dossier_id = ?"
    connection.execute(f"DELETE FROM answer WHERE delivery_id IN ({deliveries})", (dossier_id,))  # noqa: S608 - constant
    connection.execute("DELETE FROM delivery WHERE dossier_id = ?", (dossier_id,))
    connection.execute("UPDATE event SET body = NULL WHERE dossier_id = ?", (dossier_id,))
    entries = erase_evidence(connection, dossier_id)
    connection.execute("UPDATE log_entry SET dossier_id = NULL WHERE dossier_id = ?", (dossier_id,))
    connection.execute(
        "UPDATE dossier SET status = 'erased', erased_at = ?, idempotency_key = NULL, subject = ?, facts = NULL,"
        " report = NULL, spool_name = NULL, wrapped_key = NULL, spool_until = NULL WHERE id = ?",
        (text_of(moment), _ERASED_SUBJECT, dossier_id),
    )
    return entries


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(dump(value), ensure_ascii=False)


def _row(row: sqlite3.Row) -> DossierRow:
    return DossierRow(
        id=row["id"],
        chamber=row["chamber"],
        status=DossierStatus(row["status"]),
        received_at=moment_of(row["received_at"]),
        bundle_sha256=row["bundle_sha256"],
        bundle_size=row["bundle_size"],
        subject=row["subject"],
        content_digest=row["content_digest"],
        idempotency_key=row["idempotency_key"],
        authority=row["authority"],
        refers_to=row["refers_to"],
        facts=load(DossierFacts, json.loads(row["facts"])) if row["facts"] else None,
        report=json.loads(row["report"]) if row["report"] else None,
        stored=Stored(name=row["spool_name"], wrapped_key=row["wrapped_key"]) if row["spool_name"] else None,
        spool_until=moment_of(row["spool_until"]) if row["spool_until"] else None,
        erased_at=moment_of(row["erased_at"]) if row["erased_at"] else None,
    )
