# SPDX-License-Identifier: EUPL-1.2
"""The inbox an authority fetches from: list, fetch, acknowledge, answer. Works in the receive role, behind the API.

An authority sees its own deliveries and of others not even that they exist. A delivery stays listed until it is
acknowledged; a lease hides it for a while from the authority's other readers, never for good. Handover is recorded
when every byte was sent, or when the reader states the content's digest; acknowledging comes after that, never before.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.codes import Code
from gateway.consignment import Consignments, accepted_dossier
from gateway.couplings import Coupling
from gateway.doorbell import Doorbell, Role
from gateway.errors import DeliveryFailed, GatewayFault, JournalDamaged, Rejected
from gateway.findings import Finding
from gateway.journal import Journal, deliveries, dossiers
from gateway.journal.answers import RecordedAnswer
from gateway.journal.deliveries import DeliveryRow
from gateway.model.delivery import Answer, DeliveryState, Package
from gateway.model.evidence import Clock
from gateway.ports import Shape
from gateway.proceedings import Proceedings, own_delivery
from gateway.sent_bytes import Coverage

_PATIENCE = 1.0  # seconds between two looks without a ring

#: The package lies with us and may be fetched, as often as the reader likes.
FETCHABLE = frozenset(
    {
        DeliveryState.CONSIGNED,
        DeliveryState.HANDED_OVER,
        DeliveryState.ACKNOWLEDGED,
        DeliveryState.ANSWERED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """One line of the list."""

    delivery_id: str
    dossier_id: str
    state: DeliveryState
    chamber: str  # partner id
    chamber_name: str
    received_at: datetime  # by the gateway, from the chamber
    waiting_since: datetime
    reference: str  # the chamber's file number
    title: str  # residence title
    kind: str  # initial, supplement
    refers_to: str  # dossier id, for supplements


class Inbox:
    """The service behind ``/v1/inbox``. Used on one event loop; journal and files are touched in threads."""

    def __init__(
        self,
        *,
        journal: Journal,
        consignments: Consignments,
        proceedings: Proceedings,
        couplings: Mapping[str, Coupling],
        doorbell: Doorbell,
        clock: Clock,
    ) -> None:
        self._journal, self._consignments, self._proceedings = journal, consignments, proceedings
        self._couplings, self._doorbell, self._clock = couplings, doorbell, clock
        # Lost with the process: a reader that was in the middle states the digest or fetches once more.
        self._coverage: dict[str, Coverage] = {}

    async def waiting(
        self, authority_id: str, *, limit: int = 50, wait: float = 0, lease: float = 0
    ) -> tuple[InboxItem, ...]:
        """What is not acknowledged yet, oldest first; waits up to ``wait`` seconds for the first item.

        With ``lease``, what is listed is hidden from further listings for that many seconds.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while True:
            seen = self._doorbell.count
            items = await asyncio.to_thread(self._list, authority_id, limit, lease)
            remaining = until - loop.time()
            if items or remaining <= 0:
                return items
            await self._doorbell.wait(min(remaining, _PATIENCE), seen=seen)

    @asynccontextmanager
    async def package(self, authority_id: str, delivery_id: str) -> AsyncIterator[Package]:
        """The package, readable inside the block by one thread at a time; it has one part (``Shape.SINGLE_FILE``).

        Raises ``Rejected``: ``not-found`` for others' deliveries, ``delivery-state`` where nothing lies ready.
        """
        row = await asyncio.to_thread(self._own, authority_id, delivery_id)
        if row.state not in FETCHABLE:
            raise Rejected([_not_fetchable(row)])
        coupling = self._couplings.get(authority_id)
        if coupling is None or coupling.format.shape is not Shape.SINGLE_FILE:
            # Handed over another way (a folder in an exchange directory); one download cannot carry it.
            raise Rejected([Finding(code=Code.NOT_FOUND, place="package", expected="a package of one file")])
        opening = self._consignments.opened(row, coupling)
        try:
            package = await asyncio.to_thread(opening.__enter__)
        except (DeliveryFailed, GatewayFault):
            await asyncio.to_thread(self._own, authority_id, delivery_id)  # erased since the look: not found
            raise
        try:
            yield package
        finally:
            opening.__exit__(None, None, None)

    async def report(self, authority_id: str, delivery_id: str) -> Mapping[str, Any]:
        """The verification report on the delivered dossier, as it was kept. Raises ``Rejected`` as ``package``."""
        return await asyncio.to_thread(self._report, authority_id, delivery_id)

    async def record_access(
        self, authority_id: str, delivery_id: str, *, start: int, end: int, size: int
    ) -> bool:
        """Bytes ``start .. end`` (excluded) of ``size`` were sent. ``True`` if that made the handover."""
        if await asyncio.to_thread(self._finished, (delivery_id,)):
            return False  # recorded before; or erased since, and no row is left to say it on
        row = await asyncio.to_thread(self._own, authority_id, delivery_id)
        if delivery_id not in self._coverage:
            await self._forget_finished()
        coverage = self._coverage.setdefault(delivery_id, Coverage())
        coverage.add(start, end)
        if not coverage.whole(size):
            return False
        del self._coverage[delivery_id]
        try:
            return await self._fetched(authority_id, row, how="all bytes sent")
        except Rejected:
            return False  # erased or answered in the meantime; the answer that was sent whole stays whole

    async def acknowledge(self, authority_id: str, delivery_id: str, *, sha256: str = "") -> RecordedAnswer:
        """The authority has it. Doing it again gives the first record. ``sha256`` (hex) states what was received.

        Raises ``Rejected``: ``not-found``; ``delivery-state`` where it was not fetched whole and no digest is stated;
        ``answer-malformed`` where the stated digest is another.
        """
        row = await asyncio.to_thread(self._own, authority_id, delivery_id)
        if sha256 and row.state in FETCHABLE:
            await self._compare(authority_id, row, sha256.lower())
        recorded = await asyncio.to_thread(self._proceedings.acknowledged, authority_id, delivery_id)
        self._coverage.pop(delivery_id, None)
        self._doorbell.ring(Role.PUBLISH)
        return recorded

    async def answer(self, authority_id: str, answer: Answer) -> RecordedAnswer:
        """Record an answer; the same again gives the first record. Raises ``Rejected`` (see ``Proceedings.answered``)."""
        recorded = await asyncio.to_thread(self._proceedings.answered, authority_id, answer)
        self._doorbell.ring(Role.PUBLISH)
        return recorded

    async def _compare(self, authority_id: str, row: DeliveryRow, stated: str) -> None:
        async with self.package(authority_id, row.id) as package:
            digest = package.parts[0].sha256
        if stated != digest:
            raise Rejected([Finding(code=Code.ANSWER_MALFORMED, place="sha256", expected=digest, got=stated)])
        if row.state is DeliveryState.CONSIGNED:
            await self._fetched(authority_id, row, how="digest stated by the recipient")

    async def _fetched(self, authority_id: str, row: DeliveryRow, *, how: str) -> bool:
        async with self.package(authority_id, row.id) as package:
            recorded = await asyncio.to_thread(self._proceedings.fetched, row, package, how=how)
        self._coverage.pop(row.id, None)
        self._doorbell.ring(Role.PUBLISH)
        return recorded

    def _list(self, authority_id: str, limit: int, lease: float) -> tuple[InboxItem, ...]:
        moment = self._clock()
        with self._journal.transaction() if lease else self._journal.reading() as connection:
            rows = deliveries.waiting_in_inbox(connection, authority=authority_id, moment=moment, limit=limit)
            if lease:
                deliveries.lease(
                    connection, [row.id for row in rows], until=moment + timedelta(seconds=lease)
                )
            # Inside the look: what is listed is not erased before it is read.
            return tuple(self._item(row) for row in rows)

    def _item(self, row: DeliveryRow) -> InboxItem:
        accepted = accepted_dossier(self._journal, row)
        chamber = self._proceedings.partners.chamber(accepted.chamber)
        return InboxItem(
            delivery_id=row.id,
            dossier_id=row.dossier_id,
            state=row.state,
            chamber=accepted.chamber,
            chamber_name=chamber.name if chamber else accepted.chamber,
            received_at=accepted.received_at,
            waiting_since=row.updated_at,
            reference=accepted.facts.dossier.reference,
            title=accepted.facts.dossier.procedure.title,
            kind=accepted.facts.dossier.kind.value,
            refers_to=accepted.facts.dossier.refers_to,
        )

    async def _forget_finished(self) -> None:
        """Drop the coverage of what is not fetched any more: handed over by digest, answered, failed, or erased."""
        for delivery_id in await asyncio.to_thread(self._finished, tuple(self._coverage)):
            self._coverage.pop(delivery_id, None)

    def _finished(self, delivery_ids: tuple[str, ...]) -> tuple[str, ...]:
        with self._journal.reading() as connection:
            rows = [(delivery_id, deliveries.find(connection, delivery_id)) for delivery_id in delivery_ids]
        return tuple(
            delivery_id
            for delivery_id, row in rows
            if row is None or row.state is not DeliveryState.CONSIGNED
        )

    def _report(self, authority_id: str, delivery_id: str) -> Mapping[str, Any]:
        with self._journal.reading() as connection:
            row = own_delivery(connection, authority_id, delivery_id)
            dossier = dossiers.find(connection, row.dossier_id)
        if row.state not in FETCHABLE:
            raise Rejected([_not_fetchable(row)])
        if dossier is None or dossier.report is None:
            raise JournalDamaged(f"delivery {row.id} has no accepted dossier")
        return dossier.report

    def _own(self, authority_id: str, delivery_id: str) -> DeliveryRow:
        with self._journal.reading() as connection:
            return own_delivery(connection, authority_id, delivery_id)


def _not_fetchable(row: DeliveryRow) -> Finding:
    return Finding(
        code=Code.DELIVERY_STATE,
        place="delivery",
        expected=f"a delivery that is {' or '.join(sorted(FETCHABLE))}",
        got=row.state,
    )
