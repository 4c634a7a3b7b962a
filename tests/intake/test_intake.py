# SPDX-License-Identifier: EUPL-1.2
"""The way in: one acceptance per dossier, one receipt, refusals recorded, nothing half done."""

import base64
import json
from datetime import timedelta
from hashlib import sha256

import pytest
from intakebundles import ERFURT, KASSEL, PERSONAL, START, bundle
from intakeroom import (
    ISSUER,
    NOTHING,
    ONE_ACCEPTED,
    ONE_REFUSED,
    SIGNER,
    IntakeRoom,
    check,
    codes,
    row_of,
    submit,
)

from gateway.codes import Code
from gateway.errors import Unavailable
from gateway.findings import Finding, Severity
from gateway.intake import Accepted, CheckResult, Refused
from gateway.journal.dossiers import DossierStatus
from gateway.stages.receipt import verify_receipt


def finding(code, severity=Severity.ERROR):
    return Finding(code=code, severity=severity, place="somewhere").to_json()


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


async def test_an_open_question_that_no_later_list_answers_is_a_refusal(room):
    told = [finding(Code.REVOCATION_AFTER_EXPIRY, Severity.UNKNOWN)]
    async with room.running() as intake:
        outcome = await submit(intake, bundle(findings=told))
    assert ["revocation-after-expiry"] == outcome.receipt["evidence"]["reasons"]


async def test_the_kept_report_says_which_bytes_and_which_dossier_it_is_about(room):
    async with room.running() as intake:
        outcome = await submit(intake, bundle())
    row = row_of(room, outcome.dossier_id)
    assert (row.bundle_sha256, row.bundle_size, row.id) == tuple(
        row.report[name] for name in ("sha256", "size", "dossier")
    )


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
