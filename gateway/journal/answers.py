# SPDX-License-Identifier: EUPL-1.2
"""Answers of authorities: every statement over table ``answer``.

An answer's own id makes a repeated one recognisable; its digest tells another answer under a used id apart, also after
the body was erased. Every function takes the connection of the caller's transaction.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from gateway.journal.moments import moment_of, text_of
from gateway.model.answer import answer_body, answer_digest
from gateway.model.delivery import Answer, AnswerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswer:
    """One answer as recorded; ``answer`` is ``None`` once the dossier was erased."""

    id: str
    kind: AnswerKind
    answer: Answer | None
    body_sha256: str
    entry_idx: int
    answered_at: datetime


def record(connection: sqlite3.Connection, answer: Answer, *, entry_idx: int, moment: datetime) -> None:
    """Keep an answer. Raises ``sqlite3.IntegrityError`` if its id is used; look with ``find`` before."""
    connection.execute(
        "INSERT INTO answer (id, delivery_id, kind, body, body_sha256, entry_idx, answered_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            answer.id,
            answer.delivery_id,
            answer.kind,
            json.dumps(answer_body(answer), ensure_ascii=False),
            answer_digest(answer),
            entry_idx,
            text_of(moment),
        ),
    )


def find(connection: sqlite3.Connection, delivery_id: str, answer_id: str) -> RecordedAnswer | None:
    """The answer recorded under this id."""
    row = connection.execute(
        "SELECT * FROM answer WHERE delivery_id = ? AND id = ?", (delivery_id, answer_id)
    ).fetchone()
    return _recorded(row) if row is not None else None


def of_delivery(connection: sqlite3.Connection, delivery_id: str) -> tuple[RecordedAnswer, ...]:
    """All answers to a delivery in the order they came."""
    rows = connection.execute("SELECT * FROM answer WHERE delivery_id = ? ORDER BY entry_idx", (delivery_id,))
    return tuple(_recorded(row) for row in rows)


def _recorded(row: sqlite3.Row) -> RecordedAnswer:
    answer = None
    if row["body"] is not None:
        body = json.loads(row["body"])
        answer = Answer(
            id=row["id"],
            delivery_id=row["delivery_id"],
            kind=AnswerKind(row["kind"]),
            message=body["message"],
            reference=body["reference"],
            requested_documents=tuple(body["requested_documents"]),
        )
    return RecordedAnswer(
        id=row["id"],
        kind=AnswerKind(row["kind"]),
        answer=answer,
        body_sha256=row["body_sha256"],
        entry_idx=row["entry_idx"],
        answered_at=moment_of(row["answered_at"]),
    )
