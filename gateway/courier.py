# SPDX-License-Identifier: EUPL-1.2
"""Delivers to one authority, and fetches its answers.

A round, at start-up as always: record the attempt -> make the package -> hand it over -> record how it ended, with log
entry and event, in one transaction -> fetch answers. Exactly once inside, once in effect at transports that keep their
promise (``gateway.ports.Transport``). Leaves out when a round is due (``dispatch``).
"""

import asyncio
import sqlite3
from dataclasses import dataclass

from gateway.codes import Code
from gateway.consignment import Consignments
from gateway.couplings import Coupling
from gateway.errors import AdapterFailed, DeliveryFailed, GatewayFault, JournalDamaged, Rejected
from gateway.explaining import Explainer
from gateway.journal import Journal, deliveries
from gateway.journal.deliveries import DeliveryRow
from gateway.model.delivery import Answer, Package, Placement
from gateway.model.evidence import Clock, Entropy
from gateway.policy import RetryPolicy
from gateway.ports import Unreadable
from gateway.proceedings import Proceedings
from gateway.stages.delivery import Breaker, next_attempt
from gateway.telemetry import EventLog

_CLAIM_MARGIN = 30.0  # seconds a claim outlives the attempt's time limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every courier works with."""

    journal: Journal
    consignments: Consignments
    proceedings: Proceedings
    retry: RetryPolicy
    clock: Clock
    entropy: Entropy
    events: EventLog
    explainer: Explainer


