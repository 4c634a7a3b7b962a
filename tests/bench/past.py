# SPDX-License-Identifier: EUPL-1.2
"""The journal's tables after many dossiers, made quickly, and one more dossier as intake records it.

Past dossiers are erased ones, as most are in a gateway of some years: no facts, no report, all their marks. Their
deliveries are there all the same, answered; retention would have taken them. More rows than in service, fewer bytes.
Marks are written in the order of their index: one by one they would cost minutes and end as the same rows.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bench.material import dossier
from gateway.journal import Journal, dedupe, deliveries, dossiers, events, log
from gateway.journal.dossiers import DossierFacts, DossierRow, DossierStatus, Stored
from gateway.journal.moments import text_of
from gateway.model.evidence import Fact, LogEvent

START = datetime(2026, 1, 1, tzinfo=UTC)
CHAMBER, AUTHORITY = "ihk-erfurt", "stadt-weimar"
_AT_ONCE = 50_000  # dossiers a transaction
_SUBJECT = bytes(16)
_FACTS = DossierFacts(dossier=dossier(1, START), documents=(), signers=())


def fill(journal: Journal, count: int) -> None:
    """Rows of ``count`` dossiers in every table but the log's."""
    for start in range(0, count, _AT_ONCE):
        numbers = range(start, min(count, start + _AT_ONCE))
        with journal.transaction() as connection:
            connection.executemany(
                "INSERT INTO dossier (id, chamber, status, received_at, bundle_sha256, bundle_size, content_digest,"
                " subject, authority, erased_at) VALUES (?, ?, 'erased', ?, ?, 900000, ?, ?, ?, ?)",
                map(_dossier, numbers),
            )
            connection.executemany(
                "INSERT INTO delivery (id, dossier_id, authority, state, attempts, next_at, deadline_at, updated_at)"
                " VALUES (?, ?, ?, 'answered', 1, ?, ?, ?)",
                map(_delivery, numbers),
            )
            connection.executemany(
                "INSERT INTO event (chamber, dossier_id, type, at, entry_idx) VALUES (?, ?, ?, ?, ?)",
                map(_event, numbers),
            )
    _mark(journal, count)


def accept(connection: sqlite3.Connection, number: int, fact: Fact) -> None:
    """One more, in the statements of ``gateway.intake.record``. ``fact`` is its entry in the log."""
    moment, bundle = _moment(number), bundle_of(number)
    row = DossierRow(
        id=id_of(number),
        chamber=CHAMBER,
        status=DossierStatus.ACCEPTED,
        received_at=moment,
        bundle_sha256=bundle,
        bundle_size=900_000,
        subject=fact.subject,
        content_digest=content_of(number),
        idempotency_key=key_of(number),
        authority=AUTHORITY,
        facts=_FACTS,
        report={"findings": [], "documents": [{"name": "a.pdf", "size": 1, "sha256": bundle}] * 10},
        stored=Stored(name=bundle[:32], wrapped_key=bytes(60)),
    )
    dossiers.insert(connection, row)
    dedupe.remember(
        connection,
        chamber=CHAMBER,
        key=row.idempotency_key,
        bundle_sha256=bundle,
        content_digest=content_of(number),
        dossier_id=row.id,
    )
    deliveries.enqueue(
        connection,
        delivery_id=id_of(number),
        dossier_id=row.id,
        authority=AUTHORITY,
        moment=moment,
        deadline_seconds=72 * 3600,
    )
    events.append_event(
        connection,
        chamber=CHAMBER,
        dossier_id=row.id,
        type=LogEvent.SUBMISSION_ACCEPTED.value,
        moment=moment,
        entry_idx=log.append(connection, fact),
        body={"authority": AUTHORITY, "reference": "33.2-1"},
    )


def known(connection: sqlite3.Connection, number: int) -> dedupe.Known | None:
    """What intake asks about every bundle: its key, its bytes, its content."""
    answers = (
        dedupe.of_key(connection, CHAMBER, key_of(number)),
        dedupe.of_bundle(connection, bundle_of(number)),
        dedupe.of_content(connection, content_of(number)),
    )
    if len(set(answers)) != 1:
        raise ValueError(f"expected one answer about dossier {number}, got {answers}")
    return answers[0]


def id_of(number: int) -> str:
    """In the form of an ULID, rising as those do."""
    return f"{number:026d}"


def bundle_of(number: int) -> str:
    """SHA-256 of a bundle that nobody has."""
    return hashlib.sha256(b"bundle %d" % number).hexdigest()


def content_of(number: int) -> str:
    """Digest of its content."""
    return hashlib.sha256(b"content %d" % number).hexdigest()


def key_of(number: int) -> str:
    """The chamber's own name for it."""
    return f"auftrag-{number}"


def _moment(number: int) -> datetime:
    return START + timedelta(seconds=number)


@lru_cache(_AT_ONCE)  # three tables ask, one after the other
def _at(number: int) -> str:
    return text_of(_moment(number))


def _dossier(number: int) -> tuple[object, ...]:
    at = _at(number)
    return id_of(number), CHAMBER, at, bundle_of(number), content_of(number), _SUBJECT, AUTHORITY, at


def _delivery(number: int) -> tuple[object, ...]:
    at = _at(number)
    return id_of(number), id_of(number), AUTHORITY, at, at, at


def _event(number: int) -> tuple[object, ...]:
    return CHAMBER, id_of(number), LogEvent.SUBMISSION_ACCEPTED.value, _at(number), number


def _mark(journal: Journal, count: int) -> None:
    with journal.transaction() as connection:
        for scope, column in (("bundle", "bundle_sha256"), ("content", "content_digest")):
            connection.execute(
                f"INSERT INTO dedupe SELECT ?, {column}, bundle_sha256, id FROM dossier ORDER BY {column}",
                (scope,),
            )
        connection.executemany(
            "INSERT INTO dedupe (scope, value, bundle_sha256, dossier_id) VALUES (?, ?, ?, ?)", _keys(count)
        )


def _keys(count: int) -> Iterator[tuple[str, ...]]:
    hashed = sorted((hashlib.sha256(key_of(n).encode()).hexdigest(), n) for n in range(count))
    return ((f"key:{CHAMBER}", mark, bundle_of(number), id_of(number)) for mark, number in hashed)
