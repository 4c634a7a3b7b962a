# SPDX-License-Identifier: EUPL-1.2
"""The way in: one acceptance per dossier, one receipt, refusals recorded, nothing half done."""

import asyncio
import base64
import json
import sqlite3
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intakeroom import (
    ERFURT,
    ISSUER,
    KASSEL,
    PERSONAL,
    SIGNER,
    START,
    IntakeRoom,
    bundle,
    check,
    stream,
    submit,
)

from gateway.codes import Code
from gateway.errors import JournalDamaged, Rejected, Unavailable
from gateway.findings import Finding, Severity
from gateway.intake import Accepted, CheckResult, Refused, Repeated
from gateway.journal import dossiers
from gateway.journal.dossiers import DossierStatus
from gateway.stages.receipt import verify_receipt

NOTHING = {"dossier": 0, "dedupe": 0, "delivery": 0, "event": 0, "log": 0, "files": 0}
ONE_ACCEPTED = {"dossier": 1, "dedupe": 2, "delivery": 1, "event": 1, "log": 1, "files": 1}
ONE_REFUSED = {"dossier": 1, "dedupe": 0, "delivery": 0, "event": 1, "log": 1, "files": 1}


@pytest.fixture
def room(tmp_path):
    room = IntakeRoom(tmp_path)
    yield room
    assert [] == room.damages
    room.journal.check()
    room.recover()  # rows and files agree after every test
    room.close()


def finding(code, severity=Severity.ERROR):
    return Finding(code=code, severity=severity, place="somewhere").to_json()


def codes(findings):
    return [f.code for f in findings]


def row_of(room, dossier_id):
    with room.journal.reading() as connection:
        return dossiers.find(connection, dossier_id)


async def test_a_good_bundle_is_accepted_with_everything_that_belongs_to_it(room):
    data = bundle(padding=200_000)
    async with room.running() as intake:
        outcome = await submit(intake, data, key="k1")
    assert isinstance(outcome, Accepted)
    assert {**ONE_ACCEPTED, "dedupe": 3} == room.counts()
    assert ["submission.accepted"] == room.entries()
    row = row_of(room, outcome.dossier_id)
    assert (DossierStatus.ACCEPTED, "weimar", START) == (row.status, row.authority, row.received_at)
    with room.spool.open(row.stored.name, row.stored.wrapped_key) as reader:
        assert data == reader.read_at(0, len(data) + 1)
    assert "Nguyễn-Öztürk" == row.facts.dossier.worker.surname


async def test_the_receipt_proves_the_submission_offline(room):
    data = bundle()
    async with room.running() as intake:
        outcome = await submit(intake, data)
    receipt = json.dumps(outcome.receipt).encode()
    verdict = verify_receipt(receipt, verifier=SIGNER.verifier)
    assert not [f for f in verdict.findings if f.severity is Severity.ERROR]
    evidence = outcome.receipt["evidence"]
    assert {
        "version": "amtsbote-evidence/1",
        "event": "submission.accepted",
        "erds_event": "http://uri.etsi.org/19522/Event/SubmissionAcceptance",
        "event_time": "2026-03-02T09:00:00Z",
        "submission_time": "2026-03-02T09:00:00Z",
        "issuer": ISSUER,
        "sender": {"id": "ihk-erfurt", "name": "IHK Erfurt"},
        "recipient": {"id": "weimar", "name": "Stadt Weimar"},
        "message_id": outcome.dossier_id,
        "dossier_id": outcome.dossier_id,
        "bundle_sha256": sha256(data).hexdigest(),
        "bundle_size": len(data),
        "content_digest": sha256(b"one").hexdigest(),
        "documents": [
            {"type": "", "sha256": "0" * 64, "size": 10},
            {"type": "CONTRACT", "sha256": sha256(b"one").hexdigest(), "size": 20},
        ],
        "signers": ["5" * 64],
    } == {name: value for name, value in evidence.items() if name != "evidence_id"}
    assert 16 == len(base64.urlsafe_b64decode(evidence["evidence_id"] + "=="))


async def test_the_log_and_receipt_evidence_of_a_submission_hold_no_personal_data(room):
    async with room.running() as intake:
        accepted = await submit(intake, bundle())
    text = json.dumps(accepted.receipt, ensure_ascii=False)
    tiles = b"".join(p.read_bytes() for p in (room.directory / "log").rglob("*") if p.is_file())
    for marker in PERSONAL:
        assert marker not in text
        assert marker.encode() not in tiles


@pytest.mark.parametrize("key", [None, "k1"])
async def test_the_same_bytes_again_give_the_first_receipt_and_do_nothing(room, key):
    async with room.running() as intake:
        first = await submit(intake, bundle(), key="k1")
        before = room.counts()
        again = await submit(intake, bundle(), key=key)
    assert isinstance(again, Repeated)
    assert (first.dossier_id, first.receipt) == (again.dossier_id, again.receipt)
    assert before == room.counts()
    assert [1] == list(room.workers.examined.values())