class Courier:
    """Delivers to one authority, one delivery after the other. Used by one task."""

    def __init__(self, coupling: Coupling, means: Means) -> None:
        self._coupling, self._means = coupling, means
        self._breaker = Breaker()  # forgotten with the process: the first attempt after a start is a probe
        self._answers_reachable = True  # as of the last look
        self._refused: set[tuple[str, str]] = set()  # answers already complained about
        self._unsettled: set[tuple[str, str]] = set()  # the same, of answers that could not be dealt with
        self._unreadable: frozenset[Unreadable] = frozenset()  # as of the last look

    @property
    def authority_id(self) -> str:
        """Whom it delivers to."""
        return self._coupling.authority.id

    async def round(self) -> int:
        """Try everything that is due, then fetch answers; how many rows or answers were recorded."""
        return await self._deliver_due() + await self._fetch_answers()

    async def _deliver_due(self) -> int:
        means, recorded = self._means, 0
        with means.journal.reading() as connection:
            rows = deliveries.due(connection, authority=self._coupling.authority.id, moment=means.clock())
        for row in rows:
            if not self._breaker.lets_through(means.clock()):
                break
            with means.journal.transaction() as connection:
                claimed = deliveries.claim(
                    connection,
                    row.id,
                    moment=means.clock(),
                    attempt_seconds=means.retry.attempt_seconds + _CLAIM_MARGIN,
                )
            if claimed is not None:
                recorded += await self._attempt(claimed)
        return recorded

    async def _attempt(self, row: DeliveryRow) -> bool:
        """One attempt, whose start is recorded; ``True`` if its end could be recorded too."""
        means = self._means
        try:
            with means.consignments.opened(row, self._coupling) as package:
                placement = await self._hand_over(package)
        except AdapterFailed as error:
            means.events.failure("adapter.failed", error.bug, authority=self._coupling.authority.id)
            return self._failed(row, error)
        except DeliveryFailed as error:
            return self._failed(row, error)
        except JournalDamaged as error:
            means.events.failure("delivery.content-damaged", error, delivery=row.id)
            return self._failed(row, DeliveryFailed(error.code, str(error), retry=False))
        except GatewayFault as error:
            return self._failed(row, DeliveryFailed(error.code, str(error)))
        self._breaker = self._breaker.after_success()
        means.events.info("delivery.placed", delivery=row.id, state=placement.value, attempt=row.attempts)
        return means.proceedings.placed(row, placement, package)

    async def _hand_over(self, package: Package) -> Placement:
        limit = self._means.retry.attempt_seconds
        try:
            async with asyncio.timeout(limit):
                return await self._coupling.transport.hand_over(package)
        except TimeoutError as error:
            raise DeliveryFailed(Code.RECIPIENT_UNREACHABLE, f"no end within {limit:g} seconds") from error
        except (DeliveryFailed, GatewayFault):
            raise
        except Exception as error:  # an adapter is other people's code: its bug must not stop the courier
            raise AdapterFailed(error) from error

    def _failed(self, row: DeliveryRow, error: DeliveryFailed) -> bool:
        means, moment = self._means, self._means.clock()
        told: dict[str, str | int] = {
            "delivery": row.id,
            "code": error.code.value,
            "reason": error.detail,
            "attempt": row.attempts,
        }
        if error.retry:
            self._breaker = self._breaker.after_failure(moment)
        again = None
        if error.retry:
            again = next_attempt(
                row.attempts,
                moment=moment,
                deadline=row.deadline_at,
                policy=means.retry,
                entropy=means.entropy,
            )
        if again is None:
            # The alarm: this line, and the number of parked deliveries on the metrics page.
            means.events.error("delivery.parked", **told)
            return means.proceedings.parked(row, code=error.code)
        means.events.warning("delivery.failed", **told)
        return means.proceedings.postponed(row, next_at=again, code=error.code)

    async def _fetch_answers(self) -> int:
        recorded = 0
        try:
            async with asyncio.timeout(self._means.retry.attempt_seconds):
                collected = await self._coupling.transport.collect()
                self._tell_unreadable(frozenset(collected.unreadable))
                for answer in collected.answers:
                    recorded += await self._taken(answer)
        except (GatewayFault, sqlite3.Error):
            raise
        except Exception as error:  # noqa: BLE001 - an adapter is other people's code: its bug must not stop us
            # Looked for every second, complained about once.
            if self._answers_reachable:
                self._means.events.failure(
                    "answers.unreachable", error, authority=self._coupling.authority.id
                )
            self._answers_reachable = False
        else:
            self._answers_reachable = True
        return recorded

    def _tell_unreadable(self, unreadable: frozenset[Unreadable]) -> None:
        """Each once as long as it lies there; after a start once more, so that the alarm cannot be overslept."""
        for item in sorted(unreadable - self._unreadable, key=lambda item: item.name):
            self._means.events.error(
                "answer.unreadable",
                authority=self._coupling.authority.id,
                file=item.name,
                reason=item.reason.value,
            )
        self._unreadable = unreadable

    async def _taken(self, answer: Answer) -> bool:
        """One answer, dealt with as far as it can be; what it fails at keeps no other back. It is shown again."""
        mark = (answer.delivery_id, answer.id)
        try:
            recorded = await self._take(answer)
        except (GatewayFault, sqlite3.Error):
            raise
        except Exception as error:  # noqa: BLE001 - as above
            if mark not in self._unsettled:
                self._unsettled.add(mark)
                self._means.events.failure(
                    "answer.unsettled", error, delivery=answer.delivery_id, answer=answer.id
                )
            return False  # not counted, or the next look would follow at once, for ever
        self._unsettled.discard(mark)
        return recorded

    async def _take(self, answer: Answer) -> bool:
        """Record, then settle: a crash in between shows the same answer again, and it is recognised."""
        means, mark = self._means, (answer.delivery_id, answer.id)
        try:
            means.proceedings.answered(self._coupling.authority.id, answer)
        except Rejected as error:
            # It stays with the recipient: the delivery may yet come into a state that can be answered.
            if mark not in self._refused:
                self._refused.add(mark)
                code = error.findings[0].code
                # Time may bring a delivery into another state; it mends no answer.
                tell = means.events.error if code is Code.ANSWER_MALFORMED else means.events.warning
                tell(
                    "answer.refused",
                    delivery=answer.delivery_id,
                    answer=answer.id,
                    code=code.value,
                )
            else:  # not at the first look: a delivery's state may be a moment behind what its recipient saw
                await self._coupling.transport.refuse(answer, means.explainer.refusal(error.findings))
            return False
        await self._coupling.transport.settle(answer)
        means.events.info("answer.recorded", delivery=answer.delivery_id, kind=answer.kind.value)
        return True
