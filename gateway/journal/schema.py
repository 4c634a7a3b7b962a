# SPDX-License-Identifier: EUPL-1.2
"""Tables of the journal, as ordered, named migrations (sqlite-utils). A landed migration is never edited.

Several roles open the journal at once after an upgrade: whoever comes first migrates under the write lock, the others
wait for it and find nothing left to do. All pending migrations are one transaction.

The row is the queue: what a role has to do is read from here, at start-up as in normal work.
Personal data stands in ``dossier.report``, ``dossier.facts``, ``log_entry.evidence``, ``log_entry.receipt`` and
``answer.body``; erasing a dossier empties them and destroys ``dossier.wrapped_key``.
"""

import sqlite3

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from gateway.errors import JournalTooNew

migrations = Migrations("amtsbote")

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE dossier (
  id TEXT PRIMARY KEY,                -- ULID
  chamber TEXT NOT NULL,              -- partner id
  status TEXT NOT NULL CHECK (status IN ('accepted', 'refused', 'erased')),
  received_at TEXT NOT NULL,          -- RFC 3339, UTC
  idempotency_key TEXT,
  bundle_sha256 TEXT NOT NULL,        -- hex
  bundle_size INTEGER NOT NULL,       -- bytes
  content_digest TEXT,                -- hex, of the signed content, NULL where nothing could be read
  subject BLOB NOT NULL,              -- 16 random bytes: the dossier's name in the log
  authority TEXT,                     -- partner id, NULL for refused
  refers_to TEXT,                     -- dossier id, for supplements
  facts TEXT,                         -- JSON, decoded dossier.xml (personal data)
  report TEXT,                        -- JSON, verification report with findings (personal data)
  spool_name TEXT,                    -- file in the spool, NULL once gone
  wrapped_key BLOB,                   -- data key wrapped by the master key, NULL = content is unreadable for ever
  spool_until TEXT,                   -- when a refused bundle's bytes go
  erased_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX dossier_by_chamber ON dossier (chamber, received_at);
CREATE INDEX dossier_to_purge ON dossier (spool_until) WHERE spool_until IS NOT NULL;
CREATE INDEX dossier_to_erase ON dossier (received_at) WHERE status != 'erased';
CREATE INDEX dossier_by_spool_name ON dossier (spool_name) WHERE spool_name IS NOT NULL;

-- For ever, hashes only: a bundle accepted once is recognised after 400 days and after erasure too.
CREATE TABLE dedupe (
  scope TEXT NOT NULL,                -- 'key:<chamber>' or 'content' or 'bundle'
  value TEXT NOT NULL,
  bundle_sha256 TEXT NOT NULL,
  dossier_id TEXT NOT NULL,
  PRIMARY KEY (scope, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_entry (
  idx INTEGER PRIMARY KEY,            -- 0, 1, 2, ... without gap
  id TEXT NOT NULL UNIQUE,            -- base64url, 128 bit
  event TEXT NOT NULL,
  entry BLOB NOT NULL,                -- JCS bytes, what is hashed into the leaf
  dossier_id TEXT,
  evidence BLOB,                      -- JCS bytes behind the commitment (personal data), NULL once erased
  salt BLOB,                          -- 32 bytes, NULL once erased
  receipt BLOB                        -- JSON, NULL until published, and again once erased
) STRICT;
CREATE INDEX log_entry_by_dossier ON log_entry (dossier_id, idx) WHERE dossier_id IS NOT NULL;

CREATE INDEX log_entry_awaiting_receipt ON log_entry (idx)
  WHERE receipt IS NULL AND dossier_id IS NOT NULL AND evidence IS NOT NULL AND salt IS NOT NULL;

CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,           -- tree size
  root BLOB NOT NULL,                 -- 32 bytes
  note BLOB NOT NULL,                 -- signed note, as published
  signed_at TEXT NOT NULL
) STRICT;

CREATE TABLE delivery (
  id TEXT PRIMARY KEY,                -- ULID
  dossier_id TEXT NOT NULL REFERENCES dossier (id),
  authority TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at TEXT NOT NULL,              -- not before
  deadline_at TEXT NOT NULL,          -- parked after
  last_code TEXT,                     -- reason of the last failure
  lease_until TEXT,                   -- pull: hidden from further listing until then
  updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (authority, next_at) WHERE state IN ('queued', 'waiting', 'delivering');
CREATE INDEX delivery_inbox ON delivery (authority, state, id);
CREATE INDEX delivery_by_dossier ON delivery (dossier_id);

CREATE TABLE answer (
  id TEXT NOT NULL,                   -- the authority's own id for it
  delivery_id TEXT NOT NULL REFERENCES delivery (id),
  kind TEXT NOT NULL,
  body TEXT,                          -- JSON (personal data), NULL once erased
  body_sha256 TEXT NOT NULL,          -- recognises a repeated answer, and another one under a used id
  entry_idx INTEGER NOT NULL,
  answered_at TEXT NOT NULL,
  PRIMARY KEY (delivery_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (                  -- the chambers' feed, in commit order
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  chamber TEXT NOT NULL,
  dossier_id TEXT NOT NULL,
  type TEXT NOT NULL,
  at TEXT NOT NULL,
  entry_idx INTEGER NOT NULL,         -- visible once this log entry is published
  body TEXT                           -- JSON, NULL once erased
) STRICT;
CREATE INDEX event_by_chamber ON event (chamber, seq);
"""


@migrations()
def m001_tables(db: Database) -> None:
    """All tables of version 0.1."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations()
def m002_indexes_of_retention(db: Database) -> None:
    """What retention asks in every round, and what a chamber's refused bundles take, without reading whole tables."""
    db.execute(
        "CREATE INDEX delivery_at_rest ON delivery (updated_at) WHERE state IN ('acknowledged', 'answered')"
    )
    db.execute(
        "CREATE INDEX dossier_refused_bytes ON dossier (chamber, bundle_size) WHERE spool_until IS NOT NULL"
    )


def bring_up(connection: sqlite3.Connection) -> None:
    """Bring a journal to this version's schema, once, whoever asks at the same time. Raises ``JournalTooNew``."""
    db = Database(connection)
    _require_known(db)
    if not migrations.pending(db):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _require_known(db)  # again: another process may have been faster, and newer
        migrations.apply(db)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _require_known(db: Database) -> None:
    newer = [migration.name for migration in migrations.applied(db) if migration.name not in _KNOWN]
    if newer:
        raise JournalTooNew(
            f"the journal was written by a newer version (it has {', '.join(newer)})",
            hint="start that version again, or restore the backup from before the change",
        )


_KNOWN = frozenset(migration.name for migration in migrations.pending(Database(memory=True)))
