# SPDX-License-Identifier: EUPL-1.2
"""A journal of another version: an older one is brought up once, whoever opens it; a newer one is not touched."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest
from sqlite_utils import Database

from gateway.errors import JournalTooNew
from gateway.journal import Journal
from gateway.journal.schema import migrations

NEWEST = [migration.name for migration in migrations.pending(Database(memory=True))]
ROLES = 6

#: Waits at the gate like the roles of a gateway that start together, then opens the journal.
ROLE = """
import os, sys
from pathlib import Path
from gateway.journal import Journal
os.write(1, b"r")
os.read(0, 1)
Journal.open(Path(sys.argv[1])).close()
"""


@pytest.fixture
def old(tmp_path):
    """A journal as version 0.1's first schema left it, with a dossier in it."""
    path = tmp_path / "journal.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrations.apply(Database(connection), stop_before=NEWEST[1])
        connection.execute("INSERT INTO meta VALUES ('kind', 'old')")
        connection.execute(
            "INSERT INTO dossier (id, chamber, status, received_at, bundle_sha256, bundle_size, subject)"
            " VALUES ('1', 'ihk', 'accepted', '2026-01-01T00:00:00.000Z', 'x', 1, x'00')"
        )
    return path


def applied(path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]


def test_a_journal_of_the_first_version_is_brought_up_with_its_rows(old):
    assert NEWEST[:1] == applied(old)
    journal = Journal.open(old)
    with journal.reading() as connection:
        assert [("1", "ihk")] == [tuple(row) for row in connection.execute("SELECT id, chamber FROM dossier")]
    assert "old" == journal.meta("kind")
    journal.check()
    journal.close()
    assert NEWEST == applied(old)


@pytest.mark.parametrize("turn", range(5))
def test_roles_that_start_together_bring_it_up_once_and_none_fails(old, turn):
    roles = [
        subprocess.Popen(
            [sys.executable, "-c", ROLE, str(old)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=-1
        )
        for _ in range(ROLES)
    ]
    for role in roles:
        assert b"r" == role.stdout.read(1)
    for role in roles:  # all stand at the gate
        os.write(role.stdin.fileno(), b"g")
    faults = [role.communicate(timeout=60)[1].decode() for role in roles]

    assert [""] * ROLES == faults
    assert [0] * ROLES == [role.returncode for role in roles]
    assert NEWEST == applied(old)


def test_a_migration_that_fails_leaves_the_old_journal(old, monkeypatch):
    def broken(db):
        db.execute("CREATE TABLE half (x)")
        raise RuntimeError("no")

    migrations(name="m999_broken")(broken)
    try:
        with pytest.raises(RuntimeError, match="no"):
            Journal.open(old)
    finally:
        migrations._migrations.pop()
    assert NEWEST[:1] == applied(old)
    Journal.open(old).close()
    with contextlib.closing(sqlite3.connect(old)) as connection:
        assert [] == connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall()


def test_a_journal_of_a_newer_version_is_refused_and_stays_as_it_is(old):
    Journal.open(old).close()
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('amtsbote', 'm900_to_come', 'x')"
        )
        connection.commit()
    before = old.read_bytes()
    with pytest.raises(
        JournalTooNew, match=r"newer version \(it has m900_to_come\); start that version again"
    ):
        Journal.open(old)
    assert before == old.read_bytes()


def test_opening_a_journal_of_this_version_takes_no_write_lock(old):
    Journal.open(old).close()
    with contextlib.closing(sqlite3.connect(old, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # a role at work
        Journal.open(old).close()
        other.execute("ROLLBACK")
