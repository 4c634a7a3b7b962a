# SPDX-License-Identifier: EUPL-1.2
"""The way in: what happens to a bundle while its chamber waits for the answer.

    spool -> seen before? -> examine (in a worker) -> durable -> sender, duplicate, route -> record -> published -> answer

Responsibility begins with ``Accepted`` and not before (RFC 5321 clause 6.1, for dossiers). Before it, in this order:
the file is synced, renamed and its directory synced; one transaction with dossier, dedupe marks, log entry, delivery
and event is committed; the log entry is published. A crash anywhere leaves either nothing that counts or everything:
files without a row are swept (``gateway.retention``), a row whose chamber saw no answer is found when it sends again.

Leaves out HTTP (``gateway.web``), verification (``gateway.examination``) and delivery (``gateway.dispatch``).
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol
from weakref import WeakValueDictionary

from gateway.codes import Code
from gateway.errors import JournalDamaged, Unavailable
from gateway.intake.judgement import Judge, require_answers
from gateway.intake.outcome import Accepted, CheckResult, Outcome, Refused, Repeated
from gateway.intake.publication import Publication
from gateway.intake.reception import checked_key, receive
from gateway.intake.record import Registrar, Submission
from gateway.intake.repetition import Recorded, earlier_of
from gateway.journal import Journal
from gateway.model.evidence import Clock
from gateway.model.examination import Examination
from gateway.model.partner import Chamber
from gateway.spool import Spool, SpoolFile, SpoolWriter

__all__ = [
    "Accepted",
    "CheckResult",
    "Examiner",
    "Intake",
    "Judge",
    "Outcome",
    "Publication",
    "Refused",
    "Registrar",
    "Repeated",
]

# What SQLite says when nothing was written and trying later can help; any other error leaves the commit in doubt.
_NOT_NOW = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}


class Examiner(Protocol):
    """**Protocol:** examines an encrypted file in a process of its own. Safe for concurrent use.

    ``descriptor`` stays the caller's. Raises ``Unavailable`` if nobody can examine now.
    """

    async def examine(self, descriptor: int, file_key: bytes, *, moment: datetime) -> Examination:
        """All findings, and the facts if none blocks."""
        ...


class Intake:
    """Takes bundles in. One per process; several processes may share journal and spool.

    ``on_damage`` is called once when journal or spool can no longer be trusted to be durable; it has to end the
    process, because a failed fsync must not be tried again. Until it does, every call is refused.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        spool: Spool,
        examiner: Examiner,
        judge: Judge,
        registrar: Registrar,
        publication: Publication,
        clock: Clock,
        max_bundle_bytes: int,
        on_damage: Callable[[JournalDamaged], None],
    ) -> None:
        self._journal, self._spool, self._examiner = journal, spool, examiner
        self._judge, self._registrar, self._publication = judge, registrar, publication
        self._clock, self._limit, self._on_damage = clock, max_bundle_bytes, on_damage
        self._damage: JournalDamaged | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by bundle SHA-256
        self._running: set[asyncio.Task[Outcome]] = set()

    async def submit(
        self,
        chamber: Chamber,
        body: AsyncIterator[bytes],
        *,
        content_length: int | None,
        idempotency_key: str | None,
    ) -> Outcome:
        """Take a bundle in. Raises ``Rejected`` for what is no submission, ``Unavailable``, ``JournalDamaged``."""
        self._require_sound()
        key = checked_key(idempotency_key)
        writer = await receive(body, spool=self._spool, limit=self._limit, content_length=content_length)
        submission = Submission(
            chamber=chamber, key=key, received_at=self._clock(), sha256=writer.sha256, size=writer.size
        )
        task = asyncio.create_task(self._settle(submission, writer))
        self._running.add(task)
        task.add_done_callback(self._finished)
        # A chamber that hangs up now must not stop a commit half way; it finds the result when it sends again.
        return await asyncio.shield(task)

    async def check(
        self, chamber: Chamber, body: AsyncIterator[bytes], *, content_length: int | None
    ) -> CheckResult:
        """The same checks; nothing is recorded, the bytes are dropped. Raises as ``submit`` does."""
        self._require_sound()
        writer = await receive(body, spool=self._spool, limit=self._limit, content_length=content_length)
        try:
            examination = await self._examine(writer, self._clock())
        finally:
            writer.abort()
        return await asyncio.to_thread(self._judged, chamber, examination)

    async def drain(self, limit: float = 30.0) -> int:
        """Wait until every bundle that is being settled has its answer, ``limit`` seconds at most; how many have none.

        Call it before the journal is closed. What is left counts as a crash: nothing of it, or everything (see above).
        """
        if not self._running:
            return 0
        _, left = await asyncio.wait(self._running, timeout=limit)
        return len(left)

    async def _settle(self, submission: Submission, writer: SpoolWriter) -> Outcome:
        try:
            # Equal bytes take turns: fifty at once are examined once, and the rest finds the first one's row.
            async with self._turns.setdefault(submission.sha256, asyncio.Lock()):
                recorded = await asyncio.to_thread(self._earlier, submission)
                if recorded is None:
                    recorded = await self._examine_and_record(submission, writer)
        except JournalDamaged as damage:
            self._report(damage)
            raise
        finally:
            writer.abort()
        receipt = await self._publication.receipt(recorded.dossier_id)
        return recorded.answer(dossier_id=recorded.dossier_id, receipt=receipt)

    async def _examine_and_record(self, submission: Submission, writer: SpoolWriter) -> Recorded:
        examination = await self._examine(writer, submission.received_at)
        file = await asyncio.to_thread(writer.commit)
        return await asyncio.to_thread(self._record, submission, examination, file)

    async def _examine(self, writer: SpoolWriter, moment: datetime) -> Examination:
        descriptor = writer.open_descriptor()
        try:
            examination = await self._examiner.examine(descriptor, writer.file_key, moment=moment)
        finally:
            os.close(descriptor)
        require_answers(examination)
        told = {"sha256": writer.sha256, "size": writer.size}
        return replace(examination, report={**examination.report, **told})

    def _earlier(self, submission: Submission) -> Recorded | None:
        with self._journal.reading() as connection:
            return earlier_of(connection, submission)

    def _record(self, submission: Submission, examination: Examination, file: SpoolFile) -> Recorded:
        try:
            with self._journal.transaction() as connection:
                recorded = self._decide(connection, submission, examination, file)
        except sqlite3.Error as error:
            # Extended codes have the plain one in the low byte.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _NOT_NOW:
                # The row may come back from the write-ahead log after a restart: its file has to stay.
                raise JournalDamaged(f"journal cannot commit: {error}", hint="check the disk") from error
            self._spool.remove(file.name)
            raise Unavailable(Code.INSUFFICIENT_STORAGE, f"journal cannot commit now: {error}") from error
        except BaseException:  # raised before the commit, so nothing names the file
            self._spool.remove(file.name)
            raise
        if not recorded.keeps_file:
            self._spool.remove(file.name)
        return recorded

    def _decide(
        self,
        connection: sqlite3.Connection,
        submission: Submission,
        examination: Examination,
        file: SpoolFile,
    ) -> Recorded:
        earlier = earlier_of(connection, submission)  # again: another process may have been faster
        if earlier is not None:
            return earlier
        judgement = self._judge.judge(connection, submission.chamber, examination)
        moment = self._clock()
        if judgement.admission is not None:
            row = self._registrar.accept(
                connection, submission, judgement, judgement.admission, file, moment=moment
            )
            return Recorded(dossier_id=row.id, answer=Accepted, keeps_file=True)
        row = self._registrar.refuse(connection, submission, judgement, file, moment=moment)
        answer = partial(Refused, findings=judgement.findings)
        return Recorded(dossier_id=row.id, answer=answer, keeps_file=row.stored is not None)

    def _judged(self, chamber: Chamber, examination: Examination) -> CheckResult:
        with self._journal.reading() as connection:
            judgement = self._judge.judge(connection, chamber, examination)
        return CheckResult(
            findings=judgement.findings,
            report=judgement.report,
            authority=judgement.admission.authority.id if judgement.admission else None,
        )

    def _require_sound(self) -> None:
        if self._damage is not None:
            raise JournalDamaged(self._damage.detail, hint=self._damage.hint)

    def _report(self, damage: JournalDamaged) -> None:
        if self._damage is None:
            self._damage = damage
            self._on_damage(damage)

    def _finished(self, task: asyncio.Task[Outcome]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also where the chamber that would have been told is gone
