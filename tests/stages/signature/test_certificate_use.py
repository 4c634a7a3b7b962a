# SPDX-License-Identifier: EUPL-1.2
"""What a certificate may be used for and when: validity, key usages, and the algorithms on the whole path."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from trustroom import DAY, NOW, POLICY, Realm, chain, der, issue, rules, stamp_unit, usage

from gateway.codes import Code
from gateway.model.signature import Indication, SubIndication, Trust
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.trust import Purpose

SEALING = usage("content_commitment")


@pytest.fixture(scope="module")
def realm():
    return Realm()


def codes(judgement):
    return [finding.code for finding in judgement.findings]


@pytest.mark.parametrize(
    ("moment", "existed", "expected"),
    [
        (NOW + 4000 * DAY, None, (Code.CERTIFICATE_EXPIRED, SubIndication.OUT_OF_BOUNDS_NO_POE)),
        (
            datetime(2024, 1, 1, tzinfo=UTC),
            None,
            (Code.CERTIFICATE_NOT_YET_VALID, SubIndication.OUT_OF_BOUNDS_NOT_REVOKED),
        ),
        (
            NOW,
            datetime(2024, 1, 1, tzinfo=UTC),
            (Code.CERTIFICATE_NOT_YET_VALID, SubIndication.NOT_YET_VALID),
        ),
    ],
)
def test_validity_is_judged_at_the_time_of_proof(realm, moment, existed, expected):
    judgement = realm.judge(material=realm.material(crls=realm.crls(moment)), moment=moment, existed=existed)
    assert expected == (judgement.findings[0].code, judgement.sub_indication)
    # Seal, issuing CA and root are all outside: each is named.
    assert 3 == codes(judgement).count(expected[0])
    failed = judgement.sub_indication is SubIndication.NOT_YET_VALID
    assert (Indication.TOTAL_FAILED if failed else Indication.INDETERMINATE) is judgement.indication


def test_proof_of_existence_saves_a_signature_whose_certificate_expired_since(realm):
    short = issue(realm.issuing.identity, key_usage=SEALING, not_after=NOW - 10 * DAY)
    old = realm.material(crls=realm.crls(NOW - 12 * DAY))
    assert Trust.UNTRUSTED is realm.judge(short, material=old).trust
    assert Trust.TRUSTED is realm.judge(short, material=old, existed=NOW - 12 * DAY).trust


@pytest.mark.parametrize(
    ("key_usage", "extensions"),
    [
        (None, []),
        (usage("key_encipherment"), []),
        (usage("digital_signature"), [x509.ExtendedKeyUsageOID.CLIENT_AUTH]),
        (usage("digital_signature"), [x509.ExtendedKeyUsageOID.TIME_STAMPING]),
        (
            usage("digital_signature", "key_agreement"),
            [x509.ExtendedKeyUsageOID.CLIENT_AUTH, x509.ExtendedKeyUsageOID.EMAIL_PROTECTION],
        ),
        (
            usage("digital_signature"),
            [x509.ExtendedKeyUsageOID.SMARTCARD_LOGON, x509.ExtendedKeyUsageOID.EMAIL_PROTECTION],
        ),
    ],
)
def test_a_certificate_not_made_for_signing_is_refused(realm, key_usage, extensions):
    more = [(x509.ExtendedKeyUsage(extensions), False)] if extensions else []
    judgement = realm.judge(issue(realm.issuing.identity, key_usage=key_usage, extensions=more))
    assert ([Code.CERTIFICATE_USAGE], SubIndication.CHAIN_CONSTRAINTS_FAILURE) == (
        codes(judgement),
        judgement.sub_indication,
    )


def test_extended_usages_for_mail_or_documents_do_not_disturb(realm):
    mail, login = x509.ExtendedKeyUsageOID.EMAIL_PROTECTION, x509.ExtendedKeyUsageOID.CLIENT_AUTH
    for key_usage, extended in (
        (SEALING, [mail]),
        (SEALING, [mail, login]),
        (usage("digital_signature"), [mail]),
    ):
        more = [(x509.ExtendedKeyUsage(extended), False)]
        leaf = issue(realm.issuing.identity, key_usage=key_usage, extensions=more)
        assert Trust.TRUSTED is realm.judge(leaf).trust


def test_a_ca_certificate_signs_no_dossier(realm):
    judgement = realm.judge(realm.issuing.identity)
    assert Code.CERTIFICATE_USAGE in codes(judgement)


@pytest.mark.parametrize(
    ("extended", "critical", "trust"),
    [
        ([x509.ExtendedKeyUsageOID.TIME_STAMPING], True, Trust.TRUSTED),
        ([x509.ExtendedKeyUsageOID.TIME_STAMPING], False, Trust.UNTRUSTED),
        (
            [x509.ExtendedKeyUsageOID.TIME_STAMPING, x509.ExtendedKeyUsageOID.CODE_SIGNING],
            True,
            Trust.UNTRUSTED,
        ),
        ([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION], True, Trust.UNTRUSTED),
    ],
)
def test_a_time_stamping_unit_needs_its_usage_alone_and_critical(realm, extended, critical, trust):
    unit = stamp_unit(realm.issuing, extended=extended, critical=critical)
    material = realm.material(tsa_anchors=(der(realm.root.identity),))
    assert trust is realm.judge(unit, material=material, purpose=Purpose.TSA).trust


@pytest.mark.parametrize(
    "curve", [ec.BrainpoolP256R1(), ec.BrainpoolP384R1(), ec.SECP384R1(), ec.SECP521R1()]
)
def test_brainpool_and_larger_curves_are_trusted(realm, curve):
    seal = realm.issuing.seal("Kammer", key=ec.generate_private_key(curve))
    assert Trust.TRUSTED is realm.judge(seal).trust


def test_ed25519_is_judged_like_any_other_key(realm):
    seal = realm.issuing.seal("Kammer", key=ed25519.Ed25519PrivateKey.generate())
    assert Trust.TRUSTED is realm.judge(seal).trust


def test_an_algorithm_without_a_row_keeps_a_chain_out(realm):
    policy = SignaturePolicy(algorithms=rules(("ecdsa", "signature", 250)))
    judgement = realm.judge(policy=policy)
    assert Code.SIGNATURE_ALGORITHM in codes(judgement)
    assert Trust.UNTRUSTED is judgement.trust


def test_an_empty_algorithm_table_accepts_nothing(realm):
    assert Trust.UNTRUSTED is realm.judge(policy=SignaturePolicy(algorithms=())).trust


def test_an_algorithm_that_ended_is_saved_by_proof_of_existence(realm):
    ended = tuple(
        replace(r, valid_until=date(2026, 5, 31)) if r.algorithm == "sha256" else r for r in POLICY.algorithms
    )
    policy = replace(POLICY, algorithms=ended)
    late = realm.judge(policy=policy)
    assert (Code.SIGNATURE_ALGORITHM_EXPIRED, SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE) == (
        late.findings[0].code,
        late.sub_indication,
    )
    existed = NOW - DAY + timedelta(hours=1)
    young = realm.judge(policy=policy, existed=existed)
    assert SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE is young.sub_indication
    lists = realm.crls()
    everything = {sha256(der).hexdigest(): existed for der in (*chain(realm.seal), *lists)}
    saved = realm.judge(
        policy=policy, existed=existed, material=realm.material(crls=lists), covered=everything
    )
    assert Trust.TRUSTED is saved.trust
