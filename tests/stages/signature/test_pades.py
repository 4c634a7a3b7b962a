# SPDX-License-Identifier: EUPL-1.2
"""PDF signatures by pyHanko, from B-B to B-LTA: passed where they should, with the level and the time they prove."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pdfroom import NAME, SIGNED_AT, change_page, grown, plain_pdf, room, signed_pdf, wrong
from pyhanko.sign.fields import SigSeedSubFilter
from trustroom import DAY, NOW, POLICY

from gateway.codes import Code
from gateway.model.signature import Indication, Integrity, SubIndication, Trust
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.gaps import find_gaps


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_each_baseline_level_passes_and_is_named(level):
    judgement = room().judge(room().sign(level=level))
    assert [] == wrong(judgement)
    assert (Indication.TOTAL_PASSED, None) == (judgement.indication, judgement.sub_indication)
    assert (Integrity.INTACT, Trust.TRUSTED, level) == (
        judgement.integrity,
        judgement.trust,
        judgement.level,
    )


def test_the_report_says_who_signed_when_and_what():
    (report,) = room().judge(room().sign(level="B-T")).signatures
    assert ("PAdES", NAME, (NAME,)) == (report.form, report.place, report.covers)
    assert room().seal.sha256 == report.signer.sha256
    assert SIGNED_AT == report.claimed_signing_time == report.best_signature_time


def test_without_a_time_stamp_the_claimed_time_proves_nothing():
    (report,) = room().judge(room().sign()).signatures
    assert (SIGNED_AT, None) == (report.claimed_signing_time, report.best_signature_time)


def test_a_document_time_stamp_alone_lifts_to_level_t():
    judgement = room().judge(room().stamp(room().sign()))
    assert ([], "B-T") == (wrong(judgement), judgement.level)
    assert ["PAdES", "timestamp"] == [report.form for report in judgement.signatures]
    assert SIGNED_AT == judgement.signatures[0].best_signature_time


def test_an_archived_signature_outlives_its_signers_certificate():
    brief = room().issuing.issue(
        "Kurz", signing=True, not_before=SIGNED_AT - DAY, not_after=SIGNED_AT + timedelta(hours=1)
    )
    judgement = room().judge(room().sign(identity=brief, level="B-LTA"))
    assert ([], Indication.TOTAL_PASSED, "B-LTA") == (
        wrong(judgement),
        judgement.indication,
        judgement.level,
    )


def test_an_archive_time_stamp_that_cannot_be_trusted_any_more_proves_nothing():
    outdated = TrustStore(room().full_material(crls=()))
    judgement = room().judge(room().sign(level="B-LTA"), store=outdated, moment=NOW + 400 * DAY)
    assert Indication.INDETERMINATE is judgement.indication
    assert Integrity.INTACT is judgement.integrity


def test_without_anchors_an_intact_signature_is_untrusted():
    judgement = room().judge(room().sign(), store=TrustStore(TrustMaterial()))
    assert (Integrity.INTACT, Trust.UNTRUSTED) == (judgement.integrity, judgement.trust)
    assert (Indication.INDETERMINATE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND) == (
        judgement.indication,
        judgement.sub_indication,
    )


def test_a_revoked_signer_is_not_saved_by_the_security_store():
    signed = room().sign(level="B-LT")
    realm = room()
    realm.issuing.revoke(realm.seal, SIGNED_AT - DAY)
    try:
        judgement = realm.judge(signed, store=TrustStore(realm.full_material()))
    finally:
        realm.issuing.revoked.clear()
    assert Indication.TOTAL_PASSED is not judgement.indication
    assert Code.CERTIFICATE_REVOKED.value in wrong(judgement)


def test_a_signature_of_the_old_adobe_format_is_intact_and_reaches_no_level():
    judgement = room().judge(room().sign(subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED))
    assert ([], Integrity.INTACT, "") == (wrong(judgement), judgement.integrity, judgement.level)


def test_an_unsigned_pdf_is_nothing_bad_and_nothing_signed():
    judgement = room().judge(plain_pdf())
    assert ((), (), Integrity.UNSIGNED) == (judgement.signatures, judgement.findings, judgement.integrity)
    assert Indication.TOTAL_PASSED is not judgement.indication


def test_several_signatures_are_each_counted_once():
    twice = room().sign(room().sign(), field="Signature2")
    judgement = room().judge(twice)
    assert ([], Integrity.INTACT, Indication.TOTAL_PASSED) == (
        wrong(judgement),
        judgement.integrity,
        judgement.indication,
    )
    assert [f"{NAME}#1 Signature1", f"{NAME}#2 Signature2"] == [report.id for report in judgement.signatures]


def test_the_first_of_two_signatures_is_not_hidden_by_the_second():
    stranger = type(room())()
    twice = room().sign(stranger.sign(), field="Signature2")
    judgement = room().judge(twice)
    first, second = judgement.signatures
    assert (Indication.INDETERMINATE, Indication.TOTAL_PASSED) == (first.indication, second.indication)
    assert (Indication.INDETERMINATE, Trust.UNTRUSTED) == (judgement.indication, judgement.trust)


def test_a_time_stamp_over_other_bytes_refuses():
    stamped = room().stamp(signed_pdf())
    second = find_gaps(stamped)[1]
    other = room().stamp(grown(signed_pdf(), change_page))
    foreign = find_gaps(other)[1]
    value = other[foreign.start : foreign.end]
    size = second.end - second.start
    assert len(value) == size
    judgement = room().judge(stamped[: second.start] + value + stamped[second.end :])
    assert Code.TIMESTAMP_INVALID.value in wrong(judgement)
    assert (Integrity.INTACT, Indication.INDETERMINATE) == (judgement.integrity, judgement.indication)
    assert Integrity.BROKEN is judgement.signatures[1].integrity


def test_a_time_stamp_of_an_unknown_unit_proves_nothing_and_harms_nothing():
    material = room().full_material(tsa_anchors=())
    judgement = room().judge(room().stamp(signed_pdf()), store=TrustStore(material))
    assert ([], Indication.TOTAL_PASSED, "B-B") == (wrong(judgement), judgement.indication, judgement.level)


def test_a_signature_expired_by_now_passes_only_with_a_time_stamp():
    brief = room().issuing.issue(
        "Kurz", signing=True, not_before=SIGNED_AT - DAY, not_after=SIGNED_AT + timedelta(hours=1)
    )
    expired = room().judge(room().sign(identity=brief))
    stamped = room().judge(room().sign(identity=brief, level="B-T"))
    assert [Code.CERTIFICATE_EXPIRED.value] == wrong(expired)[:1]
    assert Indication.TOTAL_PASSED is not expired.indication
    assert Code.CERTIFICATE_EXPIRED.value not in wrong(stamped)


def test_too_many_signatures_are_refused():
    twice = room().sign(signed_pdf(), field="Signature2")
    judgement = room().judge(twice, policy=replace(POLICY, max_signatures=1))
    assert [Code.PDF_SIGNATURE_INVALID.value] == wrong(judgement)
