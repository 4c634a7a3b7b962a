# SPDX-License-Identifier: EUPL-1.2
"""The chambers' event feed: every statement over table ``event``.

An event becomes visible when the log entry it rests on is covered by a published checkpoint: a chamber never reads
of something that a roll-back could still take away. Sequence numbers follow commit order, so a reader that asks for
"after" the last number it saw misses nothing.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.journal.moments import moment_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ChamberEvent:
    """One event of the feed; ``body`` is ``None`` once the dossier was erased."""

    seq: int
    dossier_id: str
    type: str  # LogEvent or delivery state change, see schemas/openapi.yaml
    at: datetime
    entry_idx: int
    body: Mapping[str, Any] | None


def append_event(
    connection: sqlite3.Connection,
    *,
    chamber: str,
    dossier_id: str,
    type: str,  # noqa: A002 - the field's name on the wire
    moment: datetime,
    entry_idx: int,
    body: Mapping[str, Any] | None = None,
) -> int:
    """Add an event inside the transaction that wrote log entry ``entry_idx``; its sequence number."""
    cursor = connection.execute(
        "INSERT INTO event (chamber, dossier_id, type, at, entry_idx, body) VALUES (?, ?, ?, ?, ?, ?)",
        (
            chamber,
            dossier_id,
            type,
            text_of(moment),
            entry_idx,
            json.dumps(body or {}, ensure_ascii=False),
        ),
    )
    return int(cursor.lastrowid or 0)


def of_dossier(connection: sqlite3.Connection, chamber: str, dossier_id: str) -> tuple[ChamberEvent, ...]:
    """Everything that happened to one dossier, published or not; for the operator, after erasure too."""
    rows = connection.execute(
        "SELECT * FROM event WHERE chamber = ? AND dossier_id = ? ORDER BY seq", (chamber, dossier_id)
    )
    return tuple(_event(row) for row in rows)


def events_after(
    connection: sqlite3.Connection, chamber: str, seq: int, limit: int
) -> tuple[ChamberEvent, ...]:
    """Published events of this chamber after ``seq``, in order, up to the first entry that still waits for its receipt.

    The checkpoint row is written before the receipts: without that bound a reader could see an event whose receipt
    is not there yet, and "first" keeps the order, so nobody's cursor ever skips an event.
    """
    rows = connection.execute(
        "SELECT * FROM event WHERE chamber = ? AND seq > ?"
        " AND entry_idx < (SELECT coalesce(max(size), 0) FROM checkpoint)"
        " AND entry_idx < coalesce((SELECT min(idx) FROM log_entry"
        " WHERE receipt IS NULL AND evidence IS NOT NULL AND dossier_id IS NOT NULL), entry_idx + 1)"
        " ORDER BY seq LIMIT ?",
        (chamber, seq, limit),
    )
    return tuple(_event(row) for row in rows)


def _event(row: sqlite3.Row) -> ChamberEvent:
    return ChamberEvent(
        seq=row["seq"],
        dossier_id=row["dossier_id"],
        type=row["type"],
        at=moment_of(row["at"]),
        entry_idx=row["entry_idx"],
        body=json.loads(row["body"]) if row["body"] is not None else None,
    )
