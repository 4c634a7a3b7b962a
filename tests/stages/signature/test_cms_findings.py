# SPDX-License-Identifier: EUPL-1.2
"""What is told about CMS signatures and time-stamps that break a rule: each fault with place, expectation and what stood there."""

from datetime import timedelta
from hashlib import sha256

import pytest
from asn1crypto import cms
from cadesroom import CONTENT, PLACE, Room, changed, fault, instead, more, told, without, wrong
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.ades import cades_asn1
from trustroom import (
    DAY,
    NOW,
    resign,
    sign,
)

from gateway.codes import Code
from gateway.findings import Severity
from gateway.model.signature import Indication, Integrity, SubIndication

MINUTE = timedelta(minutes=1)
POLICY_ID = cades_asn1.SignaturePolicyId(
    {
        "sig_policy_id": "1.2.3.4",
        "sig_policy_hash": {"digest_algorithm": {"algorithm": "sha256"}, "digest": b"\x00" * 32},
    }
)


@pytest.fixture(scope="module")
def room():
    return Room()


def test_what_is_no_signed_data_says_why(room):
    data = cms.ContentInfo({"content_type": "data", "content": b"x"}).dump()
    report = room.check(data)
    assert [fault(Code.CMS_STRUCTURE, "CMS SignedData in DER", "content type data")] == told(report)
    assert (PLACE, PLACE, "CAdES", Indication.TOTAL_FAILED, SubIndication.FORMAT_FAILURE) == (
        report.id,
        report.place,
        report.form,
        report.indication,
        report.sub_indication,
    )


def test_attached_content_another_type_and_several_signers_are_told(room):
    attached = room.check(sign(room.seal, CONTENT, detached=False))
    assert [fault(Code.CMS_STRUCTURE, "a detached signature", "content inside the signature")] == told(
        attached
    )

    def twice(body):
        body["signer_infos"] = cms.SignerInfos([body["signer_infos"][0]] * 2)

    assert fault(Code.CMS_STRUCTURE, "one SignerInfo", "2") in told(
        room.check(changed(sign(room.seal, CONTENT), twice))
    )

    def typed(body):
        body["encap_content_info"]["content_type"] = "signed_data"

    assert fault(Code.CMS_STRUCTURE, "content of type data", "1.2.840.113549.1.7.2") in told(
        room.check(changed(sign(room.seal, CONTENT), typed))
    )


def test_a_signature_without_signed_attributes_is_refused_and_its_value_still_checked(room):
    """RFC 5652 clause 5.4: the value is then over the content, which stands outside the file here."""

    def bare(body):
        signer = body["signer_infos"][0]
        body["signer_infos"] = cms.SignerInfos(
            [
                cms.SignerInfo(
                    {
                        "version": "v1",
                        "sid": signer["sid"],
                        "digest_algorithm": signer["digest_algorithm"],
                        "signature_algorithm": signer["signature_algorithm"],
                        "signature": room.seal.key.sign(b"", ec.ECDSA(hashes.SHA256())),
                    }
                )
            ]
        )

    report = room.check(changed(sign(room.seal, CONTENT), bare))
    assert Indication.TOTAL_PASSED is not report.indication
    assert "" == report.level
    assert {Code.CMS_STRUCTURE, Code.SIGNATURE_PROPERTIES, Code.SIGNER_BINDING} == set(wrong(report))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            without("signing_time"),
            fault(Code.SIGNATURE_PROPERTIES, "one signing-time", "none"),
        ),
        (
            without("signing_certificate_v2"),
            fault(Code.SIGNER_BINDING, "signing-certificate-v2", "none"),
        ),
        (
            instead("content_type", "signed_data"),
            None,
        ),
        (
            more("1.2.840.113549.1.9.16.2.15", POLICY_ID),
            fault(
                Code.SIGNATURE_POLICY,
                "no signature policy, or one the operator knows",
                "a policy identifier",
                Severity.WARNING,
            ),
        ),
    ],
    ids=["no time", "no binding", "other type", "policy"],
)
def test_a_signed_attribute_that_is_missing_or_strange_is_told(room, change, expected):
    report = room.check(resign(sign(room.seal, CONTENT), room.seal, change))
    if expected is None:
        assert [Code.CMS_STRUCTURE] == wrong(report)
        assert PLACE == report.findings[0].place
    else:
        assert expected in told(report)


@pytest.mark.parametrize(
    ("offset", "best", "expected"),
    [
        (5 * MINUTE, None, None),
        (5 * MINUTE + timedelta(seconds=1), None, Code.SIGNING_TIME),
        (-DAY + 5 * MINUTE, NOW - DAY, None),
        (-DAY + 6 * MINUTE, NOW - DAY, Code.TIMESTAMP_ORDER),
    ],
)
def test_a_claimed_time_may_be_off_by_the_clocks_skew_and_no_more(room, offset, best, expected):
    claimed = NOW + offset
    stamped = {"stamped_by": room.unit, "stamped_at": best} if best else {}
    report = room.check(sign(room.seal, CONTENT, claimed=claimed, **stamped))
    rows = {
        None: [],
        Code.SIGNING_TIME: [
            fault(Code.SIGNING_TIME, f"a signing time not after {NOW.isoformat()}", claimed.isoformat())
        ],
        Code.TIMESTAMP_ORDER: [
            fault(
                Code.TIMESTAMP_ORDER,
                f"a signing time before the time-stamp's {(NOW - DAY).isoformat()}",
                claimed.isoformat(),
                Severity.WARNING,
            )
        ],
    }
    assert rows[expected] == told(report)
    assert claimed == report.claimed_signing_time


def test_a_signer_nobody_can_read_leaves_everything_unchecked(room):
    info = sign(room.seal, CONTENT)
    info["content"]["signer_infos"][0]["digest_algorithm"] = {"algorithm": "1.2.3.4"}
    report = room.check(info.dump(force=True))
    assert Integrity.UNCHECKED is report.integrity
    expected, got = "a SignerInfo after RFC 5652", "something unreadable"
    assert fault(Code.CMS_STRUCTURE, expected, got) in told(report)


def test_other_content_is_told_with_both_digests(room):
    expected, got = sha256(b"anders").hexdigest(), sha256(CONTENT).hexdigest()
    assert [fault(Code.SIGNATURE_DIGEST_MISMATCH, f"sha256 {expected}", got)] == told(
        room.check(sign(room.seal, CONTENT), content=b"anders")
    )


def test_a_value_of_another_key_is_told(room):
    info, other = sign(room.seal, CONTENT), sign(room.issuing.seal("Kammer"), CONTENT)
    info["content"]["signer_infos"][0]["signature"] = other["content"]["signer_infos"][0]["signature"]
    assert [
        fault(Code.SIGNATURE_VALUE_INVALID, "a value made with the signer's key", "another value")
    ] == told(room.check(info.dump(force=True)))
