# SPDX-License-Identifier: EUPL-1.2
"""Waits until the log entry of a dossier is published, which is when its receipt exists."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from gateway.codes import Code
from gateway.doorbell import Doorbell, Role
from gateway.errors import Unavailable
from gateway.journal import Journal, dossiers


class Publication:
    """The publisher as seen from intake. ``doorbell`` is the receive role's, already listening."""

    def __init__(
        self, journal: Journal, doorbell: Doorbell, *, patience: float = 1.0, limit: float = 20.0
    ) -> None:
        self._journal, self._doorbell = journal, doorbell
        self._patience = patience  # seconds; the bell is a hint and may be lost
        self._limit = limit  # seconds

    async def receipt(self, dossier_id: str) -> Mapping[str, Any]:
        """The receipt of the submission. Raises ``Unavailable``: the record stands, and sending again finds it."""
        self._doorbell.ring(Role.PUBLISH)
        try:
            async with asyncio.timeout(self._limit):
                return await self._receipt(dossier_id)
        except TimeoutError as error:
            raise Unavailable(
                Code.SERVICE_UNAVAILABLE,
                "recorded, but not published in time",
                hint="check the publish role; send the same bundle again to get the receipt",
                retry_after=5,
            ) from error

    async def _receipt(self, dossier_id: str) -> Mapping[str, Any]:
        while True:
            seen = self._doorbell.count  # before the look: no ring between look and wait is missed
            data = await asyncio.to_thread(self._look, dossier_id)
            if data is not None:
                receipt: Mapping[str, Any] = json.loads(data)
                return receipt
            await self._doorbell.wait(self._patience, seen=seen)

    def _look(self, dossier_id: str) -> bytes | None:
        with self._journal.reading() as connection:
            return dossiers.receipt(connection, dossier_id)