async def test_repetition_is_recognised_after_a_restart(room, tmp_path):
    async with room.running() as intake:
        first = await submit(intake, bundle())
    second = IntakeRoom(tmp_path)
    async with second.running() as intake:
        again = await submit(intake, bundle())
    second.close()
    assert (first.dossier_id, first.receipt) == (again.dossier_id, again.receipt)


async def test_fifty_identical_uploads_at_once_give_one_acceptance(room):
    async with room.running() as intake:
        outcomes = await asyncio.gather(*(submit(intake, bundle(), key="k") for _ in range(50)))
    kinds = [type(o) for o in outcomes]
    assert (1, 49) == (kinds.count(Accepted), kinds.count(Repeated))
    assert 1 == len({json.dumps(o.receipt, sort_keys=True) for o in outcomes})
    assert [1] == list(room.workers.examined.values())
    assert {**ONE_ACCEPTED, "dedupe": 3} == room.counts()


async def test_two_receivers_with_the_same_bundle_accept_it_once(room, tmp_path):
    other = IntakeRoom(tmp_path)
    async with room.running() as one:
        two = other.intake(one._publication._doorbell)
        outcomes = await asyncio.gather(*(submit(i, bundle()) for i in (one, two, one, two)))
        await two.drain()
    other.close()
    kinds = [type(o) for o in outcomes]
    assert (1, 3) == (kinds.count(Accepted), kinds.count(Repeated))
    assert ONE_ACCEPTED == room.counts()


async def test_a_used_key_with_other_bytes_is_refused_and_not_recorded(room):
    async with room.running() as intake:
        await submit(intake, bundle("one"), key="k")
        before = room.counts()
        with pytest.raises(Rejected) as caught:
            await submit(intake, bundle("two"), key="k")
    assert [Code.IDEMPOTENCY_KEY_REUSED] == codes(caught.value.findings)
    assert before == room.counts()


async def test_two_bundles_under_one_key_at_once_give_one_acceptance(room):
    async with room.running() as intake:
        outcomes = await asyncio.gather(
            submit(intake, bundle("one"), key="k"),
            submit(intake, bundle("two"), key="k"),
            return_exceptions=True,
        )
    assert [Accepted, Rejected] == sorted((type(o) for o in outcomes), key=lambda t: t.__name__)
    assert {**ONE_ACCEPTED, "dedupe": 3} == room.counts()


async def test_two_chambers_may_use_the_same_key(room):
    other = bundle("two", chamber=KASSEL.id, seal="6" * 64)
    async with room.running() as intake:
        assert isinstance(await submit(intake, bundle("one"), key="k"), Accepted)
        assert isinstance(await submit(intake, other, chamber=KASSEL, key="k"), Accepted)


async def test_the_same_content_in_another_container_is_a_duplicate_and_names_the_first(room):
    async with room.running() as intake:
        first = await submit(intake, bundle())
        second = await submit(intake, bundle(padding=1))
    assert isinstance(second, Refused)
    assert [(Code.DUPLICATE_DOSSIER, first.dossier_id)] == [(f.code, f.got) for f in second.findings]
    assert ["duplicate-dossier"] == second.receipt["evidence"]["reasons"]
    assert 1 == room.counts()["delivery"]


async def test_another_chambers_dossier_is_never_named(room):
    async with room.running() as intake:
        first = await submit(intake, bundle())
        stolen = await submit(intake, bundle(), chamber=KASSEL)
        repacked = await submit(intake, bundle(padding=1), chamber=KASSEL)
    for outcome in (stolen, repacked):
        assert isinstance(outcome, Refused)
        assert first.dossier_id not in json.dumps([f.to_json() for f in outcome.findings])
        assert {Code.SENDER_SIGNER_MISMATCH, Code.SENDER_SUBMITTER_MISMATCH, Code.DUPLICATE_DOSSIER} == set(
            codes(outcome.findings)
        )


async def test_a_refusal_is_recorded_with_all_findings_and_proven(room):
    told = [
        finding(Code.SIGNATURE_MISSING),
        finding(Code.DOCUMENT_MISSING),
        finding(Code.XML_COMMENT, Severity.WARNING),
    ]
    async with room.running() as intake:
        outcome = await submit(intake, bundle(findings=told))
    assert isinstance(outcome, Refused)
    assert [Code.SIGNATURE_MISSING, Code.DOCUMENT_MISSING, Code.XML_COMMENT] == codes(outcome.findings)
    assert ONE_REFUSED == room.counts()
    assert ["submission.rejected"] == room.entries()
    assert ["signature-missing", "document-missing"] == outcome.receipt["evidence"]["reasons"]
    row = row_of(room, outcome.dossier_id)
    assert (DossierStatus.REFUSED, None, None) == (row.status, row.facts, row.authority)
    assert START + timedelta(days=7) == row.spool_until
    assert told == row.report["findings"]


