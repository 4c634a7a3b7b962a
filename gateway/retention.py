# SPDX-License-Identifier: EUPL-1.2
"""Nothing stays longer than it must: bytes of refused bundles, delivered dossiers, what nobody could deliver.

Erasing a dossier means: log ``dossier.erased``; empty its facts, report, evidence, salts, receipts, events; drop its
deliveries and answers; destroy the wrapped key, so the file and every copy of it is noise; unlink the file; cut the
write-ahead log. The leaves stay in the tree, which stays valid: without salt and evidence they say nothing.
What stays is the row with its id, hashes for dedupe, and the receipts that chambers and authorities hold themselves.

A dossier that is being handed over right now is left for the next round: the recipient would have it, and no row would
be left to record that on. Whoever asks for its erasure is told to ask again once the attempt is over.

``recover`` is run once at start-up, before bundles come in: what a crash left is removed, what it must not have taken
is missed loudly.
"""

import asyncio
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.codes import Code
from gateway.errors import GatewayFault, JournalDamaged, Rejected
from gateway.findings import Finding
from gateway.journal import Journal, deliveries, dossiers, events, log
from gateway.journal.dossiers import DossierRow, DossierStatus
from gateway.model.evidence import Clock, Entropy, Fact, LogEvent, utc_seconds
from gateway.spool import Spool, Swept
from gateway.telemetry import EventLog

_BATCH = 100  # dossiers between two looks at the clock


def _kernel_time() -> datetime:
    return datetime.now(UTC)


class ErasureReason(StrEnum):
    """Why a dossier was erased; closed, because it stands in evidence that stays."""

    DELIVERED = "delivered"  # the recipient confirmed, and the time to look back is over
    DEADLINE = "deadline"  # refused, or not delivered within the hard limit
    REQUEST = "request"  # a person asked (GDPR Art. 17) and the operator agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What one round removed."""

    refused: int  # bundles of refused submissions
    erased: int  # dossiers
    swept: Swept


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The deadlines and what they act on. Safe beside intake and dispatch, in another process too."""

    journal: Journal
    spool: Spool
    issuer: Mapping[str, Any]
    clock: Clock
    entropy: Entropy
    keep_delivered: timedelta  # after the recipient's word
    keep_undelivered: timedelta  # hard limit for everything, refusals with their findings included
    file_clock: Clock = _kernel_time  # ages of files are told by the kernel's clock, whatever ``clock`` says

    def purge(self) -> Purged:
        """One round over everything whose time has come."""
        moment = self.clock()
        refused = self._purge_refused(moment)
        erased = self._erase_all(ErasureReason.DELIVERED) + self._erase_all(ErasureReason.DEADLINE)
        swept = self.spool.sweep(_spooled(self.journal), moment=self.file_clock())
        self.journal.flush()  # once more: where somebody read during an erasure, it could not be cut then
        return Purged(refused=refused, erased=erased, swept=swept)

    def erase(self, dossier_id: str, reason: ErasureReason) -> bool:
        """Erase one dossier. ``False`` where there is none, it is erased, or it is being handed over at this moment.

        Raises ``Rejected(DELIVERY_STATE)`` instead where a person asked and it is being handed over.
        """
        with self.journal.transaction() as connection:
            row = dossiers.find(connection, dossier_id)
            if row is None or row.status is DossierStatus.ERASED:
                return False
            moment = self.clock()
            if _being_delivered(connection, dossier_id, reason, moment):
                return False
            # Logged first: the entry needs the subject that the erasure takes away.
            idx = log.append(connection, self._fact(row, reason, moment))
            dossiers.erase(connection, dossier_id, moment=moment)
            events.append_event(
                connection,
                chamber=row.chamber,
                dossier_id=row.id,
                type=LogEvent.DOSSIER_ERASED.value,
                moment=moment,
                entry_idx=idx,
                body={"reason": reason.value},
            )
        # The key is gone with the commit; a crash before this line leaves noise that ``sweep`` removes.
        if row.stored is not None:
            self.spool.remove(row.stored.name)
        self.journal.flush()
        return True

    async def run(
        self, stop: asyncio.Event, events: EventLog, *, every: timedelta = timedelta(hours=1)
    ) -> None:
        """Purge at once and then regularly until ``stop``. What fails is reported and done at the next look."""
        while not stop.is_set():
            try:
                purged = await asyncio.to_thread(self.purge)
            except (GatewayFault, OSError, sqlite3.Error) as error:
                # Erasing in time is a duty: a busy journal or a failing disk must not end the work on it for good.
                events.failure("purge-failed", error)
            else:
                if purged.refused or purged.erased:
                    events.info("purged", refused=purged.refused, erased=purged.erased)
            try:
                async with asyncio.timeout(every.total_seconds()):
                    await stop.wait()
            except TimeoutError:
                continue

    def _purge_refused(self, moment: datetime) -> int:
        count = 0
        while True:
            with self.journal.transaction() as connection:
                due = dossiers.refused_until(connection, moment, limit=_BATCH)
                for row in due:
                    dossiers.drop_bytes(connection, row.id)
            for row in due:
                if row.stored is not None:
                    self.spool.remove(row.stored.name)
            count += len(due)
            if len(due) < _BATCH:
                return count

    def _erase_all(self, reason: ErasureReason) -> int:
        count = 0
        while ids := self._due(reason):
            count += sum(self.erase(dossier_id, reason) for dossier_id in ids)
        return count

    def _due(self, reason: ErasureReason) -> tuple[str, ...]:
        moment = self.clock()
        with self.journal.reading() as connection:
            if reason is ErasureReason.DELIVERED:
                return dossiers.delivered_before(connection, moment - self.keep_delivered, limit=_BATCH)
            return dossiers.received_before(
                connection, moment - self.keep_undelivered, now=moment, limit=_BATCH
            )

    def _fact(self, row: DossierRow, reason: ErasureReason, moment: datetime) -> Fact:
        # Without dossier id: this evidence stays, and must not say whose leaves the others are.
        return Fact(
            event=LogEvent.DOSSIER_ERASED,
            id=self.entropy(16),
            salt=self.entropy(32),
            subject=row.subject,
            moment=moment,
            evidence={"issuer": dict(self.issuer), "reason": reason.value},
        )


def _being_delivered(
    connection: sqlite3.Connection, dossier_id: str, reason: ErasureReason, moment: datetime
) -> bool:
    rows = deliveries.under_way(connection, dossier_id, moment=moment)
    if rows and reason is ErasureReason.REQUEST:
        raise Rejected(
            [
                Finding(
                    code=Code.DELIVERY_STATE,
                    place="delivery",
                    expected="no attempt under way; ask again when it is over",
                    got=f"{row.id}, attempted until {utc_seconds(row.next_at)} at the latest",
                )
                for row in rows
            ]
        )
    return bool(rows)


def recover(journal: Journal, spool: Spool, *, moment: datetime) -> Swept:
    """Bring spool and journal together after a start. Raises ``JournalDamaged`` where a row's file is not whole.

    Compares names and lengths; every segment is authenticated whenever it is read. ``moment``: the kernel's time.
    """
    files = spool.sizes()
    with journal.reading() as connection:
        missing = [name for name, size in dossiers.spooled(connection) if files.get(name) != size]
    if missing:
        raise JournalDamaged(
            f"expected whole spool files for all rows, got {len(missing)} missing or cut, first {missing[0]}",
            hint="restore spool and journal from the same backup",
        )
    return spool.sweep(_spooled(journal), moment=moment)


def _spooled(journal: Journal) -> set[str]:
    with journal.reading() as connection:
        return {name for name, _ in dossiers.spooled(connection)}
