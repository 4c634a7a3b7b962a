# SPDX-License-Identifier: EUPL-1.2
"""Time-stamps and revocation data inside CMS signatures: what they prove, and what they do not."""

from datetime import timedelta
from hashlib import sha256

import pytest
from asn1crypto import cms, core
from asn1crypto import ocsp as asn1_ocsp
from cadesroom import CONTENT, PASSED, PLACE, Room, verdict, wrong
from trustroom import (
    DAY,
    NOW,
    custom_crl,
    fresh_crl,
    ocsp_response,
    resign,
    sign,
    stamp,
    with_unsigned,
)

from gateway.codes import Code
from gateway.findings import Severity, blocking
from gateway.model.signature import Indication, Integrity, Revocation, SubIndication, Trust
from gateway.stages.signature.certificates.trust import TrustStore


@pytest.fixture(scope="module")
def room():
    return Room()


def test_a_time_stamp_makes_b_t_and_gives_the_best_time(room):
    report = room.check(sign(room.seal, CONTENT, stamped_by=room.unit))
    assert PASSED == verdict(report)
    assert ("B-T", NOW - DAY) == (report.level, report.best_signature_time)


def test_a_time_stamp_saves_a_signature_whose_certificate_was_revoked_later():
    room = Room()
    info = sign(room.seal, CONTENT, stamped_by=room.unit, stamped_at=NOW - 3 * DAY, claimed=NOW - 3 * DAY)
    plain = sign(room.seal, CONTENT)
    room.issuing.revoke(room.seal, NOW - 2 * DAY)
    store = TrustStore(room.stamp_material(crls=room.crls()))
    assert PASSED == verdict(room.check(info, store=store))
    late = room.check(plain, store=store)
    assert (SubIndication.REVOKED_NO_POE, Revocation.REVOKED) == (late.sub_indication, late.revocation)


def test_a_time_stamp_of_an_unknown_unit_warns_and_proves_nothing(room):
    info = sign(room.seal, CONTENT, stamped_by=room.unit)
    report = room.check(info, store=TrustStore(room.material()))
    assert ("B-B", PASSED, None) == (report.level, verdict(report), report.best_signature_time)
    assert (Code.NO_ANCHORS, Severity.WARNING) in {(f.code, f.severity) for f in report.findings}


def test_a_time_stamp_over_another_signature_refuses(room):
    foreign = stamp(room.unit, sha256(b"anderer Wert").digest(), NOW - DAY)
    info = with_unsigned(
        sign(room.seal, CONTENT), "signature_time_stamp_token", cms.ContentInfo.load(foreign)
    )
    report = room.check(info)
    assert [Code.TIMESTAMP_INVALID] == wrong(report)
    assert (Integrity.INTACT, "B-B") == (report.integrity, report.level)


def test_the_earliest_valid_time_stamp_counts(room):
    info = sign(room.seal, CONTENT, stamped_by=room.unit, stamped_at=NOW - timedelta(hours=1))
    value = info["content"]["signer_infos"][0]["signature"].native
    early = stamp(room.unit, sha256(value).digest(), NOW - timedelta(hours=2))
    info = with_unsigned(info, "signature_time_stamp_token", cms.ContentInfo.load(early))
    assert NOW - timedelta(hours=2) == room.check(info).best_signature_time


def test_a_content_time_stamp_younger_than_the_signatures_is_out_of_order(room):
    token = cms.ContentInfo.load(stamp(room.unit, sha256(CONTENT).digest(), NOW - timedelta(hours=1)))
    attribute = cms.CMSAttribute({"type": "1.2.840.113549.1.9.16.2.20", "values": [token]})
    info = resign(sign(room.seal, CONTENT), room.seal, lambda a: [*a, attribute])
    assert PASSED == verdict(room.check(info))
    value = info["content"]["signer_infos"][0]["signature"].native
    early = cms.ContentInfo.load(stamp(room.unit, sha256(value).digest(), NOW - timedelta(hours=2)))
    report = room.check(with_unsigned(info, "signature_time_stamp_token", early))
    assert SubIndication.TIMESTAMP_ORDER_FAILURE is report.sub_indication
    assert [Code.TIMESTAMP_ORDER] == wrong(report)


def test_more_time_stamps_than_anybody_needs_are_told_at_the_signature(room):
    token = cms.ContentInfo.load(stamp(room.unit, sha256(b"").digest(), NOW - DAY))
    report = room.check(with_unsigned(sign(room.seal, CONTENT), "signature_time_stamp_token", *[token] * 9))
    assert [(Code.TIMESTAMP_INVALID, PLACE, "at most 8 time-stamps", "9")] == [
        (f.code, f.place, f.expected, f.got) for f in blocking(report.findings)
    ]
    assert () == report.stamps


def test_revocation_data_inside_makes_b_lt_and_helps(room):
    info = sign(room.seal, CONTENT, stamped_by=room.unit)
    response = ocsp_response(room.seal, room.issuing.identity)
    other = cms.OtherRevocationInfoFormat(
        {"other_rev_info_format": "ocsp_response", "other_rev_info": asn1_ocsp.OCSPResponse.load(response)}
    )
    choices = [
        cms.RevocationInfoChoice("crl", cms.RevocationInfoChoice._alternatives[0][1].load(fresh_crl(a)))
        for a in (room.root, room.issuing)
    ]
    info["content"]["crls"] = cms.RevocationInfoChoices([*choices, cms.RevocationInfoChoice("other", other)])
    bare = TrustStore(room.stamp_material(crls=()))
    report = room.check(info.dump(force=True), store=bare)
    assert ("B-LT", PASSED) == (report.level, verdict(report))


def test_revocation_data_inside_that_is_forged_does_not_help(room):
    info = sign(room.seal, CONTENT)
    forged = custom_crl(room.issuing, key=room.root.identity.key)
    kind = cms.RevocationInfoChoice._alternatives[0][1]
    info["content"]["crls"] = cms.RevocationInfoChoices(
        [cms.RevocationInfoChoice("crl", kind.load(d)) for d in (fresh_crl(room.root), forged)]
    )
    report = room.check(info.dump(force=True), store=TrustStore(room.stamp_material(crls=())))
    assert (Trust.UNKNOWN, SubIndication.TRY_LATER) == (report.trust, report.sub_indication)


def test_garbage_among_the_counter_signatures_fails_no_signature(room):
    """Nobody signed the attribute: it stands for a counter-signature that cannot be read, and is refused as one."""
    some, counter = "1.2.840.113549.1.9.99", "1.2.840.113549.1.9.6"
    info = with_unsigned(sign(room.seal, CONTENT), some, core.Any(core.OctetString(b"garbage")))
    exchanged = (core.ObjectIdentifier(oid).dump() for oid in (some, counter))
    report = room.check(info.dump().replace(*exchanged))
    assert PASSED == verdict(report)
    assert [Indication.TOTAL_FAILED] == [c.indication for c in report.counter_signatures]
