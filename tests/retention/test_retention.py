# SPDX-License-Identifier: EUPL-1.2
"""What is due goes in time, what is not stays: deadlines, the share of a chamber, and the rounds of the role."""

import asyncio
import io
from datetime import timedelta

import pytest
from intakebundles import KASSEL, START, bundle
from intakeroom import IntakeRoom, answered, row_of, submit

from gateway.codes import Code
from gateway.findings import Finding
from gateway.intake import Refused
from gateway.journal import dossiers
from gateway.journal.dossiers import DossierStatus
from gateway.telemetry import EventLog


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
    answered(room, outcome.dossier_id, state, moment=START)
    room.time.now = START + timedelta(days=14) - timedelta(seconds=1)
    assert 0 == room.retention().purge().erased
    room.time.now = START + timedelta(days=14)
    assert int(erased) == room.retention().purge().erased
    assert (DossierStatus.ERASED if erased else DossierStatus.ACCEPTED) is row_of(
        room, outcome.dossier_id
    ).status


async def test_the_hard_limit_erases_everything_refusals_too(room):
    async with room.running() as intake:
        parked = await submit(intake, bundle("parked"))
        refused = await submit(
            intake, bundle("bad", findings=[Finding(code=Code.SIGNATURE_MISSING).to_json()])
        )
        room.time.now = START + timedelta(days=90)
        young = await submit(intake, bundle("young"))
    answered(room, parked.dossier_id, "parked")
    assert 2 == room.retention().purge().erased
    assert [DossierStatus.ERASED, DossierStatus.ERASED, DossierStatus.ACCEPTED] == [
        row_of(room, o.dossier_id).status for o in (parked, refused, young)
    ]
    reasons = [row[0] for row in room.rows("SELECT body FROM event WHERE type = 'dossier.erased'")]
    assert ['{"reason": "deadline"}'] * 2 == reasons


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
        while row_of(room, outcome.dossier_id).status is not DossierStatus.ERASED:
            await asyncio.sleep(0)
        stop.set()
        await task
