# SPDX-License-Identifier: EUPL-1.2
"""What a CMS signature carries besides its value: time-stamps, revocation data, later additions."""

from datetime import timedelta
from hashlib import sha256

import pytest
from asn1crypto import cms, core
from asn1crypto import ocsp as asn1_ocsp
from cadesroom import CONTENT, PASSED, Room, changed, fault, more, told, verdict, wrong
from trustroom import (
    DAY,
    NOW,
    fresh_crl,
    ocsp_response,
    resign,
    sign,
    stamp,
    with_unsigned,
)

from gateway.codes import Code
from gateway.findings import Severity
from gateway.model.signature import Indication, StampKind
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.cades import cades_digest_algorithms


@pytest.fixture(scope="module")
def room():
    return Room()


def token(room, content, moment=NOW - DAY):
    return cms.ContentInfo.load(stamp(room.unit, sha256(content).digest(), moment))


def test_a_content_time_stamp_is_asked_for_judged_and_told(room):
    attribute = more("1.2.840.113549.1.9.16.2.20", token(room, CONTENT, NOW - 2 * DAY))
    info = resign(sign(room.seal, CONTENT, digest="sha512"), room.seal, lambda a: a)
    assert {"sha512"} == cades_digest_algorithms(info.dump())
    info = resign(sign(room.seal, CONTENT), room.seal, attribute)
    report = room.check(info)
    assert [(StampKind.CONTENT, NOW - 2 * DAY, Indication.TOTAL_PASSED)] == [
        (s.kind, s.time, s.indication) for s in report.stamps
    ]
    assert ("B-B", None) == (report.level, report.best_signature_time)
    foreign = resign(
        sign(room.seal, CONTENT),
        room.seal,
        more("1.2.840.113549.1.9.16.2.20", token(room, b"anderes", NOW - 2 * DAY)),
    )
    assert [Code.TIMESTAMP_INVALID] == wrong(room.check(foreign))


@pytest.mark.parametrize(("later", "codes"), [(300, []), (301, [Code.TIMESTAMP_ORDER])])
def test_a_content_time_stamp_may_be_younger_by_the_clocks_skew_and_no_more(room, later, codes):
    best = NOW - DAY
    content = best + timedelta(seconds=later)
    info = resign(
        sign(room.seal, CONTENT), room.seal, more("1.2.840.113549.1.9.16.2.20", token(room, CONTENT, content))
    )
    value = info["content"]["signer_infos"][0]["signature"].native
    report = room.check(with_unsigned(info, "signature_time_stamp_token", token(room, value, best)))
    assert codes == wrong(report)
    if codes:
        expected = f"a time-stamp not before {content.isoformat()}, the time of one that it covers"
        assert [(expected, best.isoformat())] == [
            (f.expected, f.got) for f in report.findings if f.code is Code.TIMESTAMP_ORDER
        ]


def test_a_bare_basic_response_inside_helps_like_a_whole_one(room):
    response = asn1_ocsp.OCSPResponse.load(ocsp_response(room.seal, room.issuing.identity))
    basic = response["response_bytes"]["response"].parsed
    kind = cms.RevocationInfoChoice._alternatives[0][1]

    def filled(body):
        other = cms.OtherRevocationInfoFormat(
            {"other_rev_info_format": "1.3.6.1.5.5.7.48.1.1", "other_rev_info": core.Any(basic)}
        )
        crl = cms.RevocationInfoChoice("crl", kind.load(fresh_crl(room.root)))
        body["crls"] = cms.RevocationInfoChoices([crl, cms.RevocationInfoChoice("other", other)])

    bare = TrustStore(room.stamp_material(crls=()))
    assert PASSED == verdict(room.check(changed(sign(room.seal, CONTENT), filled), store=bare))


def test_what_was_added_later_is_counted(room):
    value = core.Null()
    info = with_unsigned(sign(room.seal, CONTENT), "1.2.840.113549.1.9.16.2.49", value, value)
    row = fault(Code.EVIDENCE_RECORD_UNCHECKED, "", "2", Severity.WARNING)
    assert [row] == told(room.check(info))
