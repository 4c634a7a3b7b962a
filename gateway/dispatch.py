# SPDX-License-Identifier: EUPL-1.2
"""The way out: every delivery that is due is tried, recorded, and tried again until it is over (``courier``).

One courier an authority, so a recipient that hangs holds up nobody else. A crash anywhere leaves a row that is due
again, and the next round takes the same way.
"""

import asyncio
import sqlite3
from collections.abc import Mapping

from gateway.codes import Code
from gateway.couplings import Coupling
from gateway.courier import Courier, Means
from gateway.doorbell import Doorbell, Role
from gateway.journal import deliveries

_PATIENCE = 1.0  # seconds between two looks without a ring; answers in exchange directories ring no bell
_GRACE = 5.0  # seconds for attempts under way when the role ends


class Dispatcher:
    """The deliver role: one courier task per configured authority."""

    def __init__(self, couplings: Mapping[str, Coupling], means: Means) -> None:
        self._couplings, self._means = couplings, means

    async def run(self, doorbell: Doorbell, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set; then attempts under way get a little time, and what is cut off is due again."""
        with self._means.journal.transaction() as connection:
            # One deliver role a journal: whoever claimed before this start is gone.
            deliveries.release_claims(connection, moment=self._means.clock())
        self.park_unreachable()
        async with asyncio.TaskGroup() as group:
            couriers = [
                group.create_task(self._serve(Courier(coupling, self._means), doorbell, stop))
                for coupling in self._couplings.values()
            ]
            await stop.wait()
            _, late = await asyncio.wait(couriers, timeout=_GRACE) if couriers else ((), ())
            for courier in late:
                courier.cancel()

    def park_unreachable(self) -> int:
        """Park what is owed to authorities the configuration no longer knows; how many deliveries."""
        means, parked = self._means, 0
        with means.journal.reading() as connection:
            unknown = set(deliveries.unfinished_authorities(connection)) - set(self._couplings)
            rows = [row for authority in sorted(unknown) for row in deliveries.owed(connection, authority)]
        for row in rows:
            means.events.error("delivery.parked", delivery=row.id, code=Code.RECIPIENT_CONFIGURATION.value)
            parked += means.proceedings.parked(row, code=Code.RECIPIENT_CONFIGURATION)
        return parked

    async def _serve(self, courier: Courier, doorbell: Doorbell, stop: asyncio.Event) -> None:
        while not stop.is_set():
            seen = doorbell.count
            if await self._round(courier):
                # The publisher has entries to publish; the receiver may have somebody waiting at the inbox.
                doorbell.ring(Role.PUBLISH, Role.RECEIVE)
                continue
            await _rest(doorbell, stop, seen)

    async def _round(self, courier: Courier) -> int:
        """One round. A busy journal or a failing disk ends this round only, and nobody else's; a claim runs out."""
        try:
            return await courier.round()
        except (sqlite3.Error, OSError) as error:
            self._means.events.failure("courier-failed", error, authority=courier.authority_id)
            return 0


async def _rest(doorbell: Doorbell, stop: asyncio.Event, seen: int) -> None:
    """Until a ring, the end of patience, or the end of work."""
    waiting = [asyncio.ensure_future(doorbell.wait(_PATIENCE, seen=seen)), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
