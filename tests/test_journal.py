# SPDX-License-Identifier: EUPL-1.2
"""The journal's two ways in: a reading sees one state and leaves none, a transaction is whole or nothing."""

import sqlite3

import pytest

from gateway.errors import JournalDamaged
from gateway.journal import Journal

COUNT = "SELECT count(*) FROM meta"


@pytest.fixture
def path(tmp_path):
    Journal.create(tmp_path / "journal.db", meta={"kind": "test"})
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path):
    journal = Journal.open(path)
    yield journal
    journal.close()


@pytest.fixture
def neighbour(path):
    """Another role's connection to the same file."""
    journal = Journal.open(path)
    yield journal
    journal.close()


def put(connection, name="new"):
    connection.execute("INSERT INTO meta VALUES (?, 'x')", (name,))


def count(connection) -> int:
    return connection.execute(COUNT).fetchone()[0]


def test_a_reading_sees_one_state_whatever_others_write_meanwhile(journal, neighbour):
    with journal.reading() as connection:
        before = count(connection)
        with neighbour.transaction() as other:
            put(other)
        assert before == count(connection)
        with journal.reading() as nested:  # part of the same look
            assert before == count(nested)
        assert before == count(connection)
    with journal.reading() as connection:
        assert before + 1 == count(connection)


def test_a_reading_inside_a_transaction_sees_what_that_wrote_and_does_not_end_it(journal, neighbour):
    with journal.transaction() as connection:
        put(connection)
        with journal.reading() as nested:
            assert 2 == count(nested)
        put(connection, "newer")
    with neighbour.reading() as connection:
        assert 3 == count(connection)


def test_writing_inside_a_reading_is_refused_before_anything_is_lost(journal):
    with journal.reading(), pytest.raises(RuntimeError, match="inside a reading"), journal.transaction():
        pytest.fail("began")
    with journal.transaction() as connection:
        put(connection)
    with journal.reading() as connection:
        assert 2 == count(connection)


def test_a_reading_that_fails_leaves_nothing_open(journal):
    with pytest.raises(sqlite3.OperationalError), journal.reading() as connection:
        connection.execute("SELECT * FROM nowhere")
    with journal.transaction() as connection:
        put(connection)
    assert journal.flush()


def test_a_file_that_is_no_journal_is_told_in_our_words(tmp_path):
    (tmp_path / "journal.db").write_bytes(b"no database at all " * 100)
    with pytest.raises(JournalDamaged, match="fails its integrity check: file is not a database"):
        Journal.open(tmp_path / "journal.db")