async def test_sender_and_route_findings_come_together(room):
    async with room.running() as intake:
        outcome = await submit(
            intake, bundle(ags="99999999", seal="7" * 64, refers_to="01J00000000000000000000000")
        )
    assert {
        Code.SENDER_SIGNER_MISMATCH,
        Code.DOSSIER_REFERS_TO_UNKNOWN,
        Code.ROUTE_UNKNOWN_PLACE,
    } == set(codes(outcome.findings))


async def test_an_authority_that_is_not_connected_refuses(room):
    async with room.running() as intake:
        outcome = await submit(intake, bundle(ags="09162000"))
    assert [Code.ROUTE_AUTHORITY_NOT_CONNECTED] == codes(outcome.findings)


async def test_a_refused_bundle_may_come_again_and_be_accepted(room):
    async with room.running() as intake:
        first = await submit(intake, bundle(), chamber=KASSEL, key="k")
        second = await submit(intake, bundle(), chamber=ERFURT, key="k")
        third = await submit(intake, bundle(), chamber=KASSEL, key="k")
    assert [Refused, Accepted, Refused] == [type(o) for o in (first, second, third)]


async def test_bytes_of_refused_bundles_are_not_kept_where_the_operator_wants_none(tmp_path):
    room = IntakeRoom(tmp_path, keep_refused=timedelta(0))
    async with room.running() as intake:
        outcome = await submit(intake, bundle(findings=[finding(Code.SIGNATURE_MISSING)]))
    assert {**ONE_REFUSED, "files": 0} == room.counts()
    assert row_of(room, outcome.dossier_id).stored is None
    room.close()


async def test_open_questions_alone_mean_try_again_and_leave_nothing(room):
    told = [finding(Code.REVOCATION_UNKNOWN, Severity.UNKNOWN), finding(Code.XML_COMMENT, Severity.WARNING)]
    async with room.running() as intake:
        for call in (submit, check):
            with pytest.raises(Unavailable) as caught:
                await call(intake, bundle(findings=told))
            assert Code.REVOCATION_UNKNOWN == caught.value.code
            assert [Code.REVOCATION_UNKNOWN] == codes(caught.value.findings)
    assert NOTHING == room.counts()


async def test_an_open_question_beside_an_error_is_a_refusal(room):
    told = [finding(Code.REVOCATION_UNKNOWN, Severity.UNKNOWN), finding(Code.UNSIGNED_CONTENT)]
    async with room.running() as intake:
        assert isinstance(await submit(intake, bundle(findings=told)), Refused)


async def test_warnings_do_not_refuse(room):
    told = [finding(Code.CONTAINER_MIMETYPE_RULE, Severity.WARNING)]
    async with room.running() as intake:
        outcome = await submit(intake, bundle(findings=told))
    assert isinstance(outcome, Accepted)
    assert told == row_of(room, outcome.dossier_id).report["findings"]


async def test_a_supplement_follows_its_dossier(room):
    async with room.running() as intake:
        first = await submit(intake, bundle("one", ags="16053000"))
        told = {"kind": "supplement", "refers_to": first.dossier_id}
        second = await submit(intake, bundle("two", ags="16055000", **told))
    assert isinstance(second, Accepted)
    row = row_of(room, second.dossier_id)
    assert ("jena", first.dossier_id) == (row.authority, row.refers_to)


async def test_a_supplement_to_a_refused_or_foreign_dossier_is_refused(room):
    async with room.running() as intake:
        refused = await submit(intake, bundle("bad", findings=[finding(Code.SIGNATURE_MISSING)]))
        foreign = await submit(
            intake, bundle("theirs", chamber=KASSEL.id, seal="6" * 64, ags="16053000"), chamber=KASSEL
        )
        for number, target in enumerate((refused, foreign)):
            told = {"kind": "supplement", "refers_to": target.dossier_id}
            outcome = await submit(intake, bundle(f"supplement {number}", **told))
            assert [Code.DOSSIER_REFERS_TO_UNKNOWN] == codes(outcome.findings)


async def test_a_check_tells_the_same_and_leaves_nothing(room):
    async with room.running() as intake:
        good = await check(intake, bundle())
        bad = await check(intake, bundle(seal="7" * 64))
    assert isinstance(good, CheckResult)
    assert (True, "weimar") == (good.passed, good.authority)
    assert (False, None, [Code.SENDER_SIGNER_MISMATCH]) == (bad.passed, bad.authority, codes(bad.findings))
    assert NOTHING == room.counts()


async def test_a_check_of_something_sent_before_says_so(room):
    async with room.running() as intake:
        first = await submit(intake, bundle())
        again = await check(intake, bundle())
    assert [(Code.DUPLICATE_DOSSIER, first.dossier_id)] == [(f.code, f.got) for f in again.findings]


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
