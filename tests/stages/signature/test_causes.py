# SPDX-License-Identifier: EUPL-1.2
"""What is told is the cause, and what follows from it is not told beside it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from signed_bundles import POLICY as BUNDLES
from signed_bundles import judged, packed, repacked, unpacked, world
from trustroom import (
    DAY,
    NOW,
    Realm,
    custom_crl,
    der,
    fresh_crl,
    issue,
    rules,
    usage,
)

from gateway.codes import Code
from gateway.findings import Severity, blocking
from gateway.model.kinds import archive_kind, file_kind
from gateway.model.signature import Indication, Revocation, SubIndication
from gateway.stages.signature.algorithms import check_algorithm
from gateway.stages.signature.certificates.trust import Purpose


@pytest.fixture(scope="module")
def realm():
    return Realm()


def expired(realm, **proven):
    """A certificate that ended ten days ago, and a list made since."""
    short = issue(realm.issuing.identity, key_usage=usage("content_commitment"), not_after=NOW - 10 * DAY)
    material = realm.material(crls=(fresh_crl(realm.root), custom_crl(realm.issuing)))
    return realm.judge(short, material=material, **proven)


def test_that_lists_forget_an_expired_certificate_is_not_told_beside_its_expiry(realm):
    judgement = expired(realm)
    assert [Code.CERTIFICATE_EXPIRED] == [f.code for f in judgement.findings]
    assert (SubIndication.OUT_OF_BOUNDS_NO_POE, Revocation.UNKNOWN) == (
        judgement.sub_indication,
        judgement.revocation,
    )


def test_signed_in_time_it_is_an_open_question_that_waiting_does_not_answer(realm):
    judgement = expired(realm, existed=NOW - 12 * DAY)
    assert [(Code.REVOCATION_AFTER_EXPIRY, Severity.UNKNOWN)] == [
        (f.code, f.severity) for f in judgement.findings
    ]
    assert (Indication.INDETERMINATE, SubIndication.TRY_LATER) == (
        judgement.indication,
        judgement.sub_indication,
    )


def test_who_has_no_list_at_all_can_still_wait_for_one(realm):
    short = issue(realm.issuing.identity, key_usage=usage("content_commitment"), not_after=NOW - 10 * DAY)
    judgement = realm.judge(short, material=realm.material(crls=()), existed=NOW - 12 * DAY)
    assert {Code.REVOCATION_UNKNOWN} == {f.code for f in judgement.findings}


@pytest.mark.parametrize(
    ("purpose", "code"),
    [(Purpose.SIGNER, Code.CERTIFICATE_UNTRUSTED), (Purpose.TSA, Code.TIMESTAMP_UNTRUSTED)],
)
def test_whose_issuer_is_unknown_is_told_for_signers_and_time_stamps_apart(realm, purpose, code):
    material = realm.material(tsa_anchors=(der(realm.root.identity),))
    judgement = realm.judge(Realm().seal, purpose=purpose, material=material)
    assert [code] == [f.code for f in judgement.findings]


def test_the_least_length_is_that_of_the_day():
    table = rules(("rsa-pkcs1v15", "signature", 3000))
    old = replace(table[0], min_key_bits=1976, valid_until=date(2022, 12, 31))
    coming = replace(table[0], min_key_bits=1976, valid_from=date(2099, 1, 1))
    finding = check_algorithm((old, *table, coming), "rsa-pkcs1v15", "signature", 1024, NOW)
    assert (Code.SIGNATURE_ALGORITHM, "rsa-pkcs1v15 with at least 3000 bits") == (
        finding.code,
        finding.expected,
    )
    finding = check_algorithm((old, coming), "rsa-pkcs1v15", "signature", 1024, NOW)
    assert "a signature algorithm of the rule table" == finding.expected


def test_a_sealed_file_that_was_taken_out_is_named():
    entries = unpacked(packed())
    del entries["pass.pdf"]
    report = judged(repacked(entries))
    told = {f.code: f for f in report.findings}
    assert "META-INF/signatures0.xml, pass.pdf" == told[Code.SIGNED_FILE_MISSING].place
    assert [Code.SIGNED_FILE_MISSING] == list(told)
    (signature,) = report.signatures
    assert SubIndication.SIGNED_DATA_NOT_FOUND is signature.sub_indication
    assert (Indication.TOTAL_FAILED, "broken") == (report.indication, report.integrity)


def test_an_added_file_is_one_finding_and_still_breaks_the_manifest():
    report = judged(repacked(unpacked(packed()) | {"more.pdf": b"%PDF"}))
    assert [(Code.UNSIGNED_CONTENT, "more.pdf")] == [(f.code, f.place) for f in report.findings]
    assert (Indication.TOTAL_FAILED, "broken") == (report.indication, report.integrity)


def test_where_the_cause_weighs_less_its_consequence_is_told_as_well():
    policy = replace(BUNDLES, require_all_signatures=False)
    report = judged(repacked(unpacked(packed()) | {"more.pdf": b"%PDF"}), policy=policy)
    assert {Code.MANIFEST_MISMATCH} == {f.code for f in blocking(report.findings)}
    assert Indication.TOTAL_PASSED is not report.indication


def test_of_a_manifest_that_cannot_be_read_only_that_is_told():
    report = judged(repacked(unpacked(packed()) | {"META-INF/manifest.xml": b"<manifest"}))
    assert {"META-INF/manifest.xml"} == {f.place.partition(",")[0] for f in report.findings}
    assert Code.MANIFEST_MISMATCH not in {f.code for f in report.findings}


def test_an_early_moment_of_judgement_is_told_as_a_time_and_not_as_a_lack():
    start = world().seal.certificate.not_valid_before_utc
    report = judged(packed(), moment=start + timedelta(days=1))
    codes = {f.code for f in report.findings}
    assert (True, False) == (Code.SIGNING_TIME in codes, Code.SIGNATURE_PROPERTIES in codes)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "0 bytes"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b"%PDF-1.7", "a PDF file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a Microsoft Office file"),
        (b"\xff\xd8\xff\xe0", "an image"),
        (b"\xef\xbb\xbf <?xml", "XML or HTML"),
        ("Grüße an alle Lä".encode()[:18], "text"),
        (b"a\x00b", "other bytes"),
        (b"\xffabc", "other bytes"),
    ],
)
def test_a_file_is_called_by_what_it_is(head, kind):
    assert kind == file_kind(head)
    assert archive_kind(head) == (kind if "archive" in kind else "")
