# SPDX-License-Identifier: EUPL-1.2
"""What is told about time-stamp tokens that break a rule, and where the limits of their times lie."""

from dataclasses import replace
from datetime import timedelta
from hashlib import new as new_hash
from hashlib import sha256

import pytest
from asn1crypto import cms, tsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from trustroom import DAY, NOW, POLICY, Realm, der, rsa_key, rules, stamp, stamp_unit

from gateway.codes import Code
from gateway.findings import blocking
from gateway.model.signature import Indication, Integrity, StampKind, SubIndication
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.timestamps import judge_timestamp

CONTENT = b"was gestempelt wird"
PLACE = "Zeitstempel"
SECOND = timedelta(seconds=1)


class Room(Realm):
    def __init__(self):
        super().__init__()
        self.unit = stamp_unit(self.issuing)
        self.store = TrustStore(self.material(tsa_anchors=(der(self.root.identity),)))

    def token(self, moment=NOW - DAY, content=CONTENT, unit=None):
        return stamp(unit or self.unit, sha256(content).digest(), moment)

    def check(self, token, *, policy=POLICY, content=CONTENT, **others):
        return judge_timestamp(
            token,
            imprint=lambda name: new_hash(name, content).digest(),
            store=self.store,
            policy=policy,
            moment=NOW,
            place=PLACE,
            **others,
        )


@pytest.fixture(scope="module")
def room():
    return Room()


def told(judgement):
    return [(f.code, f.place, f.expected, f.got) for f in blocking(judgement.findings)]


def invalid(expected, got):
    return (Code.TIMESTAMP_INVALID, PLACE, expected, got)


def rewritten(room, change):
    """The token with another TSTInfo, signed again by the unit: what a careless unit would make."""
    info = cms.ContentInfo.load(room.token())
    body = info["content"]
    claim = tsp.TSTInfo.load(bytes(body["encap_content_info"]["content"]))
    change(claim)
    content = claim.dump(force=True)
    body["encap_content_info"]["content"] = cms.ParsableOctetString(content)
    signer = body["signer_infos"][0]
    attributes = [a for a in signer["signed_attrs"] if a["type"].native != "message_digest"]
    digest = new_hash(signer["digest_algorithm"]["algorithm"].native, content).digest()
    attributes.append(cms.CMSAttribute({"type": "message_digest", "values": [digest]}))
    signer["signed_attrs"] = cms.CMSAttributes(attributes)
    info = cms.ContentInfo.load(info.dump(force=True))
    signer = info["content"]["signer_infos"][0]
    signed = b"\x31" + signer["signed_attrs"].dump()[1:]  # SET OF, as they stand
    kind = {"sha256": hashes.SHA256, "sha512": hashes.SHA512}[signer["digest_algorithm"]["algorithm"].native]
    signer["signature"] = rsa_key(0).sign(signed, padding.PKCS1v15(), kind())
    return info.dump(force=True)


def test_a_token_rewritten_by_its_unit_is_a_token(room):
    assert room.check(rewritten(room, lambda claim: None)).valid


def test_another_version_is_told(room):
    def change(claim):
        claim["version"] = 2

    judgement = room.check(rewritten(room, change))
    assert [invalid("version 1", "v2")] == told(judgement)
    assert (False, False) == (judgement.integrity is Integrity.INTACT, judgement.valid)


@pytest.mark.parametrize(("critical", "valid"), [(True, False), (False, True)])
def test_only_a_critical_extension_spoils_a_token(room, critical, valid):
    def change(claim):
        claim["extensions"] = [{"extn_id": "1.2.3.4", "critical": critical, "extn_value": b"\x05\x00"}]

    judgement = room.check(rewritten(room, change))
    assert valid is judgement.valid
    assert [invalid("no critical extension", "1.2.3.4")] * (not valid) == told(judgement)


