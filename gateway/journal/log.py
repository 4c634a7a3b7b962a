# SPDX-License-Identifier: EUPL-1.2
"""Statements over the log: entries in, checkpoints and receipts out.

Every function works inside its caller's transaction, so an entry is committed with the fact it tells of or not at all.
Entries are numbered without gap (the tree needs that): the write lock of the transaction makes ``MAX(idx) + 1`` safe.
No row of ``log_entry`` or ``checkpoint`` is ever deleted; erasing empties the columns with personal data.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.errors import JournalDamaged
from gateway.model.evidence import Fact, utc_seconds
from gateway.tlog.entry import entry_bytes, evidence_bytes, identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One row of the log. ``evidence`` and ``salt`` are ``None`` once erased, ``dossier_id`` where none is concerned."""

    idx: int
    entry: bytes
    dossier_id: str | None
    evidence: bytes | None
    salt: bytes | None

    @property
    def receiptable(self) -> bool:
        """Somebody may hold a receipt for it: a dossier's fact that is not erased."""
        return self.dossier_id is not None and self.evidence is not None and self.salt is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRoot:
    """A row of ``checkpoint``."""

    size: int
    root: bytes
    note: bytes


def append(connection: sqlite3.Connection, fact: Fact) -> int:
    """Log a fact; returns its index. Raises ``ValueError`` for evidence that JSON cannot carry."""
    idx, evidence = size(connection), evidence_bytes(fact)
    connection.execute(
        "INSERT INTO log_entry (idx, id, event, entry, dossier_id, evidence, salt) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            idx,
            identifier(fact.id),
            fact.event.value,
            entry_bytes(fact, evidence),
            fact.dossier_id or None,
            evidence,
            fact.salt,
        ),
    )
    return idx


def size(connection: sqlite3.Connection) -> int:
    """Entries in the journal, published or not."""
    return int(connection.execute("SELECT COALESCE(MAX(idx) + 1, 0) FROM log_entry").fetchone()[0])


def entries(connection: sqlite3.Connection, start: int, end: int) -> tuple[Logged, ...]:
    """Rows ``start`` to ``end`` (excluded). Raises ``JournalDamaged`` if one of them is not there."""
    rows = connection.execute(
        "SELECT idx, entry, dossier_id, evidence, salt FROM log_entry WHERE idx >= ? AND idx < ? ORDER BY idx",
        (start, end),
    ).fetchall()
    if [row["idx"] for row in rows] != list(range(start, end)):
        raise JournalDamaged(
            f"expected log entries {start} to {end - 1} without gap, got {len(rows)} rows",
            hint="restore the journal from the newest backup",
        )
    return tuple(_logged(row) for row in rows)


def awaiting_receipt(connection: sqlite3.Connection, end: int) -> tuple[Logged, ...]:
    """Published rows (below ``end``) that should have a receipt and have none: a crash came between."""
    rows = connection.execute(
        "SELECT idx, entry, dossier_id, evidence, salt FROM log_entry WHERE receipt IS NULL"
        " AND dossier_id IS NOT NULL AND evidence IS NOT NULL AND salt IS NOT NULL AND idx < ? ORDER BY idx",
        (end,),
    )
    return tuple(_logged(row) for row in rows)


def latest_checkpoint(connection: sqlite3.Connection) -> SignedRoot | None:
    """The newest checkpoint that was signed, ``None`` before the log is opened."""
    return _signed_root(
        connection.execute("SELECT size, root, note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    )


def checkpoint_before(connection: sqlite3.Connection, tree_size: int) -> SignedRoot | None:
    """The newest checkpoint smaller than ``tree_size``."""
    return _signed_root(
        connection.execute(
            "SELECT size, root, note FROM checkpoint WHERE size < ? ORDER BY size DESC LIMIT 1", (tree_size,)
        ).fetchone()
    )


def record_checkpoint(
    connection: sqlite3.Connection, signed: SignedRoot, *, after: SignedRoot | None, moment: datetime
) -> None:
    """Compare and swap: ``signed`` becomes the newest checkpoint only if ``after`` is the newest one now.

    Raises ``JournalDamaged`` if another publisher was faster; nothing of ours may be published then.
    """
    newest = latest_checkpoint(connection)
    if newest != after or (after is not None and signed.size <= after.size):
        raise JournalDamaged(
            f"expected checkpoint {after.size if after else 'none'} as the newest, got {newest.size if newest else 'none'}",
            hint="run one publisher only",
        )
    connection.execute(
        "INSERT INTO checkpoint (size, root, note, signed_at) VALUES (?, ?, ?, ?)",
        (signed.size, signed.root, signed.note, utc_seconds(moment)),
    )


def published_size(connection: sqlite3.Connection) -> int:
    """Entries covered by the newest signed checkpoint; 0 before the first."""
    return int(connection.execute("SELECT COALESCE(MAX(size), 0) FROM checkpoint").fetchone()[0])


def store_receipts(connection: sqlite3.Connection, receipts: Iterable[tuple[int, bytes]]) -> None:
    """Put receipts to their entries; one whose evidence was erased meanwhile stays without."""
    connection.executemany(
        "UPDATE log_entry SET receipt = ? WHERE idx = ? AND receipt IS NULL AND evidence IS NOT NULL",
        ((receipt, idx) for idx, receipt in receipts),
    )


def receipt(connection: sqlite3.Connection, idx: int) -> bytes | None:
    """The receipt of one entry; ``None`` until it is published, and again once it is erased."""
    row = connection.execute("SELECT receipt FROM log_entry WHERE idx = ?", (idx,)).fetchone()
    return None if row is None or row["receipt"] is None else bytes(row["receipt"])


def receipts_of(connection: sqlite3.Connection, dossier_id: str) -> tuple[bytes, ...]:
    """All receipts of a dossier in the order of the log."""
    rows = connection.execute(
        "SELECT receipt FROM log_entry WHERE dossier_id = ? AND receipt IS NOT NULL ORDER BY idx",
        (dossier_id,),
    )
    return tuple(bytes(row["receipt"]) for row in rows)


def erase_evidence(connection: sqlite3.Connection, dossier_id: str) -> int:
    """Empty what could tell whom the dossier's entries mean; returns how many entries. The leaves stay."""
    return connection.execute(
        "UPDATE log_entry SET evidence = NULL, salt = NULL, receipt = NULL WHERE dossier_id = ?",
        (dossier_id,),
    ).rowcount


def _logged(row: sqlite3.Row) -> Logged:
    return Logged(
        idx=row["idx"],
        entry=row["entry"],
        dossier_id=row["dossier_id"],
        evidence=row["evidence"],
        salt=row["salt"],
    )


def _signed_root(row: sqlite3.Row | None) -> SignedRoot | None:
    return None if row is None else SignedRoot(size=row["size"], root=row["root"], note=row["note"])
