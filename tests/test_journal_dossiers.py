# SPDX-License-Identifier: EUPL-1.2
"""Rows of dossiers: they come back as they were put in, and names of dossiers sort by time."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intakebundles import START, bundle, examination_of

from gateway.journal import Journal, dedupe, deliveries, dossiers
from gateway.journal.dedupe import Known
from gateway.journal.dossiers import DossierFacts, DossierRow, DossierStatus, Stored
from gateway.model.ulid import is_ulid, new_ulid


@pytest.fixture
def journal(tmp_path):
    Journal.create(tmp_path / "journal.db", meta={})
    journal = Journal.open(tmp_path / "journal.db")
    yield journal
    journal.close()


def facts():
    examination = examination_of(bundle(), START)
    return DossierFacts(
        dossier=examination.dossier, documents=examination.documents, signers=examination.signers
    )


def row(**changes):
    value = DossierRow(
        id="01KJPWD6M0C87PAQQ7AESQ51Z5",
        chamber="ihk-erfurt",
        status=DossierStatus.ACCEPTED,
        received_at=START,
        bundle_sha256="a" * 64,
        bundle_size=10,
        subject=b"s" * 16,
        content_digest="c" * 64,
        idempotency_key="k",
        authority="weimar",
        facts=facts(),
        report={"container": "ok", "findings": []},
        stored=Stored(name="0" * 32, wrapped_key=b"wrapped"),
    )
    return replace(value, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"status": DossierStatus.REFUSED, "facts": None, "authority": None, "content_digest": None},
        {"stored": None, "report": None, "idempotency_key": None},
        {"spool_until": START + timedelta(days=7), "refers_to": "01J00000000000000000000000"},
    ],
)
def test_a_row_comes_back_as_it_was_put_in(journal, changes):
    with journal.transaction() as connection:
        dossiers.insert(connection, row(**changes))
        assert row(**changes) == dossiers.find(connection, row().id)


def test_a_wrapped_key_is_not_shown():
    assert "wrapped" not in repr(row().stored).replace("wrapped_key", "")


def test_marks_are_found_by_their_own_scope_only(journal):
    with journal.transaction() as connection:
        dedupe.remember(
            connection,
            chamber="ihk-erfurt",
            key="k",
            bundle_sha256="b" * 64,
            content_digest="c" * 64,
            dossier_id="D",
        )
        known = Known(bundle_sha256="b" * 64, dossier_id="D")
        assert known == dedupe.of_key(connection, "ihk-erfurt", "k")
        assert known == dedupe.of_bundle(connection, "b" * 64)
        assert known == dedupe.of_content(connection, "c" * 64)
        assert dedupe.of_key(connection, "ihk-kassel", "k") is None
        assert dedupe.of_bundle(connection, "c" * 64) is None
        assert dedupe.of_content(connection, "b" * 64) is None


def test_a_mark_cannot_be_set_twice(journal):
    marks = {
        "chamber": "a",
        "key": None,
        "bundle_sha256": "b" * 64,
        "content_digest": "c" * 64,
        "dossier_id": "D",
    }
    with journal.transaction() as connection:
        dedupe.remember(connection, **marks)
    with pytest.raises(sqlite3.IntegrityError), journal.transaction() as connection:
        dedupe.remember(connection, **{**marks, "bundle_sha256": "e" * 64})
    with journal.reading() as connection:  # none of the second set stayed
        assert dedupe.of_bundle(connection, "e" * 64) is None


def test_a_commit_that_fails_is_rolled_back_and_not_joined_by_the_next(journal, monkeypatch):
    class Refusing:
        def __init__(self, real):
            self._real = real

        def __getattr__(self, name):
            return getattr(self._real, name)

        def commit(self):
            raise sqlite3.OperationalError("injected")

    real = journal._connection
    journal._connection = Refusing(real)
    with pytest.raises(sqlite3.OperationalError), journal.transaction() as connection:
        dossiers.insert(connection, row())
    journal._connection = real
    assert not real.in_transaction
    with journal.reading() as connection:
        assert dossiers.find(connection, row().id) is None


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2400, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_names_are_ulids_and_sort_by_time(moment):
    early = new_ulid(moment, lambda n: b"\xff" * n)
    late = new_ulid(moment + timedelta(milliseconds=1), bytes)
    assert early < late
    assert is_ulid(early)
    assert is_ulid(late)


def test_a_known_ulid_is_made_as_its_specification_says():
    moment = datetime.fromtimestamp(1469918176385 / 1000, UTC)  # the example of github.com/ulid/spec
    assert new_ulid(moment, bytes).startswith("01ARYZ6S41")


@given(st.text(max_size=30))
def test_other_text_is_no_name(text):
    assert is_ulid(text) == (
        len(text) == 26 and text[0] in "01234567" and set(text) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    )


def plan(connection, look) -> str:
    """How SQLite answers the statements that ``look`` makes."""
    asked = []
    connection.set_trace_callback(asked.append)
    look(connection)
    connection.set_trace_callback(None)
    rows = [row for sql in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    return "\n".join(row["detail"] for row in rows)


@pytest.mark.parametrize(
    "look",
    [
        partial(dossiers.delivered_before, moment=START, limit=100),
        partial(dossiers.received_before, moment=START, now=START, limit=100),
        partial(dossiers.refused_until, moment=START, limit=100),
        partial(dossiers.refused_bytes, chamber="ihk-erfurt"),
    ],
)
def test_what_retention_and_intake_ask_again_and_again_reads_no_whole_table(journal, look):
    with journal.reading() as connection:
        found = plan(connection, look)
    assert "SEARCH" in found
    assert "SCAN" not in found


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("rests", "due"),
    [
        ([("acknowledged", 1)], True),
        ([("answered", 1), ("acknowledged", 2)], True),
        ([("acknowledged", 1), ("answered", 30)], False),  # the recipient's last word counts
        ([("acknowledged", 1), ("parked", 1)], False),
        ([("consigned", 1)], False),
        ([], False),
    ],
)
def test_a_dossier_is_delivered_once_all_its_deliveries_rest_long_enough(journal, rests, due):
    with journal.transaction() as connection:
        dossiers.insert(connection, replace(row(), id="D", status=DossierStatus.ACCEPTED))
        for number, (state, day) in enumerate(rests):
            moment = START + day * DAY
            deliveries.enqueue(
                connection,
                delivery_id=str(number),
                dossier_id="D",
                authority=f"a-{number}",
                moment=moment,
                deadline_seconds=1,
            )
            connection.execute("UPDATE delivery SET state = ? WHERE id = ?", (state, str(number)))
        found = dossiers.delivered_before(connection, START + 10 * DAY, limit=100)
    assert (("D",) if due else ()) == found
