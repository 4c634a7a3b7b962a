# SPDX-License-Identifier: EUPL-1.2
"""Submissions that do not come to their end: too much, too little, hung up, nobody to do the work, a failing journal."""

import asyncio
import sqlite3
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intakebundles import ERFURT, bundle
from intakeroom import NOTHING, ONE_ACCEPTED, ONE_REFUSED, IntakeRoom, check, codes, row_of, stream, submit

from gateway.codes import Code
from gateway.errors import JournalDamaged, Rejected, Unavailable
from gateway.intake import Accepted, Refused, Repeated


@pytest.mark.parametrize("key", ["", "x" * 201, "Schlüssel", "a\nb", "a\0"])
async def test_a_malformed_key_is_refused_before_anything_is_read(room, key):
    async with room.running() as intake:
        with pytest.raises(Rejected) as caught:
            await submit(intake, bundle(), key=key)
    assert [Code.IDEMPOTENCY_KEY_MALFORMED] == codes(caught.value.findings)
    assert NOTHING == room.counts()


async def test_a_bundle_beyond_the_limit_is_refused_with_and_without_length(tmp_path):
    room = IntakeRoom(tmp_path, max_bundle_bytes=1000)
    async with room.running() as intake:
        for length in (True, False):
            with pytest.raises(Rejected) as caught:
                await submit(intake, bundle(padding=1000), length=length)
            assert [Code.BUNDLE_TOO_LARGE] == codes(caught.value.findings)
    assert NOTHING == room.counts()
    room.close()


@pytest.mark.parametrize("announced", [10, 100_000])
async def test_a_body_of_another_length_than_announced_is_incomplete(room, announced):
    async with room.running() as intake:
        with pytest.raises(Rejected) as caught:
            await intake.submit(ERFURT, stream(bundle()), content_length=announced, idempotency_key=None)
    assert [Code.BUNDLE_INCOMPLETE] == codes(caught.value.findings)
    assert NOTHING == room.counts()


async def test_a_sender_that_breaks_off_leaves_nothing(room):
    async def broken():
        yield b"x" * 3_000_000
        raise ConnectionResetError

    async with room.running() as intake:
        with pytest.raises(ConnectionResetError):
            await intake.submit(ERFURT, broken(), content_length=None, idempotency_key=None)
    assert NOTHING == room.counts()


async def test_an_upload_that_is_cancelled_leaves_nothing(room):
    begun = asyncio.Event()

    async def endless():
        while True:
            begun.set()
            yield b"x" * 100_000
            await asyncio.sleep(0)

    async with room.running() as intake:
        task = asyncio.create_task(
            intake.submit(ERFURT, endless(), content_length=None, idempotency_key=None)
        )
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert NOTHING == room.counts()


async def test_a_chamber_that_hangs_up_during_examination_finds_its_dossier_later(room):
    room.workers.gate = asyncio.Event()
    async with room.running() as intake:
        task = asyncio.create_task(submit(intake, bundle()))
        while not room.workers.examined:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        room.workers.gate.set()
        await intake.drain()
        again = await submit(intake, bundle())
    assert isinstance(again, Repeated)
    assert ONE_ACCEPTED == room.counts()


async def test_the_end_waits_for_bundles_under_way_but_not_for_ever(room):
    room.workers.gate = asyncio.Event()
    async with room.running() as intake:
        assert 0 == await intake.drain(0)
        task = asyncio.create_task(submit(intake, bundle()))
        while not room.workers.examined:
            await asyncio.sleep(0.001)
        assert 1 == await intake.drain(0.01)
        room.workers.gate.set()
        assert 0 == await intake.drain()
        assert isinstance(await task, Accepted)
    assert ONE_ACCEPTED == room.counts()


async def test_without_workers_nothing_is_recorded(room):
    room.workers.gone = True
    async with room.running() as intake:
        for call in (submit, check):
            with pytest.raises(Unavailable):
                await call(intake, bundle())
    assert NOTHING == room.counts()


async def test_without_publication_there_is_no_acceptance_but_the_dossier_stands(room):
    async with room.running(publishing=False, publication_limit=0.1) as intake:
        with pytest.raises(Unavailable) as caught:
            await submit(intake, bundle())
    assert Code.SERVICE_UNAVAILABLE == caught.value.code
    assert ONE_ACCEPTED == room.counts()
    async with room.running() as intake:
        assert isinstance(await submit(intake, bundle()), Repeated)


@given(st.lists(st.binary(max_size=70_000), max_size=5), st.none() | st.text(max_size=300))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_in_any_pieces_under_any_key_are_refused_whole_or_not_at_all(tmp_path_factory, pieces, key):
    async def body():
        for piece in pieces:
            yield piece

    async def run():
        room = IntakeRoom(tmp_path_factory.mktemp("any"))
        data = b"".join(pieces)
        async with room.running() as intake:
            call = intake.submit(ERFURT, body(), content_length=len(data), idempotency_key=key)
            (outcome,) = await asyncio.gather(call, return_exceptions=True)
        if isinstance(outcome, Rejected):
            assert [Code.IDEMPOTENCY_KEY_MALFORMED] == codes(outcome.findings)
            assert NOTHING == room.counts()
        else:
            assert isinstance(outcome, Refused)
            assert ONE_REFUSED == room.counts()
            assert sha256(data).hexdigest() == outcome.receipt["evidence"]["bundle_sha256"]
            row = row_of(room, outcome.dossier_id)
            with room.spool.open(row.stored.name, row.stored.wrapped_key) as reader:
                assert data == reader.read_at(0, len(data))
        room.close()

    asyncio.run(run())


class FailingCommit(sqlite3.Connection):
    """A journal whose disk refuses at commit, with the code of ``failure``."""

    failure: int | None = None

    def commit(self):
        if self.failure is not None and self.in_transaction:
            error = sqlite3.OperationalError("injected")
            error.sqlite_errorcode = self.failure
            raise error
        super().commit()


def failing(room, code):
    room.journal.close()
    connection = sqlite3.connect(
        room.directory / "journal.db", isolation_level=None, check_same_thread=False, factory=FailingCommit
    )
    connection.row_factory = sqlite3.Row
    room.journal._connection = connection
    FailingCommit.failure = code
    return connection


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, 517])
async def test_a_full_or_busy_journal_means_try_later_and_leaves_nothing(room, code):
    async with room.running(publishing=False) as intake:
        failing(room, code)
        with pytest.raises(Unavailable):
            await submit(intake, bundle())
        FailingCommit.failure = None
        assert NOTHING == room.counts()  # and nothing is left open for the next transaction to join


async def test_a_commit_in_doubt_stops_everything_and_keeps_the_file(tmp_path):
    room = IntakeRoom(tmp_path)
    async with room.running(publishing=False) as intake:
        failing(room, sqlite3.SQLITE_IOERR)
        with pytest.raises(JournalDamaged):
            await submit(intake, bundle())
        FailingCommit.failure = None
        with pytest.raises(JournalDamaged):
            await submit(intake, bundle())
        with pytest.raises(JournalDamaged):
            await check(intake, bundle())
    assert 1 == len(room.damages)
    assert {**NOTHING, "files": 1} == room.counts()
    room.close()
