# SPDX-License-Identifier: EUPL-1.2
"""Bundles that were accepted once, recognised for ever: every statement over the table ``dedupe``.

Hashes only, so a mark outlives the erasure of its dossier. Every function takes the connection of the caller's
transaction. What a repetition means is for ``gateway.intake`` to say.
"""

import hashlib
import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A bundle that was accepted once."""

    bundle_sha256: str
    dossier_id: str


def remember(
    connection: sqlite3.Connection,
    *,
    chamber: str,
    key: str | None,
    bundle_sha256: str,
    content_digest: str,
    dossier_id: str,
) -> None:
    """Recognise this bundle, its content and its key for ever. Raises ``sqlite3.IntegrityError`` if one is known."""
    marks = [("bundle", bundle_sha256), ("content", content_digest)]
    if key is not None:
        marks.append((f"key:{chamber}", _key_mark(key)))
    connection.executemany(
        "INSERT INTO dedupe (scope, value, bundle_sha256, dossier_id) VALUES (?, ?, ?, ?)",
        [(scope, value, bundle_sha256, dossier_id) for scope, value in marks],
    )


def of_key(connection: sqlite3.Connection, chamber: str, key: str) -> Known | None:
    """The bundle this chamber once sent under this key."""
    return _known(connection, f"key:{chamber}", _key_mark(key))


def of_bundle(connection: sqlite3.Connection, bundle_sha256: str) -> Known | None:
    """The dossier these very bytes became."""
    return _known(connection, "bundle", bundle_sha256)


def of_content(connection: sqlite3.Connection, content_digest: str) -> Known | None:
    """The dossier with this signed content, in whatever container it came."""
    return _known(connection, "content", content_digest)


def _known(connection: sqlite3.Connection, scope: str, value: str) -> Known | None:
    row = connection.execute(
        "SELECT bundle_sha256, dossier_id FROM dedupe WHERE scope = ? AND value = ?", (scope, value)
    ).fetchone()
    return None if row is None else Known(bundle_sha256=row["bundle_sha256"], dossier_id=row["dossier_id"])


def _key_mark(key: str) -> str:
    # Kept for ever, so hashed: a chamber's key may be a file number or a name.
    return hashlib.sha256(key.encode()).hexdigest()
