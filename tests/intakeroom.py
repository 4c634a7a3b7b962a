# SPDX-License-Identifier: EUPL-1.2
"""A gateway's way in, set up in a directory: journal, spool, log, publisher; the verification workers are a fake."""

import asyncio
import io
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from intakebundles import ERFURT, JENA, KASSEL, START, WEIMAR, FakeWorkers

from gateway.doorbell import Doorbell, Role
from gateway.intake import Intake, Judge, Publication, Registrar
from gateway.journal import Journal, answers, deliveries, dossiers, log
from gateway.keyring import MasterKey
from gateway.model.delivery import Answer, AnswerKind
from gateway.model.partner import Partners
from gateway.model.rules import Route, RouteKind, Rules
from gateway.publisher import Publisher, open_log
from gateway.retention import Retention, recover
from gateway.spool import Spool
from gateway.telemetry import EventLog
from gateway.tlog.note import NoteSigner

SIGNER = NoteSigner("gateway.example/intake", bytes(range(32)))
ISSUER = {"id": "amtsbote", "name": "Amtsbote Test"}
# What stands in journal and spool.
NOTHING = {"dossier": 0, "dedupe": 0, "delivery": 0, "event": 0, "log": 0, "files": 0}
ONE_ACCEPTED = {"dossier": 1, "dedupe": 2, "delivery": 1, "event": 1, "log": 1, "files": 1}
ONE_REFUSED = {"dossier": 1, "dedupe": 0, "delivery": 0, "event": 1, "log": 1, "files": 1}


