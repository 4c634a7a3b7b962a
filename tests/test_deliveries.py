# SPDX-License-Identifier: EUPL-1.2
"""Deliveries and events as rows: the queue that survives everything."""

import sqlite3
from datetime import timedelta
from hashlib import sha256

import pytest
from deliveryroom import Room
from hypothesis import given
from hypothesis import strategies as st
from sample_dossier import START

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.journal import answers, deliveries, log
from gateway.journal.events import append_event, events_after
from gateway.journal.log import SignedRoot
from gateway.journal.moments import moment_of, text_of
from gateway.model.answer import answer_digest
from gateway.model.delivery import Answer, AnswerKind, DeliveryState
from gateway.stages.delivery import DeliveryEvent


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path)
    yield room
    room.close()


def claim(room, delivery_id, seconds=330):
    with room.journal.transaction() as connection:
        return deliveries.claim(connection, delivery_id, moment=room.time(), attempt_seconds=seconds)


def due(room, name="ludwigsburg"):
    with room.journal.reading() as connection:
        return [row.id for row in deliveries.due(connection, authority=name, moment=room.time())]


NAIVE = START.replace(tzinfo=None)  # hypothesis adds the zones
moments = st.datetimes(
    min_value=NAIVE.replace(year=1970), max_value=NAIVE.replace(year=2999), timezones=st.timezones()
)


@given(moments, moments)
def test_text_order_of_moments_is_time_order_and_loses_less_than_a_millisecond(one, other):
    assert timedelta(0) <= one - moment_of(text_of(one)) < timedelta(milliseconds=1)
    if text_of(one) < text_of(other):
        assert one < other


def test_a_new_delivery_is_due_at_once_and_only_for_its_authority(room):
    delivery = room.accept()
    assert [delivery] == due(room)
    assert [] == due(room, "weimar")


def test_a_claimed_delivery_is_nobody_elses_until_its_time_is_over(room):
    delivery = room.accept()
    assert 1 == claim(room, delivery).attempts
    assert claim(room, delivery) is None
    assert [] == due(room)
    room.time.pass_seconds(331)
    assert [delivery] == due(room)
    assert 2 == claim(room, delivery).attempts


def test_the_claims_of_a_dead_predecessor_are_released_at_start(room):
    delivery = room.accept()
    claim(room, delivery)
    with room.journal.transaction() as connection:
        assert 1 == deliveries.release_claims(connection, moment=room.time())
    assert [delivery] == due(room)


def test_an_attempt_that_outlived_its_claim_cannot_overwrite_the_next_ones_end(room):
    delivery = room.accept()
    first = claim(room, delivery)
    room.time.pass_seconds(331)
    second = claim(room, delivery)
    with room.journal.transaction() as connection:
        assert DeliveryState.HANDED_OVER == deliveries.move(
            connection, second, DeliveryEvent.HANDED_OVER, moment=room.time()
        )
        assert deliveries.move(connection, first, DeliveryEvent.FAILED, moment=room.time()) is None
    assert DeliveryState.HANDED_OVER == room.row(delivery).state


def test_only_a_parked_delivery_is_resumed_and_gets_a_new_deadline(room):
    delivery = room.accept()
    with room.journal.transaction() as connection:
        with pytest.raises(Rejected) as refusal:
            deliveries.resume(connection, delivery, moment=room.time(), deadline_seconds=60)
        assert Code.DELIVERY_STATE is refusal.value.findings[0].code
        assert deliveries.resume(connection, "unknown", moment=room.time(), deadline_seconds=60) is None
    room.proceedings.parked(room.row(delivery), code=Code.RECIPIENT_REFUSED)
    room.time.pass_seconds(10**6)
    with room.journal.transaction() as connection:
        assert [delivery] == [row.id for row in deliveries.parked(connection)]
        assert DeliveryState.QUEUED == deliveries.resume(
            connection, delivery, moment=room.time(), deadline_seconds=60
        )
        assert () == deliveries.parked(connection)
    assert [delivery] == due(room)
    assert room.time() + timedelta(seconds=60) == room.row(delivery).deadline_at


def test_an_answer_is_kept_once_under_its_id(room):
    delivery = room.accept()
    answer = Answer(id="1", delivery_id=delivery, kind=AnswerKind.REJECTED, message="Nein – Öffnungszeiten")
    with room.journal.transaction() as connection:
        answers.record(connection, answer, entry_idx=0, moment=START)
    with room.journal.reading() as connection:
        assert answer == answers.find(connection, delivery, "1").answer
        assert [answer_digest(answer)] == [
            known.body_sha256 for known in answers.of_delivery(connection, delivery)
        ]
    with pytest.raises(sqlite3.IntegrityError), room.journal.transaction() as connection:
        answers.record(connection, answer, entry_idx=0, moment=START)


def test_events_become_visible_when_their_log_entry_is_published_in_order_and_to_their_chamber_only(room):
    room.accept(1)
    room.accept(2)
    with room.journal.transaction() as connection:
        for number, idx in ((1, 0), (2, 1)):
            append_event(
                connection,
                chamber="ihk-stuttgart",
                dossier_id=f"{number:026d}",
                type="submission.accepted",
                moment=START,
                entry_idx=idx,
                body={"n": number},
            )
        assert () == events_after(connection, "ihk-stuttgart", 0, 10)
        publish(connection, 1)
        assert () == events_after(connection, "ihk-stuttgart", 0, 10)  # no event before its receipt
        log.store_receipts(connection, [(0, b"{}")])
        (first,) = events_after(connection, "ihk-stuttgart", 0, 10)
        publish(connection, 2)
        log.store_receipts(connection, [(1, b"{}")])
        assert [{"n": 1}, {"n": 2}] == [e.body for e in events_after(connection, "ihk-stuttgart", 0, 10)]
        assert [{"n": 1}] == [e.body for e in events_after(connection, "ihk-stuttgart", 0, 1)]
        assert [{"n": 2}] == [e.body for e in events_after(connection, "ihk-stuttgart", first.seq, 10)]
        assert () == events_after(connection, "hwk-stuttgart", 0, 10)


def publish(connection, size):
    root = SignedRoot(size=size, root=sha256(b"%d" % size).digest(), note=b"note")
    log.record_checkpoint(connection, root, after=log.latest_checkpoint(connection), moment=START)
