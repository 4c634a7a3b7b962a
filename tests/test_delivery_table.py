# SPDX-License-Identifier: EUPL-1.2
"""The one table of delivery states, the retry schedule and the breaker."""

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.journal.schema import _TABLES
from gateway.model.delivery import AnswerKind, DeliveryState, Placement
from gateway.policy import RetryPolicy
from gateway.stages import delivery as stage
from gateway.stages.delivery import BREAKER_OPEN, Breaker, DeliveryEvent, next_attempt, next_state

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=400)
POLICY = RetryPolicy()
REPO = Path(__file__).parents[1]


@pytest.mark.parametrize(("state", "event"), sorted(product(DeliveryState, DeliveryEvent)))
def test_every_pair_is_in_the_table_or_refused_by_name(state, event):
    if (state, event) in stage.TABLE:
        assert next_state(state, event) is stage.TABLE[state, event]
        return
    with pytest.raises(Rejected) as refusal:
        next_state(state, event)
    assert [Code.DELIVERY_STATE] == [finding.code for finding in refusal.value.findings]


def test_every_state_can_be_reached_from_the_queue():
    reached, frontier = {DeliveryState.QUEUED}, [DeliveryState.QUEUED]
    while frontier:
        state = frontier.pop()
        for (start, _), end in stage.TABLE.items():
            if start is state and end not in reached:
                reached.add(end)
                frontier.append(end)
    assert reached == set(DeliveryState)


def test_nothing_is_acknowledged_or_answered_before_it_was_handed_over():
    early = {DeliveryState.QUEUED, DeliveryState.DELIVERING, DeliveryState.WAITING, DeliveryState.CONSIGNED}
    words = {DeliveryEvent.ACKNOWLEDGED, DeliveryEvent.ANSWERED, DeliveryEvent.NOT_IMPORTED}
    assert [] == [pair for pair in stage.TABLE if pair[0] in early and pair[1] in words]


def test_every_placement_and_every_answer_has_an_event_and_a_log_event():
    assert set(Placement) == set(stage.EVENT_OF_PLACEMENT) == set(stage.LOG_EVENT_OF_PLACEMENT)
    assert set(AnswerKind) == set(stage.EVENT_OF_ANSWER) == set(stage.LOG_EVENT_OF_ANSWER)


def test_the_journal_looks_for_due_rows_in_just_the_states_that_are_owed_an_attempt():
    index = next(s for s in _TABLES.split(";") if "delivery_due" in s)
    named = index.split(" IN (")[1].split(")")[0]
    assert stage.DUE_STATES == {word.strip(" '") for word in named.split(",")}


def test_the_picture_in_the_adapters_readme_is_the_table():
    text = (REPO / "adapters" / "README.md").read_text()
    assert f"```mermaid\n{stage.mermaid()}```" in text


@given(attempts=st.integers(1, 10**9), draw=st.binary(min_size=4, max_size=4))
def test_waiting_is_jittered_within_a_bound_that_doubles_up_to_the_ceiling(attempts, draw):
    again = next_attempt(attempts, moment=NOW, deadline=LATER, policy=POLICY, entropy=lambda _: draw)
    bound = min(POLICY.ceiling_seconds, POLICY.first_seconds * 2 ** min(attempts - 1, 64))
    assert again is not None
    assert POLICY.first_seconds / 10 <= (again - NOW).total_seconds() <= bound


def test_the_whole_range_of_the_jitter_is_used():
    waits = [
        (
            next_attempt(3, moment=NOW, deadline=LATER, policy=POLICY, entropy=lambda _, d=draw: d) - NOW
        ).total_seconds()
        for draw in (b"\0\0\0\0", b"\x80\0\0\0", b"\xff\xff\xff\xff")
    ]
    assert [0.5, 10.0, 20.0] == [round(wait, 3) for wait in waits]


def test_after_the_deadline_nothing_is_tried_any_more():
    deadline = NOW + timedelta(seconds=1)
    assert (
        next_attempt(9, moment=NOW, deadline=deadline, policy=POLICY, entropy=lambda _: b"\xff" * 4) is None
    )


def test_five_failures_open_the_breaker_and_one_success_closes_it():
    breaker = Breaker()
    for _ in range(4):
        breaker = breaker.after_failure(NOW)
    assert breaker.lets_through(NOW)
    breaker = breaker.after_failure(NOW)
    assert not breaker.lets_through(NOW)
    assert not breaker.lets_through(NOW + BREAKER_OPEN - timedelta(milliseconds=1))
    assert breaker.lets_through(NOW + BREAKER_OPEN)
    assert not breaker.after_failure(NOW + BREAKER_OPEN).lets_through(NOW + BREAKER_OPEN)
    assert Breaker() == breaker.after_success()