@dataclass
class Time:
    """A clock that goes when it is told to."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


def rules() -> Rules:
    def row(ags, authority, kind=RouteKind.DEFAULT):
        return Route(
            ags=ags,
            authority=authority,
            kind=kind,
            valid_from=date(2020, 1, 1),
            valid_until=None,
            source="test",
        )

    empty = dict.fromkeys(
        (
            "titles",
            "document_types",
            "completeness",
            "fields",
            "thresholds",
            "authorities",
            "deadlines",
            "algorithms",
        ),
        (),
    )
    return Rules(
        jurisdiction=(row("16055000", "weimar"), row("16053000", "jena"), row("09", "nowhere")), **empty
    )


class IntakeRoom:
    """Everything a bundle meets. A second room over the same directory is the same gateway after a restart."""

    def __init__(
        self,
        directory: Path,
        *,
        keep_refused=timedelta(days=7),
        keep_refused_bytes=1 << 30,
        max_bundle_bytes=1 << 22,
    ):
        self.directory = directory
        fresh = not (directory / "journal.db").exists()
        if fresh:
            for name in ("spool", "run", "trust"):
                (directory / name).mkdir()
            Journal.create(directory / "journal.db", meta={})
        self.time, self.workers = Time(), FakeWorkers()
        self.damages = []
        self.file_time: datetime | None = None
        self.journal = Journal.open(directory / "journal.db")
        if fresh:
            open_log(
                self.journal,
                directory / "log",
                directory / "trust" / "guard",
                signer=SIGNER,
                clock=self.time,
                entropy=os.urandom,
            )
        self.master = MasterKey(key=b"m" * 32, entropy=os.urandom)
        self.spool = Spool(directory / "spool", self.master, os.urandom)
        self.partners = Partners(chambers=(ERFURT, KASSEL), authorities=(WEIMAR, JENA))
        self.keep_refused, self.keep_refused_bytes = keep_refused, keep_refused_bytes
        self.max_bundle_bytes = max_bundle_bytes

    def intake(self, doorbell: Doorbell, *, publication_limit=20.0) -> Intake:
        return Intake(
            journal=self.journal,
            spool=self.spool,
            examiner=self.workers,
            judge=Judge(partners=self.partners, rules=rules()),
            registrar=Registrar(
                issuer=ISSUER,
                entropy=os.urandom,
                keep_refused=self.keep_refused,
                keep_refused_bytes=self.keep_refused_bytes,
                delivery_deadline=timedelta(days=3),
            ),
            publication=Publication(self.journal, doorbell, patience=0.2, limit=publication_limit),
            clock=self.time,
            max_bundle_bytes=self.max_bundle_bytes,
            on_damage=self.damages.append,
        )

    @asynccontextmanager
    async def running(self, *, publishing=True, publication_limit=20.0):
        """An intake with the publish role beside it."""
        receive, publish = (Doorbell(self.directory / "run", role) for role in (Role.RECEIVE, Role.PUBLISH))
        await receive.listen()
        await publish.listen()
        stop = asyncio.Event()
        publisher = Publisher(
            self.journal,
            self.directory / "log",
            self.directory / "trust" / "guard",
            signer=SIGNER,
            sealer=None,
            events=EventLog(io.StringIO(), lambda: datetime.now(UTC), role="publish"),
            clock=self.time,
        )
        task = asyncio.create_task(publisher.run(publish, stop)) if publishing else None
        intake = self.intake(receive, publication_limit=publication_limit)
        try:
            yield intake
            await intake.drain()
        finally:
            stop.set()
            if task is not None:
                await task
            publisher.close()
            receive.close()
            publish.close()

    def retention(
        self, *, keep_delivered=timedelta(days=14), keep_undelivered=timedelta(days=90)
    ) -> Retention:
        return Retention(
            journal=self.journal,
            spool=self.spool,
            issuer=ISSUER,
            clock=self.time,
            entropy=os.urandom,
            keep_delivered=keep_delivered,
            keep_undelivered=keep_undelivered,
            file_clock=lambda: self.file_time or datetime.now(UTC),
        )

    def recover(self):
        return recover(self.journal, self.spool, moment=datetime.now(UTC))

    def rows(self, sql: str, *arguments) -> list[tuple]:
        with self.journal.reading() as connection:
            return [tuple(row) for row in connection.execute(sql, arguments)]

    def counts(self) -> dict[str, int]:
        """What an intake may leave behind, by kind."""
        tables = ("dossier", "dedupe", "delivery", "event")
        counts = {table: self.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}
        counts["log"] = self.rows("SELECT count(*) FROM log_entry WHERE event != 'log.opened'")[0][0]
        counts["files"] = len(list((self.directory / "spool").iterdir()))
        return counts

    def entries(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT event FROM log_entry ORDER BY idx")][1:]

    def receipt(self, idx: int):
        with self.journal.reading() as connection:
            return log.receipt(connection, idx)

    def close(self) -> None:
        self.journal.close()


async def stream(data: bytes, step: int = 4096):
    for start in range(0, len(data), step):
        yield data[start : start + step]


async def submit(intake: Intake, data: bytes, *, chamber=ERFURT, key=None, length=True):
    return await intake.submit(
        chamber, stream(data), content_length=len(data) if length else None, idempotency_key=key
    )


async def check(intake: Intake, data: bytes, *, chamber=ERFURT):
    return await intake.check(chamber, stream(data), content_length=len(data))


def codes(findings):
    return [f.code for f in findings]


def row_of(room, dossier_id):
    with room.journal.reading() as connection:
        return dossiers.find(connection, dossier_id)


def answered(room, dossier_id, state="acknowledged", moment=START):
    """The recipient's word, as the way out records it."""
    with room.journal.transaction() as connection:
        (row,) = deliveries.of_dossier(connection, dossier_id)
        connection.execute(
            "UPDATE delivery SET state = ?, updated_at = ? WHERE id = ?",
            (state, moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"), row.id),
        )
        given = Answer(
            id="A-4711", delivery_id=row.id, kind=AnswerKind.ACCEPTED, message="Frau Nguyễn-Öztürk"
        )
        answers.record(connection, given, entry_idx=1, moment=moment)