def test_two_signers_are_told(room):
    info = cms.ContentInfo.load(room.token())
    signer = info["content"]["signer_infos"][0]
    info["content"]["signer_infos"] = cms.SignerInfos([signer, signer])
    assert invalid("one signer (RFC 3161 clause 2.4.2)", "2 signers") in told(
        room.check(info.dump(force=True))
    )


def test_another_imprint_is_told_with_both_digests(room):
    got, expected = sha256(CONTENT).hexdigest(), sha256(b"anderes").hexdigest()
    judgement = room.check(room.token(), content=b"anderes")
    assert [invalid(f"the imprint {expected}", f"sha256 {got}")] == told(judgement)


@pytest.mark.parametrize(("offset", "valid"), [(300 * SECOND, True), (301 * SECOND, False)])
def test_a_time_ahead_of_ours_by_more_than_the_skew_is_told(room, offset, valid):
    time = NOW + offset
    judgement = room.check(room.token(time))
    assert valid is judgement.valid
    assert [invalid(f"a time not after {NOW.isoformat()}", time.isoformat())] * (not valid) == told(judgement)


@pytest.mark.parametrize(("offset", "valid"), [(-SECOND, False), (0 * SECOND, True)])
def test_a_time_before_the_units_certificate_is_told(room, offset, valid):
    first = NOW - 3 * DAY
    unit = stamp_unit(room.issuing, not_before=first)
    judgement = room.check(room.token(first + offset, unit=unit))
    life = unit.certificate
    expected = (
        f"a time from {life.not_valid_before_utc.isoformat()} to {life.not_valid_after_utc.isoformat()}"
    )
    assert [invalid(expected, (first + offset).isoformat())] * (not valid) == told(judgement)
    assert valid is judgement.valid


@pytest.mark.parametrize(("offset", "valid"), [(0 * SECOND, True), (SECOND, False)])
def test_a_time_after_the_units_certificate_is_told(room, offset, valid):
    last = NOW - 3 * DAY
    unit = stamp_unit(room.issuing, not_after=last)
    judgement = room.check(room.token(last + offset, unit=unit), existed=last)
    assert valid is (Code.TIMESTAMP_INVALID not in {row[0] for row in told(judgement)})


def test_what_is_no_token_says_so(room):
    data = cms.ContentInfo({"content_type": "data", "content": b"x"}).dump()
    judgement = room.check(data)
    assert [(Code.CMS_STRUCTURE, PLACE, "CMS SignedData in DER", "content type data")] == told(judgement)
    assert (None, Integrity.UNCHECKED, False, Indication.TOTAL_FAILED, SubIndication.FORMAT_FAILURE, ()) == (
        judgement.time,
        judgement.integrity,
        judgement.valid,
        judgement.indication,
        judgement.sub_indication,
        judgement.chain,
    )
    assert sha256(data).hexdigest() == judgement.sha256


def test_signed_data_about_something_else_is_no_token(room):
    info = cms.ContentInfo.load(room.token())
    info["content"]["encap_content_info"]["content_type"] = "data"
    judgement = room.check(info.dump(force=True))
    assert [invalid("a time-stamp token", "content of type 1.2.840.113549.1.7.1")] == told(judgement)


def test_a_digest_off_the_table_at_the_time_of_proof_is_told(room):
    policy = replace(POLICY, algorithms=rules(("sha512", "digest", 0), ("rsa-pkcs1v15", "signature", 2048)))
    rows = told(room.check(room.token(), policy=policy))
    assert (Code.SIGNATURE_ALGORITHM, PLACE, "a digest algorithm of the rule table", "sha256") in rows


def test_a_token_is_told_for_the_report_with_all_that_was_found_out(room):
    token = room.token()
    report = room.check(token).told(StampKind.SIGNATURE)
    assert (
        sha256(token).hexdigest(),
        StampKind.SIGNATURE,
        Indication.TOTAL_PASSED,
        None,
        NOW - DAY,
        room.unit.sha256,
    ) == (
        report.sha256,
        report.kind,
        report.indication,
        report.sub_indication,
        report.time,
        report.chain[0].sha256,
    )
