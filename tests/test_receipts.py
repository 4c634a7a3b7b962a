# SPDX-License-Identifier: EUPL-1.2
"""Receipts: checkable offline, every change found, all findings at once; and the seal over them."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logroom import MOMENT, SIGNER, VERIFIER, LogRoom, fact, publish_all, seal_root, sealer

from gateway.audit import audit_log, directory_fetch
from gateway.codes import Code
from gateway.demo import pki
from gateway.errors import ConfigInvalid, Rejected
from gateway.findings import Finding
from gateway.journal import log
from gateway.seal import Sealer, seal_check
from gateway.stages.receipt import (
    Receipt,
    SealState,
    build_receipt,
    read_receipt,
    unpack_receipt,
    verify_receipt,
)
from gateway.tlog.batch import grow
from gateway.tlog.checkpoint import sign_checkpoint
from gateway.tlog.entry import canonical, commitment, entry_bytes
from gateway.tlog.note import NoteSigner
from gateway.tlog.proof import write_proof
from gateway.tlog.tiles import Edge


def der(certificate):
    return certificate.public_bytes(Encoding.DER)


ANCHOR = der(seal_root().identity.certificate)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = LogRoom(tmp_path_factory.mktemp("receipts"), sealed=True).open()
    room.append(4, reasons=[{"code": "ümläut", "count": 3}])
    publish_all(room.publisher())
    return room


@pytest.fixture(scope="module")
def receipt(room):
    return room.receipt(2)


def changed(receipt, **fields):
    return json.dumps(json.loads(receipt) | fields).encode()


def codes(verdict):
    return {finding.code for finding in verdict.findings}


def test_a_receipt_proves_its_evidence_and_its_seal(receipt):
    verdict = verify_receipt(receipt, verifier=VERIFIER, seal_check=seal_check([ANCHOR]))
    assert (True, SealState.VALID, ()) == (verdict.proven, verdict.seal, verdict.findings)


def test_a_receipt_proves_its_evidence_without_anchors_and_says_that_the_seal_was_not_looked_at(receipt):
    verdict = verify_receipt(receipt, verifier=VERIFIER)
    assert (True, SealState.UNCHECKED, {Code.RECEIPT_SEAL_UNCHECKED}) == (
        verdict.proven,
        verdict.seal,
        codes(verdict),
    )


def test_a_receipt_without_a_seal_is_proven_by_the_log(receipt):
    fields = json.loads(receipt)
    del fields["seal"]
    verdict = verify_receipt(json.dumps(fields).encode(), verifier=VERIFIER, seal_check=seal_check([ANCHOR]))
    assert (True, SealState.ABSENT) == (verdict.proven, verdict.seal)


def test_a_receipt_survives_being_written_in_another_layout(receipt):
    pretty = json.dumps(json.loads(receipt), indent=2, sort_keys=True).encode()
    assert verify_receipt(pretty, verifier=VERIFIER, seal_check=seal_check([ANCHOR])).proven


def test_a_receipt_reads_back_to_the_same_bytes(receipt):
    assert receipt == build_receipt(read_receipt(receipt))


def test_changed_evidence_is_found_by_the_log_and_by_the_seal(receipt):
    evidence = json.loads(receipt)["evidence"] | {"bundle_sha256": "00" * 32}
    verdict = verify_receipt(
        changed(receipt, evidence=evidence), verifier=VERIFIER, seal_check=seal_check([ANCHOR])
    )
    assert {Code.RECEIPT_MISMATCH, Code.RECEIPT_SEAL_INVALID} == codes(verdict)
    assert not verdict.proven


def test_everything_wrong_is_said_at_once(room, receipt):
    other = json.loads(room.receipt(3))
    mixed = changed(receipt, entry=other["entry"], seal=other["seal"])
    verdict = verify_receipt(mixed, verifier=VERIFIER, seal_check=seal_check([ANCHOR]))
    assert {Code.RECEIPT_MISMATCH, Code.LOG_PROOF_INVALID, Code.RECEIPT_SEAL_INVALID} == codes(verdict)
    assert not verdict.proven


def test_evidence_that_names_another_event_than_its_entry_is_found_even_with_a_fitting_commitment():
    """Our own code cannot make such a pair; a dishonest operator could."""
    one = fact(1)
    evidence = canonical({"event": "acceptance", "event_time": "2026-11-22T05:04:23Z"})
    honest = json.loads(entry_bytes(one))
    entry = canonical(honest | {"c": commitment(one.salt, evidence).hex()})
    batch = grow(Edge(), (), [entry])
    proof = write_proof(0, (), sign_checkpoint(1, batch.edge.root, SIGNER))
    data = build_receipt(Receipt(evidence=evidence, salt=one.salt, entry=entry, proof=proof))
    verdict = verify_receipt(data, verifier=VERIFIER)
    assert {"receipt: evidence.event", "receipt: evidence.evidence_id"} == {f.place for f in verdict.findings}


def test_a_receipt_of_another_log_is_refused(receipt):
    stranger = NoteSigner("other.example/audit", bytes(32)).verifier
    verdict = verify_receipt(receipt, verifier=stranger)
    assert Code.LOG_ORIGIN_MISMATCH in codes(verdict)
    assert not verdict.proven


def test_a_seal_under_an_unknown_root_is_refused(receipt):
    stranger = der(pki.root("Fremde Root").identity.certificate)
    for anchors in ([], [stranger]):
        verdict = verify_receipt(receipt, verifier=VERIFIER, seal_check=seal_check(anchors))
        assert (False, SealState.INVALID) == (verdict.proven, verdict.seal)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_changed_byte_of_a_receipt_is_found_or_changes_nothing_that_is_said(receipt, data):
    at = data.draw(st.integers(0, len(receipt) - 1))
    altered = bytearray(receipt)
    altered[at] ^= data.draw(st.integers(1, 255))
    verdict = verify_receipt(bytes(altered), verifier=VERIFIER, seal_check=seal_check([ANCHOR]))
    if verdict.proven:
        # a space for a line feed between fields, or the seal's unsigned parts: the statement is the same
        assert unpack_receipt(receipt)["evidence.json"] == unpack_receipt(bytes(altered))["evidence.json"]
        assert unpack_receipt(receipt)["r.tlog-proof"] == unpack_receipt(bytes(altered))["r.tlog-proof"]


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.floats() | st.text(max_size=9),
        lambda v: (
            st.lists(v, max_size=3)
            | st.dictionaries(st.sampled_from(["format", "evidence", "salt", "entry", "proof", "seal"]), v)
        ),
    ).map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_give_a_verdict_with_findings_and_never_an_exception(data):
    verdict = verify_receipt(data, verifier=VERIFIER, seal_check=seal_check([ANCHOR]))
    assert not verdict.proven
    assert verdict.findings


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff",
        b'{"format":"amtsbote-receipt/1","format":"amtsbote-receipt/1"}',
        b" " * 5_000_000,
        b'{"evidence":{"x":NaN}}',
        b'{"evidence":{"x":1' + b"0" * 10_000 + b"}}",
    ],
)
def test_hostile_json_is_refused(data):
    with pytest.raises(Rejected):
        read_receipt(data)


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "amtsbote-receipt/2"},
        {"extra": "x"},
        {"salt": "AAAA\n"},
        {"salt": 5},
        {"evidence": []},
        {"evidence": {"n": 2**70}},
        {"entry": "\ud800"},
    ],
)
def test_a_receipt_in_another_form_is_refused(receipt, fields):
    with pytest.raises(Rejected):
        read_receipt(changed(receipt, **fields))


def test_an_audit_holds_receipts_to_the_whole_log(room):
    receipts = {f"{idx}.json": room.receipt(idx) for idx in range(1, 5)}
    fetch = directory_fetch(room.log)
    assert audit_log(fetch, VERIFIER.vkey, receipts=receipts, seal_check=seal_check([ANCHOR])).proven
    broken = audit_log(fetch, VERIFIER.vkey, receipts=receipts | {"x.json": b"{}"})
    assert [False] == [verdict.proven for verdict in broken.receipts if verdict.place == "x.json"]
    assert not broken.proven


def test_an_audit_finds_a_log_that_tells_another_story_than_a_receipt(room, tmp_path):
    other = LogRoom(tmp_path / "other").open()
    other.append(9, story="another")
    publish_all(other.publisher())
    audited = audit_log(directory_fetch(other.log), VERIFIER.vkey, receipts={"r.json": room.receipt(2)})
    assert audited.receipts[0].proven
    assert {Code.LOG_INCONSISTENT} == {finding.code for finding in audited.findings}
    assert not audited.proven


def test_an_audit_reads_earlier_checkpoints_and_says_which_one_is_damaged(room):
    note = (room.log / "checkpoint").read_bytes()
    fetch = directory_fetch(room.log)
    assert audit_log(fetch, VERIFIER.vkey, checkpoints={"last year": note}).proven
    damaged = audit_log(fetch, VERIFIER.vkey, checkpoints={"last year": note[:-9]})
    assert ["last year"] == [finding.place for finding in damaged.findings]


def test_all_receipts_of_a_dossier_are_given_in_the_order_of_the_log(tmp_path):
    room = LogRoom(tmp_path / "room").open()
    room.append(1, dossier_id="a")
    room.append(1, dossier_id="b")
    room.append(1, dossier_id="a")
    publish_all(room.publisher())
    with room.journal.reading() as connection:
        found = log.receipts_of(connection, "a")
    assert [room.receipt(1), room.receipt(3)] == list(found)


# -- seal ------------------------------------------------------------------------------------------------


def test_a_seal_fits_its_content_and_no_other():
    seal = sealer().seal(b"content", MOMENT)
    check = seal_check([ANCHOR])
    assert () == check(seal, b"content", MOMENT)
    assert [Code.RECEIPT_SEAL_INVALID] == [f.code for f in check(seal, b"Content", MOMENT)]


@settings(max_examples=40)
@given(st.binary(max_size=100))
def test_any_bytes_that_are_no_seal_are_refused_with_a_finding(data):
    findings = seal_check([ANCHOR])(data, b"content", MOMENT)
    assert all(isinstance(finding, Finding) for finding in findings)
    assert findings


def test_a_seal_from_before_or_after_its_certificate_is_refused():
    seal = sealer().seal(b"content", MOMENT)
    assert seal_check([ANCHOR])(seal, b"content", datetime(2050, 1, 1, tzinfo=UTC))


def test_a_sealer_needs_a_p256_key_and_the_certificate_of_that_key():
    identity = seal_root().seal("Eins")
    with pytest.raises(ConfigInvalid, match="P-256"):
        Sealer(ec.generate_private_key(ec.SECP384R1()), identity.certificate_der)
    with pytest.raises(ConfigInvalid, match="another"):
        Sealer(ec.generate_private_key(ec.SECP256R1()), identity.certificate_der)
    with pytest.raises(ConfigInvalid, match="DER"):
        Sealer(identity.key, b"-----BEGIN CERTIFICATE-----")
