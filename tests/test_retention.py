# SPDX-License-Identifier: EUPL-1.2
"""What is erased is gone from every file of the gateway; what must stay, stays; what a crash left is found."""

import asyncio
import io
import json
import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from intakeroom import KASSEL, PERSONAL, SIGNER, START, IntakeRoom, bundle, submit

from gateway.codes import Code
from gateway.errors import JournalDamaged, Rejected
from gateway.findings import Finding
from gateway.intake import Accepted, Refused
from gateway.journal import answers, deliveries, dossiers
from gateway.journal.dossiers import DossierStatus
from gateway.model.delivery import Answer, AnswerKind
from gateway.model.evidence import LogEvent
from gateway.retention import ErasureReason
from gateway.stages.receipt import verify_receipt
from gateway.telemetry import EventLog
from gateway.tlog.entry import identifier

KEY = "Aktenzeichen Nguyễn 4711".encode().hex()  # a chamber's key may say more than it should


@pytest.fixture
def room(tmp_path):
    room = IntakeRoom(tmp_path)
    yield room
    room.journal.check()
    room.close()


def everything(room) -> bytes:
    """All bytes of all files below the gateway's directory, the write-ahead log included."""
    return b"\n".join(p.read_bytes() for p in sorted(room.directory.rglob("*")) if p.is_file())


def answer(room, dossier_id, state="acknowledged", moment=START):
    """The recipient's word, as the way out records it."""
    with room.journal.transaction() as connection:
        (row,) = deliveries.of_dossier(connection, dossier_id)
        connection.execute(
            "UPDATE delivery SET state = ?, updated_at = ? WHERE id = ?",
            (state, moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"), row.id),
        )
        given = Answer(
            id="A-4711", delivery_id=row.id, kind=AnswerKind.ACCEPTED, message="Frau Nguyễn-Öztürk"
        )
        answers.record(connection, given, entry_idx=1, moment=moment)


def status(room, dossier_id):
    with room.journal.reading() as connection:
        return dossiers.find(connection, dossier_id).status


async def test_after_erasure_no_file_of_the_gateway_holds_any_of_it(room):
    async with room.running() as intake:
        outcome = await submit(intake, bundle(padding=100_000), key=KEY)
        answer(room, outcome.dossier_id)
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


async def test_refused_bytes_go_when_their_time_has_come_and_the_findings_stay(room):
    told = [Finding(code=Code.SIGNATURE_MISSING).to_json()]
    async with room.running() as intake:
        outcome = await submit(intake, bundle(findings=told))
    assert isinstance(outcome, Refused)
    room.time.now = START + timedelta(days=7) - timedelta(seconds=1)
    assert 0 == room.retention().purge().refused
    room.time.now = START + timedelta(days=7)
    assert 1 == room.retention().purge().refused
    assert 0 == room.counts()["files"]
    with room.journal.reading() as connection:
        row = dossiers.find(connection, outcome.dossier_id)
    assert (DossierStatus.REFUSED, None, None) == (row.status, row.stored, row.spool_until)
    assert told == row.report["findings"]


async def test_a_chamber_fills_the_disk_with_refused_bundles_no_further_than_its_share(tmp_path):
    def noise(number):
        told = [Finding(code=Code.SIGNATURE_MISSING).to_json()]
        return bundle(f"bad-{number}", padding=10_000, findings=told)

    size = len(noise(1))
    room = IntakeRoom(tmp_path, keep_refused_bytes=2 * size)
    async with room.running() as intake:
        outcomes = [await submit(intake, noise(number)) for number in range(4)]
        other = await submit(intake, noise(9), chamber=KASSEL)
        assert [Refused] * 5 == [type(outcome) for outcome in (*outcomes, other)]
        assert 3 == room.counts()["files"]  # two of Erfurt, and Kassel's
        room.time.now = START + timedelta(days=7)
        assert 3 == room.retention().purge().refused
        await submit(intake, noise(5))
    assert 1 == room.counts()["files"]
    assert 6 == room.entries().count("submission.rejected")
    room.close()


@pytest.mark.parametrize(
    ("state", "erased"),
    [
        ("acknowledged", True),
        ("answered", True),
        ("handed-over", False),
        ("consigned", False),
        ("waiting", False),
        ("parked", False),
    ],
)
async def test_only_what_the_recipient_confirmed_is_erased_after_the_delivery_deadline(room, state, erased):
    async with room.running() as intake:
        outcome = await submit(intake, bundle())
    answer(room, outcome.dossier_id, state, moment=START)
    room.time.now = START + timedelta(days=14) - timedelta(seconds=1)
    assert 0 == room.retention().purge().erased
    room.time.now = START + timedelta(days=14)
    assert int(erased) == room.retention().purge().erased
    assert (DossierStatus.ERASED if erased else DossierStatus.ACCEPTED) is status(room, outcome.dossier_id)


async def test_the_hard_limit_erases_everything_refusals_too(room):
    async with room.running() as intake:
        parked = await submit(intake, bundle("parked"))
        refused = await submit(
            intake, bundle("bad", findings=[Finding(code=Code.SIGNATURE_MISSING).to_json()])
        )
        room.time.now = START + timedelta(days=90)
        young = await submit(intake, bundle("young"))
    answer(room, parked.dossier_id, "parked")
    assert 2 == room.retention().purge().erased
    assert [DossierStatus.ERASED, DossierStatus.ERASED, DossierStatus.ACCEPTED] == [
        status(room, o.dossier_id) for o in (parked, refused, young)
    ]
    reasons = [row[0] for row in room.rows("SELECT body FROM event WHERE type = 'dossier.erased'")]
    assert ['{"reason": "deadline"}'] * 2 == reasons


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
        status(room, o.dossier_id) for o in (busy, idle)
    ]
    room.time.now += timedelta(seconds=60)  # the claim ran out: whoever made it is gone
    assert 1 == retention.purge().erased
    assert DossierStatus.ERASED is status(room, busy.dossier_id)


