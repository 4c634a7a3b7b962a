# SPDX-License-Identifier: EUPL-1.2
"""What is erased is gone from every file of the gateway; what must stay, stays."""

import json
from datetime import timedelta

import pytest
from intakebundles import PERSONAL, START, bundle
from intakeroom import SIGNER, IntakeRoom, answered, row_of, submit

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.intake import Accepted
from gateway.journal import deliveries
from gateway.journal.dossiers import DossierStatus
from gateway.model.evidence import LogEvent
from gateway.retention import ErasureReason
from gateway.stages.receipt import verify_receipt
from gateway.tlog.entry import identifier

KEY = "Aktenzeichen Nguyễn 4711".encode().hex()  # a chamber's key may say more than it should


def everything(room) -> bytes:
    """All bytes of all files below the gateway's directory, the write-ahead log included."""
    return b"\n".join(p.read_bytes() for p in sorted(room.directory.rglob("*")) if p.is_file())


async def test_after_erasure_no_file_of_the_gateway_holds_any_of_it(room):
    async with room.running() as intake:
        outcome = await submit(intake, bundle(padding=100_000), key=KEY)
        answered(room, outcome.dossier_id)
        (subject, wrapped, name) = room.rows("SELECT subject, wrapped_key, spool_name FROM dossier")[0]
        salts = [row[0] for row in room.rows("SELECT salt FROM log_entry WHERE dossier_id IS NOT NULL")]
        before = everything(room)
        assert room.retention().erase(outcome.dossier_id, ErasureReason.REQUEST)
    after = everything(room)
    texts = [*PERSONAL, KEY, "A-4711", outcome.receipt["salt"], outcome.receipt["evidence"]["evidence_id"]]
    markers = [json.dumps(t, ensure_ascii=False)[1:-1].encode() for t in texts]
    ids_in_public_log = {outcome.receipt["evidence"]["evidence_id"].encode()}
    for marker in markers:
        assert marker in before, marker  # else the test would prove nothing
        assert (marker in after) == (marker in ids_in_public_log), marker
    for secret in (subject, wrapped, *salts):
        assert secret in before
        assert secret not in after
    assert not (room.directory / "spool" / name).exists()


async def test_the_erasure_is_logged_and_told_and_the_tree_stays_valid(room):
    async with room.running() as intake:
        kept = await submit(intake, bundle("kept"))
        gone = await submit(intake, bundle("gone"))
        subject = room.rows("SELECT subject FROM dossier WHERE id = ?", gone.dossier_id)[0][0]
        room.retention().erase(gone.dossier_id, ErasureReason.REQUEST)
        later = await submit(intake, bundle("later"))
    assert ["submission.accepted"] * 2 + ["dossier.erased", "submission.accepted"] == room.entries()
    entry, dossier_id = room.rows(
        "SELECT entry, dossier_id FROM log_entry WHERE event = ?", LogEvent.DOSSIER_ERASED.value
    )[0]
    assert identifier(subject) == json.loads(entry)["subj"]
    assert dossier_id is None
    events = room.rows("SELECT type, body FROM event WHERE dossier_id = ? ORDER BY seq", gone.dossier_id)
    assert [("submission.accepted", None), ("dossier.erased", '{"reason": "request"}')] == events
    for outcome in (kept, gone, later):  # holders of receipts can still prove their own facts
        verdict = verify_receipt(json.dumps(outcome.receipt).encode(), verifier=SIGNER.verifier)
        assert not [f for f in verdict.findings if f.severity == "error"]
    assert 1 == len(room.rows("SELECT receipt FROM log_entry WHERE idx = 1 AND receipt IS NOT NULL"))
    assert [] == room.rows("SELECT receipt FROM log_entry WHERE idx = 2 AND receipt IS NOT NULL")


async def test_erasing_before_publication_leaves_the_publisher_working(room):
    async with room.running(publishing=False, publication_limit=0.05) as intake:
        with pytest.raises(Exception, match="not published"):
            await submit(intake, bundle())
    ((dossier_id,),) = room.rows("SELECT id FROM dossier")
    room.retention().erase(dossier_id, ErasureReason.REQUEST)
    async with room.running() as intake:
        assert isinstance(await submit(intake, bundle("next")), Accepted)


