# SPDX-License-Identifier: EUPL-1.2
"""Deliveries: every statement over table ``delivery``.

The row is the queue: what is due is found by a query, at start-up as in normal work.
Every function takes the connection of the caller's transaction; states change by ``gateway.stages.delivery`` only.
"""

import sqlite3
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.codes import Code
from gateway.journal.moments import moment_of, text_of
from gateway.model.delivery import DeliveryState
from gateway.stages.delivery import DUE_STATES, DeliveryEvent, next_state


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One delivery as it stands in the journal."""

    id: str
    dossier_id: str
    authority: str
    state: DeliveryState
    attempts: int
    next_at: datetime
    deadline_at: datetime
    last_code: Code | None
    lease_until: datetime | None
    updated_at: datetime


def enqueue(
    connection: sqlite3.Connection,
    *,
    delivery_id: str,
    dossier_id: str,
    authority: str,
    moment: datetime,
    deadline_seconds: float,
) -> None:
    """A new delivery, due at once. Called inside the transaction that accepts the dossier."""
    now = text_of(moment)
    connection.execute(
        "INSERT INTO delivery (id, dossier_id, authority, state, next_at, deadline_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            delivery_id,
            dossier_id,
            authority,
            DeliveryState.QUEUED,
            now,
            text_of(moment + timedelta(seconds=deadline_seconds)),
            now,
        ),
    )


def due(
    connection: sqlite3.Connection, *, authority: str, moment: datetime, limit: int = 64
) -> tuple[DeliveryRow, ...]:
    """Deliveries whose time has come, oldest first; a claim whose time is over counts as due again."""
    rows = connection.execute(
        "SELECT * FROM delivery WHERE state IN ('queued', 'waiting', 'delivering')"
        " AND next_at <= ? AND authority = ? ORDER BY next_at, id LIMIT ?",
        (text_of(moment), authority, limit),
    )
    return tuple(_row(row) for row in rows)


def unfinished_authorities(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Authorities that are owed an attempt, whether or not the configuration still knows them."""
    rows = connection.execute(
        "SELECT DISTINCT authority FROM delivery WHERE state IN ('queued', 'waiting', 'delivering')"
    )
    return tuple(sorted(row["authority"] for row in rows))


def owed(connection: sqlite3.Connection, authority: str) -> tuple[DeliveryRow, ...]:
    """Everything an attempt is owed for, due or not."""
    rows = connection.execute(
        "SELECT * FROM delivery WHERE state IN ('queued', 'waiting', 'delivering') AND authority = ?"
        " ORDER BY id",
        (authority,),
    )
    return tuple(_row(row) for row in rows)


def claim(
    connection: sqlite3.Connection, delivery_id: str, *, moment: datetime, attempt_seconds: float
) -> DeliveryRow | None:
    """Record the attempt before it is made. ``None`` where it is not owed any more since it was listed."""
    row = find(connection, delivery_id)
    if row is None or row.state not in DUE_STATES or row.next_at > moment:
        return None
    # Due again once the attempt must be over: a crash between here and ``move`` needs no repair of its own.
    until = moment + timedelta(seconds=attempt_seconds)
    connection.execute(
        "UPDATE delivery SET state = ?, attempts = attempts + 1, next_at = ?, updated_at = ? WHERE id = ?",
        (next_state(row.state, DeliveryEvent.ATTEMPT), text_of(until), text_of(moment), delivery_id),
    )
    return find(connection, delivery_id)


def release_claims(connection: sqlite3.Connection, *, moment: datetime) -> int:
    """Make the claims of a dead predecessor due at once; how many there were. Called when the role starts."""
    return connection.execute(
        "UPDATE delivery SET next_at = ? WHERE state = 'delivering' AND next_at > ?",
        (text_of(moment), text_of(moment)),
    ).rowcount


def move(
    connection: sqlite3.Connection,
    row: DeliveryRow,
    event: DeliveryEvent,
    *,
    moment: datetime,
    next_at: datetime | None = None,
    code: Code | None = None,
) -> DeliveryState | None:
    """Bring ``row`` to the state after ``event``; the new state, or ``None`` where the row has moved on meanwhile.

    Raises ``Rejected(DELIVERY_STATE)`` where the table has no such transition.
    """
    state = next_state(row.state, event)
    # The attempt's number is the fence: an attempt that outlived its claim cannot overwrite its successor's result.
    changed = connection.execute(
        "UPDATE delivery SET state = ?, next_at = ?, last_code = ?, updated_at = ?"
        " WHERE id = ? AND state = ? AND attempts = ?",
        (
            state,
            text_of(next_at or row.next_at),
            code,
            text_of(moment),
            row.id,
            row.state,
            row.attempts,
        ),
    ).rowcount
    return state if changed else None


