# SPDX-License-Identifier: EUPL-1.2
"""What is told about certificates that do not fit: dates, usages, missing anchors and missing paths."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from trustroom import (
    DAY,
    NOW,
    POLICY,
    Realm,
    der,
    issue,
    stamp_unit,
    usage,
)

from gateway.codes import Code
from gateway.model.signature import Indication, Revocation, SubIndication, Trust
from gateway.stages.signature.certificates.trust import Purpose

SEALING = usage("content_commitment")


@pytest.fixture(scope="module")
def realm():
    return Realm()


def told(judgement):
    return [(f.code, f.place, f.expected, f.got) for f in judgement.findings]


def test_missing_anchors_and_missing_paths_are_told_in_these_words(realm):
    bare = realm.judge(material=realm.material(signer_anchors=()))
    place = bare.chain[0].place
    assert [(Code.NO_ANCHORS, place, "trust anchors for signer", "none")] == told(bare)
    lost = realm.judge(hints=[])
    issuer = "issuer CN=Ausstellende Stelle,O=Ausstellende Stelle,C=DE"
    assert [(Code.CERTIFICATE_UNTRUSTED, place, "a path to a trust anchor", issuer)] == told(lost)
    assert Revocation.UNKNOWN is lost.revocation


def test_dates_are_told_without_the_moment_they_were_compared_with_because_others_are_told_the_same(realm):
    life = realm.seal.certificate
    ends, begins = life.not_valid_after_utc.isoformat(), life.not_valid_before_utc.isoformat()
    for moment, code, expected, got in (
        (NOW + 4000 * DAY, Code.CERTIFICATE_EXPIRED, f"not after {ends}", "judged for a later time"),
        (
            NOW - 4000 * DAY,
            Code.CERTIFICATE_NOT_YET_VALID,
            f"not before {begins}",
            "judged for an earlier time",
        ),
    ):
        judgement = realm.judge(moment=moment)
        assert (code, judgement.chain[0].place, expected, got) == told(judgement)[0]


@pytest.mark.parametrize(("offset", "code"), [(-1, Code.CERTIFICATE_NOT_YET_VALID), (0, None)])
def test_a_certificate_is_valid_from_its_first_moment(realm, offset, code):
    first = datetime(2026, 5, 1, tzinfo=UTC)
    leaf = issue(realm.issuing.identity, key_usage=SEALING, not_before=first)
    moment = first + timedelta(microseconds=offset)
    judgement = realm.judge(leaf, material=realm.material(crls=realm.crls(moment)), moment=moment)
    assert [code] * bool(code) == [f.code for f in judgement.findings]


@pytest.mark.parametrize(("offset", "code"), [(0, None), (1, Code.CERTIFICATE_EXPIRED)])
def test_a_certificate_is_valid_to_its_last_moment(realm, offset, code):
    last = datetime(2026, 5, 1, tzinfo=UTC)
    leaf = issue(realm.issuing.identity, key_usage=SEALING, not_after=last)
    moment = last + timedelta(microseconds=offset)
    judgement = realm.judge(leaf, material=realm.material(crls=realm.crls(last)), moment=moment)
    assert [code] * bool(code) == [f.code for f in judgement.findings]


@pytest.mark.parametrize(
    ("key_usage", "extended", "rows"),
    [
        (None, None, [("nonRepudiation or digitalSignature", "none")]),
        (usage("key_encipherment"), None, [("nonRepudiation or digitalSignature", "keyEncipherment")]),
        (
            usage("digital_signature"),
            [x509.ExtendedKeyUsageOID.SERVER_AUTH, x509.ExtendedKeyUsageOID.CLIENT_AUTH],
            [("an extended key usage for signing, or none", "clientAuth, serverAuth")],
        ),
    ],
)
def test_what_a_certificate_was_made_for_is_told(realm, key_usage, extended, rows):
    more = [(x509.ExtendedKeyUsage(extended), False)] if extended else []
    leaf = issue(realm.issuing.identity, key_usage=key_usage, extensions=more)
    judgement = realm.judge(leaf)
    place = judgement.chain[0].place
    assert [(Code.CERTIFICATE_USAGE, place, expected, got) for expected, got in rows] == told(judgement)


@pytest.mark.parametrize(
    "oid",
    [
        x509.ExtendedKeyUsageOID.SERVER_AUTH,
        x509.ExtendedKeyUsageOID.CODE_SIGNING,
        x509.ExtendedKeyUsageOID.OCSP_SIGNING,
    ],
)
def test_a_certificate_for_another_purpose_seals_nothing(realm, oid):
    more = [(x509.ExtendedKeyUsage([oid]), False)]
    leaf = issue(realm.issuing.identity, key_usage=SEALING, extensions=more)
    assert [Code.CERTIFICATE_USAGE] == [f.code for f in realm.judge(leaf).findings]


def test_a_ca_certificate_as_signer_and_a_plain_one_as_time_stamping_unit_are_told(realm):
    judgement = realm.judge(issue(realm.issuing.identity, ca=True, key_usage=SEALING))
    place = judgement.chain[0].place
    assert (Code.CERTIFICATE_USAGE, place, "an end-entity certificate", "a CA certificate") in told(judgement)
    material = realm.material(tsa_anchors=(der(realm.root.identity),))
    plain = realm.judge(purpose=Purpose.TSA, material=material)
    assert [
        (
            Code.CERTIFICATE_USAGE,
            plain.chain[0].place,
            "timeStamping as the only extended key usage",
            "none",
        )
    ] == told(plain)
    loose = realm.judge(stamp_unit(realm.issuing, critical=False), purpose=Purpose.TSA, material=material)
    assert ("a critical extended key usage", "not critical") == told(loose)[0][2:]
    mute = issue(
        realm.issuing.identity,
        key_usage=usage("key_agreement"),
        extensions=[(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), True)],
    )
    judged = realm.judge(mute, purpose=Purpose.TSA, material=material)
    assert [("nonRepudiation or digitalSignature", "keyAgreement")] == [t[2:] for t in told(judged)]


def test_a_unit_without_key_usage_may_stamp(realm):
    unit = issue(
        realm.issuing.identity,
        extensions=[(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), True)],
    )
    material = realm.material(tsa_anchors=(der(realm.root.identity),))
    assert Trust.TRUSTED is realm.judge(unit, purpose=Purpose.TSA, material=material).trust


def test_a_fault_of_our_own_in_the_middle_is_never_trust(realm):
    judgement = realm.judge(policy=replace(POLICY, algorithms=None))
    assert (Trust.UNTRUSTED, Revocation.UNKNOWN, Indication.INDETERMINATE) == (
        judgement.trust,
        judgement.revocation,
        judgement.indication,
    )
    assert [(Code.VERIFICATION_FAILED, "certificate")] == [(f.code, f.place) for f in judgement.findings]
    assert SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE is judgement.sub_indication