async def test_erased_content_is_recognised_for_ever_by_hash_alone(room):
    async with room.running() as intake:
        first = await submit(intake, bundle(), key="k")
        room.retention().erase(first.dossier_id, ErasureReason.REQUEST)
        for key in ("k", None):
            with pytest.raises(Rejected) as caught:
                await submit(intake, bundle(), key=key)
            assert [Code.DUPLICATE_DOSSIER] == [f.code for f in caught.value.findings]
        repacked = await submit(intake, bundle(padding=1))
        assert [Code.DUPLICATE_DOSSIER] == [f.code for f in repacked.findings]
        with pytest.raises(Rejected) as caught:
            await submit(intake, bundle("other"), key="k")
    assert [Code.IDEMPOTENCY_KEY_REUSED] == [f.code for f in caught.value.findings]


async def test_erasing_twice_or_nothing_changes_nothing(room):
    async with room.running() as intake:
        outcome = await submit(intake, bundle())
    retention = room.retention()
    assert (True, False, False) == (
        retention.erase(outcome.dossier_id, ErasureReason.REQUEST),
        retention.erase(outcome.dossier_id, ErasureReason.REQUEST),
        retention.erase("01J00000000000000000000000", ErasureReason.REQUEST),
    )
    assert 1 == room.entries().count("dossier.erased")


def attempt(room, dossier_id, *, seconds=60):
    """The courier's claim, as it is recorded before the attempt."""
    with room.journal.transaction() as connection:
        (row,) = deliveries.of_dossier(connection, dossier_id)
        moment = max(room.time.now, row.next_at)
        return deliveries.claim(connection, row.id, moment=moment, attempt_seconds=seconds)


async def test_what_is_being_handed_over_is_erased_after_the_attempt_and_not_during_it(room):
    async with room.running() as intake:
        busy = await submit(intake, bundle("busy"))
        idle = await submit(intake, bundle("idle"))
    room.time.now = START + timedelta(days=90)
    attempt(room, busy.dossier_id)
    retention = room.retention()
    assert 1 == retention.purge().erased
    assert not retention.erase(busy.dossier_id, ErasureReason.DEADLINE)
    assert [DossierStatus.ACCEPTED, DossierStatus.ERASED] == [
        row_of(room, o.dossier_id).status for o in (busy, idle)
    ]
    room.time.now += timedelta(seconds=60)  # the claim ran out: whoever made it is gone
    assert 1 == retention.purge().erased
    assert DossierStatus.ERASED is row_of(room, busy.dossier_id).status


async def test_who_asks_for_erasure_during_a_handover_is_told_to_ask_again(room):
    async with room.running() as intake:
        outcome = await submit(intake, bundle())
    claimed = attempt(room, outcome.dossier_id)
    with pytest.raises(Rejected) as caught:
        room.retention().erase(outcome.dossier_id, ErasureReason.REQUEST)
    assert [Code.DELIVERY_STATE] == [f.code for f in caught.value.findings]
    assert claimed.id in caught.value.findings[0].got
    assert DossierStatus.ACCEPTED is row_of(room, outcome.dossier_id).status
    assert "dossier.erased" not in room.entries()
    room.time.now = claimed.next_at
    assert room.retention().erase(outcome.dossier_id, ErasureReason.REQUEST)


async def test_a_reader_elsewhere_delays_the_cut_of_the_write_ahead_log_to_the_next_round(room, tmp_path):
    async with room.running() as intake:
        outcome = await submit(intake, bundle())
    other = IntakeRoom(tmp_path)
    with other.journal.reading() as connection:
        connection.execute("SELECT count(*) FROM dossier").fetchone()
        assert room.retention().erase(outcome.dossier_id, ErasureReason.REQUEST)
        assert "Nguyễn-Öztürk".encode() in everything(room)
    room.retention().purge()
    assert "Nguyễn-Öztürk".encode() not in everything(room)
    other.close()
