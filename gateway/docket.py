# SPDX-License-Identifier: EUPL-1.2
"""What a chamber may read about its own dossiers: state, deliveries, answers, receipts, and its feed of events.

Everything is read from durable rows. A dossier of somebody else does not exist here. An event becomes visible only
when the log entry behind it is published, so whoever sees an event can have its receipt.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from gateway.doorbell import Doorbell
from gateway.journal import Journal, answers, deliveries, dossiers, events, log
from gateway.journal.answers import RecordedAnswer
from gateway.journal.deliveries import DeliveryRow
from gateway.journal.dossiers import DossierRow
from gateway.journal.events import ChamberEvent
from gateway.model.answer import answer_body
from gateway.model.evidence import utc_seconds

_PATIENCE = 1.0  # seconds between two looks without a ring


class Docket:
    """The services behind ``/v1/dossiers/{id}`` and ``/v1/events``. Used on one event loop; SQL runs in threads."""

    def __init__(self, *, journal: Journal, doorbell: Doorbell) -> None:
        self._journal, self._doorbell = journal, doorbell

    async def summary(self, chamber_id: str, dossier_id: str) -> Mapping[str, Any] | None:
        """State, deliveries, answers and findings; ``None`` for what is not this chamber's."""
        return await asyncio.to_thread(self._summary, chamber_id, dossier_id)

    async def receipt(self, chamber_id: str, dossier_id: str) -> Mapping[str, Any] | None:
        """The receipt of the submission; ``None`` also until it is published and after erasure."""
        return await asyncio.to_thread(self._receipt, chamber_id, dossier_id)

    async def report(self, chamber_id: str, dossier_id: str) -> Mapping[str, Any] | None:
        """The verification report as it was kept; ``None`` after erasure, too."""
        return await asyncio.to_thread(self._report, chamber_id, dossier_id)

    async def evidence(self, chamber_id: str, dossier_id: str) -> tuple[Mapping[str, Any], ...] | None:
        """All receipts of the dossier, in the order of the log."""
        return await asyncio.to_thread(self._evidence, chamber_id, dossier_id)

    async def after(self, chamber_id: str, seq: int, *, limit: int, wait: float) -> tuple[ChamberEvent, ...]:
        """Published events after ``seq``; waits up to ``wait`` seconds for the first."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while True:
            seen = self._doorbell.count
            found = await asyncio.to_thread(self._after, chamber_id, seq, limit)
            remaining = until - loop.time()
            if found or remaining <= 0:
                return found
            await self._doorbell.wait(min(remaining, _PATIENCE), seen=seen)

    def _summary(self, chamber_id: str, dossier_id: str) -> Mapping[str, Any] | None:
        with self._journal.reading() as connection:
            row = dossiers.find(connection, dossier_id)
            if row is None or row.chamber != chamber_id:
                return None
            sent = [
                (delivery, answers.of_delivery(connection, delivery.id))
                for delivery in deliveries.of_dossier(connection, dossier_id)
            ]
        return {**_dossier_json(row), "deliveries": [_delivery_json(d, said) for d, said in sent]}

    def _receipt(self, chamber_id: str, dossier_id: str) -> Mapping[str, Any] | None:
        with self._journal.reading() as connection:
            row = dossiers.find(connection, dossier_id)
            if row is None or row.chamber != chamber_id:
                return None
            data = dossiers.receipt(connection, dossier_id)
        return None if data is None else json.loads(data)

    def _report(self, chamber_id: str, dossier_id: str) -> Mapping[str, Any] | None:
        with self._journal.reading() as connection:
            row = dossiers.find(connection, dossier_id)
        return None if row is None or row.chamber != chamber_id else row.report

    def _evidence(self, chamber_id: str, dossier_id: str) -> tuple[Mapping[str, Any], ...] | None:
        with self._journal.reading() as connection:
            row = dossiers.find(connection, dossier_id)
            if row is None or row.chamber != chamber_id:
                return None
            return tuple(json.loads(data) for data in log.receipts_of(connection, dossier_id))

    def _after(self, chamber_id: str, seq: int, limit: int) -> tuple[ChamberEvent, ...]:
        with self._journal.reading() as connection:
            return events.events_after(connection, chamber_id, seq, limit)


def _dossier_json(row: DossierRow) -> dict[str, Any]:
    dossier = row.facts.dossier if row.facts else None
    pairs = {
        "dossier_id": row.id,
        "status": row.status.value,
        "received_at": utc_seconds(row.received_at),
        "bundle_sha256": row.bundle_sha256,
        "bundle_size": row.bundle_size,
        "authority": row.authority,
        "refers_to": row.refers_to,
        "reference": dossier.reference if dossier else None,
        "kind": dossier.kind.value if dossier else None,
        "title": dossier.procedure.title if dossier else None,
        "findings": list(row.report.get("findings", ())) if row.report else None,
        "erased_at": utc_seconds(row.erased_at) if row.erased_at else None,
    }
    return {name: value for name, value in pairs.items() if value is not None}


def _delivery_json(row: DeliveryRow, said: tuple[RecordedAnswer, ...]) -> dict[str, Any]:
    return {
        "delivery_id": row.id,
        "authority": row.authority,
        "state": row.state.value,
        "attempts": row.attempts,
        "updated_at": utc_seconds(row.updated_at),
        **({"last_code": row.last_code.value} if row.last_code else {}),
        "answers": [_answer_json(answer) for answer in said],
    }


def _answer_json(recorded: RecordedAnswer) -> dict[str, Any]:
    body = answer_body(recorded.answer) if recorded.answer else {}
    return {
        "id": recorded.id,
        "kind": recorded.kind.value,
        "answered_at": utc_seconds(recorded.answered_at),
        **body,
    }