def resume(
    connection: sqlite3.Connection, delivery_id: str, *, moment: datetime, deadline_seconds: float
) -> DeliveryState | None:
    """Put a parked delivery back into the queue with a new deadline; ``None`` where there is no such delivery.

    Raises ``Rejected(DELIVERY_STATE)`` where it is not parked.
    """
    row = find(connection, delivery_id)
    if row is None:
        return None
    state = next_state(row.state, DeliveryEvent.RESUMED)
    connection.execute(
        "UPDATE delivery SET state = ?, next_at = ?, deadline_at = ?, attempts = 0, updated_at = ? WHERE id = ?",
        (
            state,
            text_of(moment),
            text_of(moment + timedelta(seconds=deadline_seconds)),
            text_of(moment),
            delivery_id,
        ),
    )
    return state


def find(connection: sqlite3.Connection, delivery_id: str) -> DeliveryRow | None:
    """The delivery with this id."""
    row = connection.execute("SELECT * FROM delivery WHERE id = ?", (delivery_id,)).fetchone()
    return _row(row) if row is not None else None


def of_dossier(connection: sqlite3.Connection, dossier_id: str) -> tuple[DeliveryRow, ...]:
    """All deliveries of a dossier, oldest first."""
    rows = connection.execute("SELECT * FROM delivery WHERE dossier_id = ? ORDER BY id", (dossier_id,))
    return tuple(_row(row) for row in rows)


def under_way(
    connection: sqlite3.Connection, dossier_id: str, *, moment: datetime
) -> tuple[DeliveryRow, ...]:
    """Deliveries of a dossier that somebody is attempting now: the claim has not run out."""
    rows = connection.execute(
        "SELECT * FROM delivery WHERE dossier_id = ? AND state = 'delivering' AND next_at > ? ORDER BY id",
        (dossier_id, text_of(moment)),
    )
    return tuple(_row(row) for row in rows)


def parked(connection: sqlite3.Connection) -> tuple[DeliveryRow, ...]:
    """Deliveries a person must look at."""
    rows = connection.execute("SELECT * FROM delivery WHERE state = 'parked' ORDER BY updated_at, id")
    return tuple(_row(row) for row in rows)


def counts(connection: sqlite3.Connection) -> Mapping[DeliveryState, int]:
    """How many deliveries stand in each state; for the metrics page."""
    rows = connection.execute("SELECT state, count(*) AS n FROM delivery GROUP BY state")
    found = {DeliveryState(row["state"]): int(row["n"]) for row in rows}
    return {state: found.get(state, 0) for state in DeliveryState}


def waiting_in_inbox(
    connection: sqlite3.Connection, *, authority: str, moment: datetime, limit: int
) -> tuple[DeliveryRow, ...]:
    """What an authority has not acknowledged yet, oldest first, without what is leased to another of its readers."""
    rows = connection.execute(
        "SELECT * FROM delivery WHERE authority = ? AND state IN ('consigned', 'handed-over')"
        " AND (lease_until IS NULL OR lease_until <= ?) ORDER BY id LIMIT ?",
        (authority, text_of(moment), limit),
    )
    return tuple(_row(row) for row in rows)


def lease(connection: sqlite3.Connection, ids: Sequence[str], *, until: datetime) -> None:
    """Hide deliveries from further listing until then."""
    connection.executemany(
        "UPDATE delivery SET lease_until = ? WHERE id = ?",
        [(text_of(until), delivery_id) for delivery_id in ids],
    )


def latest_entry_id(connection: sqlite3.Connection, dossier_id: str) -> bytes | None:
    """Id of the dossier's newest log entry: what the next one answers."""
    row = connection.execute(
        "SELECT id FROM log_entry WHERE dossier_id = ? ORDER BY idx DESC LIMIT 1", (dossier_id,)
    ).fetchone()
    return urlsafe_b64decode(row["id"] + "==") if row is not None else None


def _row(row: sqlite3.Row) -> DeliveryRow:
    return DeliveryRow(
        id=row["id"],
        dossier_id=row["dossier_id"],
        authority=row["authority"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        next_at=moment_of(row["next_at"]),
        deadline_at=moment_of(row["deadline_at"]),
        last_code=Code(row["last_code"]) if row["last_code"] else None,
        lease_until=moment_of(row["lease_until"]) if row["lease_until"] else None,
        updated_at=moment_of(row["updated_at"]),
    )
