# SPDX-License-Identifier: EUPL-1.2
"""The journal: one SQLite file that several roles open; all SQL of the project stands in this package.

Trusted: yes. May be lost: no. May be rolled back: no (the publisher refuses to sign after a roll-back).
``schema`` makes the tables; ``dossiers``, ``log``, ``deliveries`` and ``events`` hold the statements of one noun
each, as functions over an open ``Journal``. Whoever writes opens one ``transaction`` around everything that belongs
together; nobody sees half of it, and it is durable when the block ends (WAL with ``synchronous=FULL``).
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock

from gateway.errors import JournalDamaged, TrustStateMissing
from gateway.journal.schema import bring_up

_BUSY_MILLISECONDS = 10_000
_RESTORE = "check the disk, then bring back the newest backup: amtsbote restore"


class Journal:
    """An open journal. One connection, shared by the threads of one role under ``_lock``."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._lock = RLock()  # owns what follows: sqlite3 objects are not safe for concurrent use
        self._connection = connection
        self._looking = False  # the open transaction is a ``reading``

    @classmethod
    def create(cls, path: Path, *, meta: Mapping[str, str]) -> None:
        """Make a new journal with ``meta`` rows. Raises ``FileExistsError``: trust state is never overwritten."""
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o660)
        os.close(descriptor)
        connection = _connect(path)
        bring_up(connection)
        with connection:
            connection.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
        connection.close()
        # SQLite fsyncs the directory but ignores an error of it; ours does not.
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    @classmethod
    def open(cls, path: Path) -> "Journal":
        """Open an existing journal and bring it to this version's schema.

        Raises ``TrustStateMissing``, ``JournalTooNew``, ``JournalDamaged``.
        """
        if not path.is_file():
            raise TrustStateMissing(
                f"no journal at {path}",
                hint="bring it back from where you keep copies; a new gateway is made with: amtsbote init",
            )
        with _readable(path):
            connection = _connect(path)
            try:
                bring_up(connection)
            except BaseException:
                connection.close()
                raise
        return cls(connection, path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One atomic write. Nested calls join the outer one. Raises ``sqlite3.Error`` if the disk refuses."""
        with self._lock:
            if self._looking:
                # Its snapshot may be old, and its end rolls back: what is written here would be lost without a word.
                raise RuntimeError("a transaction cannot begin inside a reading: write first or after it")
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.commit()
            except BaseException:
                # Also where COMMIT itself failed: left open, the next caller would join it and never commit.
                self._connection.rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent look: every statement sees the same state. Inside a transaction or another look it joins it."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN DEFERRED")
            self._looking = True
            try:
                yield self._connection
            finally:
                self._connection.rollback()
                self._looking = False  # after it: were it to fail, no transaction may join what is left open

    def meta(self, name: str) -> str:
        """A row of ``meta``. Raises ``JournalDamaged`` if it is not there."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise JournalDamaged(f"journal {self.path} has no meta row {name}")
        return str(row["value"])

    def flush(self) -> bool:
        """Move the write-ahead log into the journal and cut it, so it keeps no erased content. ``False``: others read, later."""
        with self._lock:
            # Not waiting: whoever waits here holds the lock that intake needs.
            self._connection.execute("PRAGMA busy_timeout = 0")
            try:
                busy: int = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            return busy == 0

    def check(self) -> None:
        """SQLite's own integrity check; run at start-up. Raises ``JournalDamaged``."""
        with self.reading() as connection:
            _check(connection, self.path)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


def snapshot(path: Path, target: Path) -> None:
    """Copy one moment of a journal into a single file, while roles write to it. It is neither locked nor brought up.

    Raises ``JournalDamaged`` where the copy is not whole.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(look_at(path)) as source, closing(sqlite3.connect(target)) as copy:
        with _readable(path):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # no second file belongs to it
        _check(copy, path)


def look_at(path: Path) -> sqlite3.Connection:
    """A connection that reads a journal and cannot write, whatever version it is of; the caller closes it."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """SQLite cannot make sense of the file: said in our words. That it is locked or the disk is full stays as it is."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in {
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
        }:
            raise
        raise JournalDamaged(f"journal {path} fails its integrity check: {error}", hint=_RESTORE) from error


def _check(connection: sqlite3.Connection, path: Path) -> None:
    with _readable(path):
        verdict = [row[0] for row in connection.execute("PRAGMA quick_check")]
    if verdict != ["ok"]:
        raise JournalDamaged(f"journal {path} fails its integrity check: {verdict[:3]}", hint=_RESTORE)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=_BUSY_MILLISECONDS / 1000
    )
    try:
        _set_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise JournalDamaged(
            f"expected journal mode wal, got {mode}", hint="put the state directory on a local file system"
        )
    connection.execute("PRAGMA synchronous = FULL")  # NORMAL lost acknowledged rows in power-loss tests
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten, not only unlinked