async def test_who_asks_for_erasure_during_a_handover_is_told_to_ask_again(room):
    async with room.running() as intake:
        outcome = await submit(intake, bundle())
    claimed = attempt(room, outcome.dossier_id)
    with pytest.raises(Rejected) as caught:
        room.retention().erase(outcome.dossier_id, ErasureReason.REQUEST)
    assert [Code.DELIVERY_STATE] == [f.code for f in caught.value.findings]
    assert claimed.id in caught.value.findings[0].got
    assert DossierStatus.ACCEPTED is status(room, outcome.dossier_id)
    assert "dossier.erased" not in room.entries()
    room.time.now = claimed.next_at
    assert room.retention().erase(outcome.dossier_id, ErasureReason.REQUEST)


async def test_many_due_dossiers_go_in_one_round(room, monkeypatch):
    monkeypatch.setattr("gateway.retention._BATCH", 2)
    told = [Finding(code=Code.SIGNATURE_MISSING).to_json()]
    async with room.running() as intake:
        for number in range(5):
            await submit(intake, bundle(f"bad {number}", findings=told))
    room.time.now = START + timedelta(days=7)
    assert 5 == room.retention().purge().refused
    room.time.now = START + timedelta(days=90)
    assert 5 == room.retention().purge().erased


async def test_the_rounds_stop_when_asked(room):
    stop = asyncio.Event()
    task = asyncio.create_task(room.retention().run(stop, EventLog(io.StringIO(), room.time, role="receive")))
    stop.set()
    async with asyncio.timeout(10):
        await task


async def test_a_round_that_fails_is_reported_and_the_next_one_comes(room):
    log, stop, spool = io.StringIO(), asyncio.Event(), room.directory / "spool"
    async with room.running() as intake:
        outcome = await submit(intake, bundle())
    room.time.now = START + timedelta(days=90)
    spool.rename(spool.with_name("away"))
    spool.write_bytes(b"")  # not a directory: the sweep fails
    events = EventLog(log, room.time, role="receive")
    task = asyncio.create_task(room.retention().run(stop, events, every=timedelta(milliseconds=1)))
    async with asyncio.timeout(20):
        while "purge-failed" not in log.getvalue():
            await asyncio.sleep(0)
        spool.unlink()
        spool.with_name("away").rename(spool)
        while status(room, outcome.dossier_id) is not DossierStatus.ERASED:
            await asyncio.sleep(0)
        stop.set()
        await task


async def test_recovery_removes_what_a_crash_left_and_keeps_what_counts(room):
    async with room.running() as intake:
        await submit(intake, bundle())
    spool = room.directory / "spool"
    (spool / ("0" * 32 + ".part")).write_bytes(b"half")
    swept = room.recover()
    assert (1, 0) == (swept.parts, swept.orphans)
    assert 1 == room.counts()["files"]


async def test_recovery_keeps_a_young_orphan_and_purging_removes_it_after_an_hour(room):
    writer = room.spool.writer(10)
    writer.commit()
    assert 0 == room.recover().orphans
    room.file_time = datetime.now(UTC) + timedelta(minutes=59)
    assert 0 == room.retention().purge().swept.orphans
    room.file_time = datetime.now(UTC) + timedelta(minutes=61)
    assert 1 == room.retention().purge().swept.orphans


@pytest.mark.parametrize("harm", ["missing", "cut", "longer"])
async def test_recovery_misses_a_lost_or_changed_file_loudly(room, harm):
    async with room.running() as intake:
        await submit(intake, bundle())
    (path,) = (room.directory / "spool").iterdir()
    if harm == "missing":
        path.unlink()
    else:
        os.truncate(path, path.stat().st_size + (1 if harm == "longer" else -1))
    with pytest.raises(JournalDamaged, match=path.name):
        room.recover()


async def test_a_crash_between_erasure_and_unlink_leaves_noise_that_is_swept(room):
    async with room.running() as intake:
        outcome = await submit(intake, bundle())
    with room.journal.transaction() as connection:
        dossiers.erase(connection, outcome.dossier_id, moment=START)
    (path,) = (room.directory / "spool").iterdir()
    assert sha256(bundle()).digest() not in path.read_bytes()
    room.file_time = datetime.now(UTC) + timedelta(hours=2)
    assert 1 == room.retention().purge().swept.orphans


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
