# SPDX-License-Identifier: EUPL-1.2
"""Publishes the log: journal entries -> tiles -> signed checkpoint -> receipts. The only holder of the log key.

All entries waiting are published together. The order of the steps is the promise, and every crash between two of
them is mended by doing the rest at the next start:
1. tiles and bundles durable; 2. checkpoint row by compare-and-swap; 3. guard file; 4. file ``checkpoint``; 5. receipts.
A receipt therefore never exists before the public checkpoint it names. What was signed is never contradicted: the old
tree must be a prefix of the new one before anything is signed, and if guard file or public checkpoint know more than
the journal, the journal was rolled back and signing would fork the log (``LogRolledBack``).
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.doorbell import Doorbell, Role
from gateway.errors import JournalDamaged, Rejected
from gateway.journal import Journal, log
from gateway.journal.log import Logged, SignedRoot
from gateway.logstart import Published, find_end, open_log, stored_nodes
from gateway.model.evidence import Clock
from gateway.seal import Sealer
from gateway.stages.receipt import Receipt, build_receipt
from gateway.telemetry import EventLog
from gateway.tilestore import CHECKPOINT, Disk, LocalDisk, TileStore, lock_publisher, replace_file
from gateway.tlog import tree
from gateway.tlog.batch import Batch, check_prefix, grow
from gateway.tlog.checkpoint import sign_checkpoint
from gateway.tlog.note import NoteSigner
from gateway.tlog.proof import write_proof
from gateway.tlog.tiles import Edge, outgrown

__all__ = ["PublishedRange", "Publisher", "open_log"]

_BATCH = 1024  # entries a checkpoint; bounds memory, and how long the first in a crowd waits for the last
_PATIENCE = 1.0  # seconds between looks without a ring


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRange:
    """Entries that one checkpoint made public."""

    start: int
    end: int
    more: bool  # entries are still waiting


class Publisher:
    """The publish role. One thread at a time calls ``publish_once``."""

    def __init__(
        self,
        journal: Journal,
        log_directory: Path,
        guard: Path,
        *,
        signer: NoteSigner,
        sealer: Sealer | None,
        clock: Clock,
        events: EventLog,
        disk: Disk | None = None,
    ) -> None:
        """``guard`` must lie outside whatever is backed up with the journal: it remembers what was signed."""
        self._journal = journal
        self._guard = guard
        self._signer = signer
        self._sealer = sealer
        self._clock = clock
        self._events = events
        self._disk = disk or LocalDisk()
        self._tiles = TileStore(log_directory, self._disk)
        self._state: Published | None = None  # None: memory is not trusted, read again
        self._unlock: Callable[[], None] | None = None

    def start(self) -> Published:
        """Find the end of the log and do what a crash left undone; ``publish_once`` does it by itself when needed.

        Raises what ``publish_once`` raises.
        """
        if self._unlock is None:
            self._unlock = lock_publisher(self._disk, self._guard)
        state = find_end(self._journal, self._tiles, self._disk.read(self._guard), self._signer.verifier)
        signed = state.signed
        with self._journal.reading() as connection:
            rows = log.awaiting_receipt(connection, signed.size)
            before = log.checkpoint_before(connection, signed.size)
        self._tiles.prepare()
        self._announce(signed)
        self._give_receipts(rows, signed, stored_nodes(self._tiles, signed.size))
        if before is not None:
            self._tiles.remove_partials(outgrown(before.size, signed.size))
        self._state = state
        return state

    def publish_once(self) -> PublishedRange | None:
        """Publish what is waiting; ``None`` if nothing is.

        Raises ``LogRolledBack``, ``JournalDamaged``, ``TrustStateMissing`` where a person must look, ``Unavailable``
        beside another publisher, ``OSError`` and ``sqlite3.Error`` where trying again may help.
        """
        state = self._state or self.start()
        self._state = None  # set again only when every step went well
        start = state.signed.size
        with self._journal.reading() as connection:
            total = log.size(connection)
            end = min(total, start + _BATCH)
            rows = log.entries(connection, start, end)
        if not rows:
            self._state = state
            return None
        batch = grow(state.edge, state.tail, (row.entry for row in rows))
        self._check_prefix(state.signed, batch)
        self._tiles.put(batch.files)
        signed = self._sign(state.signed, batch.edge)
        self._announce(signed)
        self._give_receipts(rows, signed, batch.nodes())
        self._tiles.remove_partials(outgrown(start, end))
        self._state = Published(signed=signed, edge=batch.edge, tail=batch.tail)
        return PublishedRange(start=start, end=end, more=end < total)

    def close(self) -> None:
        """Let another publisher take over."""
        if self._unlock is not None:
            self._unlock()
            self._unlock = None

    async def run(self, doorbell: Doorbell, stop: asyncio.Event) -> None:
        """Publish on every ring and every second, until ``stop``; then once more, so nobody waits in vain.

        Raises what ``publish_once`` raises for a person; a full or failing disk is logged and tried again.
        """
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                seen = doorbell.count
                if not await self._publish(doorbell):
                    ring = asyncio.ensure_future(doorbell.wait(_PATIENCE, seen=seen))
                    await asyncio.wait({ring, stopping}, return_when=asyncio.FIRST_COMPLETED)
                    ring.cancel()
            while await self._publish(doorbell):
                pass
        finally:
            stopping.cancel()

    async def _publish(self, doorbell: Doorbell) -> bool:
        """Whether more is waiting."""
        try:
            published = await asyncio.to_thread(self.publish_once)
        except (OSError, sqlite3.Error) as error:
            self._events.failure("publishing-failed", error)  # tried again at the next look
            return False
        if published is None:
            return False
        doorbell.ring(Role.RECEIVE, Role.DELIVER)
        self._events.info("published", first=published.start, entries=published.end - published.start)
        return published.more

    def _check_prefix(self, old: SignedRoot, batch: Batch) -> None:
        try:
            check_prefix(old.size, old.root, batch)
        except Rejected as rejected:
            raise JournalDamaged("the next checkpoint would contradict the one that was signed") from rejected

    def _sign(self, old: SignedRoot, edge: Edge) -> SignedRoot:
        note = sign_checkpoint(edge.size, edge.root, self._signer)
        signed = SignedRoot(size=edge.size, root=edge.root, note=note)
        with self._journal.transaction() as connection:
            log.record_checkpoint(connection, signed, after=old, moment=self._clock())
        return signed

    def _announce(self, signed: SignedRoot) -> None:
        replace_file(self._disk, self._guard, signed.note)
        self._tiles.put([(CHECKPOINT, signed.note)])

    def _give_receipts(self, rows: Sequence[Logged], signed: SignedRoot, nodes: tree.Node) -> None:
        receipts = [(row.idx, self._receipt(row, signed, nodes)) for row in rows if row.receiptable]
        if receipts:
            with self._journal.transaction() as connection:
                log.store_receipts(connection, receipts)

    def _receipt(self, row: Logged, signed: SignedRoot, nodes: tree.Node) -> bytes:
        evidence, salt = row.evidence or b"", row.salt or b""
        path = tree.inclusion_proof(row.idx, signed.size, nodes)
        seal = None if self._sealer is None else self._sealer.seal(evidence, self._clock())
        return build_receipt(
            Receipt(
                evidence=evidence,
                salt=salt,
                entry=row.entry,
                proof=write_proof(row.idx, path, signed.note),
                seal=seal,
            )
        )
