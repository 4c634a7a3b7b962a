# SPDX-License-Identifier: EUPL-1.2
"""The life of one delivery: which event leads from which state to which, and when to try again.

All transitions stand in ``TABLE`` and nowhere else; ``mermaid`` draws the picture in ``adapters/README.md`` from it.
Leaves out: writing states down (``gateway.journal.deliveries``) and acting on them (``gateway.dispatch``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.delivery import AnswerKind, DeliveryState, Placement
from gateway.model.evidence import Entropy, LogEvent
from gateway.policy import RetryPolicy

BREAKER_FAILURES = 5
BREAKER_OPEN = timedelta(seconds=60)


class DeliveryEvent(StrEnum):
    """What can happen to a delivery."""

    ATTEMPT = "attempt"  # recorded before anything is sent
    CONSIGNED = "consigned"  # lies in an inbox of ours
    HANDED_OVER = "handed-over"  # durable in the recipient's domain, or fetched whole by the recipient
    FAILED = "failed"  # try again later
    GIVEN_UP = "given-up"  # trying again cannot help, or the deadline is over
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    NOT_IMPORTED = "not-imported"  # the recipient has the bytes and cannot use them
    RESUMED = "resumed"  # a person looked and says: again


_S, _E = DeliveryState, DeliveryEvent

TABLE: Mapping[tuple[DeliveryState, DeliveryEvent], DeliveryState] = {
    (_S.QUEUED, _E.ATTEMPT): _S.DELIVERING,
    (_S.WAITING, _E.ATTEMPT): _S.DELIVERING,
    # A crash leaves a delivery here; the next attempt takes the same way as the first.
    (_S.DELIVERING, _E.ATTEMPT): _S.DELIVERING,
    (_S.DELIVERING, _E.CONSIGNED): _S.CONSIGNED,
    (_S.DELIVERING, _E.HANDED_OVER): _S.HANDED_OVER,
    (_S.DELIVERING, _E.FAILED): _S.WAITING,
    (_S.QUEUED, _E.GIVEN_UP): _S.PARKED,
    (_S.WAITING, _E.GIVEN_UP): _S.PARKED,
    (_S.DELIVERING, _E.GIVEN_UP): _S.PARKED,
    (_S.CONSIGNED, _E.HANDED_OVER): _S.HANDED_OVER,
    # ACKNOWLEDGED and ANSWERED are not reachable from CONSIGNED: nobody confirms what he has not fetched.
    (_S.HANDED_OVER, _E.ACKNOWLEDGED): _S.ACKNOWLEDGED,
    (_S.HANDED_OVER, _E.ANSWERED): _S.ANSWERED,
    (_S.HANDED_OVER, _E.NOT_IMPORTED): _S.PARKED,
    (_S.ACKNOWLEDGED, _E.ACKNOWLEDGED): _S.ACKNOWLEDGED,
    (_S.ACKNOWLEDGED, _E.ANSWERED): _S.ANSWERED,
    (_S.ACKNOWLEDGED, _E.NOT_IMPORTED): _S.PARKED,
    # Authorities answer several times: documents requested, then decided; and some confirm last.
    (_S.ANSWERED, _E.ACKNOWLEDGED): _S.ANSWERED,
    (_S.ANSWERED, _E.ANSWERED): _S.ANSWERED,
    # An answer and a fault contradict each other: a person looks, and what was answered stays recorded.
    (_S.ANSWERED, _E.NOT_IMPORTED): _S.PARKED,
    (_S.PARKED, _E.RESUMED): _S.QUEUED,
}

#: States in which an attempt is owed; the journal's partial index names the same three.
DUE_STATES = frozenset(state for state, event in TABLE if event is DeliveryEvent.ATTEMPT)

EVENT_OF_PLACEMENT: Mapping[Placement, DeliveryEvent] = {
    Placement.CONSIGNED: DeliveryEvent.CONSIGNED,
    Placement.HANDED_OVER: DeliveryEvent.HANDED_OVER,
}

EVENT_OF_ANSWER: Mapping[AnswerKind, DeliveryEvent] = {
    AnswerKind.ACKNOWLEDGED: DeliveryEvent.ACKNOWLEDGED,
    AnswerKind.ACCEPTED: DeliveryEvent.ANSWERED,
    AnswerKind.REJECTED: DeliveryEvent.ANSWERED,
    AnswerKind.DOCUMENTS_REQUESTED: DeliveryEvent.ANSWERED,
    AnswerKind.DECIDED: DeliveryEvent.ANSWERED,
    AnswerKind.NOT_IMPORTED: DeliveryEvent.NOT_IMPORTED,
}

LOG_EVENT_OF_PLACEMENT: Mapping[Placement, LogEvent] = {
    Placement.CONSIGNED: LogEvent.CONSIGNMENT,
    Placement.HANDED_OVER: LogEvent.HANDOVER,
}

LOG_EVENT_OF_ANSWER: Mapping[AnswerKind, LogEvent] = {
    AnswerKind.ACKNOWLEDGED: LogEvent.ACKNOWLEDGEMENT,
    AnswerKind.ACCEPTED: LogEvent.ACCEPTANCE,
    AnswerKind.REJECTED: LogEvent.REJECTION,
    AnswerKind.DOCUMENTS_REQUESTED: LogEvent.DOCUMENTS_REQUESTED,
    AnswerKind.DECIDED: LogEvent.DECISION,
    AnswerKind.NOT_IMPORTED: LogEvent.HANDOVER_FAILED,
}


def next_state(state: DeliveryState, event: DeliveryEvent) -> DeliveryState:
    """The state after ``event``. Raises ``Rejected(DELIVERY_STATE)`` where the table has no such row."""
    try:
        return TABLE[state, event]
    except KeyError:
        possible = sorted({str(s) for s, e in TABLE if e is event})
        finding = Finding(
            code=Code.DELIVERY_STATE,
            place=event,
            expected=f"a delivery that is {' or '.join(possible)}",
            got=state,
        )
        raise Rejected([finding]) from None


def next_attempt(
    attempts: int, *, moment: datetime, deadline: datetime, policy: RetryPolicy, entropy: Entropy
) -> datetime | None:
    """When to try again after ``attempts`` failed ones, or ``None`` where that would be after the deadline.

    Exponential back-off with full jitter: uniform between zero and the bound, so recipients that come back are not
    met by everyone at once. Never sooner than a tenth of the first bound, so a row cannot spin.
    """
    # The exponent is bounded before the power: 2.0 ** 2000 raises, and attempts grow without limit.
    doublings = min(attempts - 1, 64)
    bound = min(policy.ceiling_seconds, policy.first_seconds * policy.factor**doublings)
    share = int.from_bytes(entropy(4), "big") / 2**32
    wait = max(policy.first_seconds / 10, bound * share)
    again = moment + timedelta(seconds=wait)
    return None if again > deadline else again


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Circuit breaker of one authority, as a value: five failures in a row open it for a minute.

    After that minute one attempt is let through (half-open); it closes the breaker or opens it again. The failures
    count across deliveries: an inbox that is down must not use up every dossier's attempts.
    """

    failures: int = 0
    open_until: datetime | None = None

    def lets_through(self, moment: datetime) -> bool:
        """May an attempt be made now?"""
        return self.open_until is None or moment >= self.open_until

    def after_failure(self, moment: datetime) -> "Breaker":
        """One more failure."""
        failures = self.failures + 1
        if failures < BREAKER_FAILURES:
            return Breaker(failures=failures)
        return Breaker(failures=failures, open_until=moment + BREAKER_OPEN)

    def after_success(self) -> "Breaker":
        """The recipient is there."""
        return Breaker()


def mermaid() -> str:
    """``TABLE`` as a Mermaid state diagram, one line a transition, in the table's order."""
    lines = ["stateDiagram-v2", f"    [*] --> {_node(DeliveryState.QUEUED)}"]
    lines += [f"    {_node(s)} --> {_node(to)}: {event}" for (s, event), to in TABLE.items()]
    return "\n".join(lines) + "\n"


def _node(state: DeliveryState) -> str:
    return state.value.replace("-", "_")
