# SPDX-License-Identifier: EUPL-1.2
"""Algorithms end. What is signed with one is judged when it is known to have existed, each object by itself."""

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st
from trustroom import (
    CURVES,
    DAY,
    NOW,
    POLICY,
    Realm,
    as_authority,
    chain,
    custom_crl,
    der,
    fresh_crl,
    issue,
    ocsp_response,
    responder,
    rsa_key,
    usage,
)

from gateway.catalogue import data_root, load_rules
from gateway.codes import Code
from gateway.findings import Severity
from gateway.model.signature import Revocation, SubIndication, Trust
from gateway.stages.signature.algorithms import check_algorithm
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate

SEALING = usage("content_commitment")
ISSUING = usage("key_cert_sign", "crl_sign")
SIGNED = NOW - 60 * DAY
WITHOUT_ECDSA = replace(
    POLICY,
    algorithms=tuple(
        replace(rule, valid_until=date(2026, 5, 1)) if rule.algorithm == "ecdsa" else rule
        for rule in POLICY.algorithms
    ),
)


class Ended:
    """A CA whose certificate stands (its root signs by RSA), and whose own key's algorithm has ended since."""

    def __init__(self):
        self.realm = Realm()
        self.root = as_authority(
            issue(self.realm.root.identity, name="RSA-Wurzel", key=rsa_key(7), ca=True, key_usage=ISSUING)
        )
        self.ca = as_authority(issue(self.root.identity, name="CA", ca=True, key_usage=ISSUING))
        self.leaf = issue(self.ca.identity, key_usage=SEALING)
        self.roots = custom_crl(self.root, this_update=SIGNED - DAY)
        self.old = custom_crl(self.ca, this_update=SIGNED - DAY, next_update=SIGNED + DAY)
        self.late = custom_crl(self.ca, this_update=NOW - DAY)

    def judge(self, *crls, covered=(), policy=WITHOUT_ECDSA, brought=(), ocsps=(), existed=SIGNED):
        material = self.realm.material(signer_anchors=(der(self.root.identity),), crls=(self.roots, *crls))
        return judge_certificate(
            self.leaf.certificate_der,
            store=TrustStore(material),
            hints=chain(self.leaf),
            policy=policy,
            moment=NOW,
            purpose=Purpose.SIGNER,
            existed=existed,
            covered={sha256(one).hexdigest(): SIGNED for one in covered},
            crls=brought,
            ocsps=ocsps,
        )


@pytest.fixture(scope="module")
def ended():
    return Ended()


def open_question(judgement):
    return judgement.revocation, judgement.sub_indication, [f.code for f in judgement.findings]


UNKNOWN = (Revocation.UNKNOWN, SubIndication.TRY_LATER, [Code.REVOCATION_UNKNOWN])


def test_a_list_made_after_its_algorithm_ended_proves_nothing_about_an_older_signature(ended):
    assert UNKNOWN == open_question(ended.judge(ended.late))
    assert UNKNOWN == open_question(ended.judge(brought=[ended.late]))
    assert Trust.TRUSTED is ended.judge(ended.late, policy=POLICY).trust


def test_an_old_list_needs_a_proof_of_its_own_that_it_is_old(ended):
    assert UNKNOWN == open_question(ended.judge(brought=[ended.old]))
    assert Trust.TRUSTED is ended.judge(brought=[ended.old], covered=[ended.old]).trust
    assert UNKNOWN == open_question(ended.judge(brought=[ended.old], covered=[ended.late]))


def test_a_response_made_after_its_algorithm_ended_proves_nothing_either(ended):
    for signer in (None, responder(ended.ca)):
        answer = ocsp_response(ended.leaf, ended.ca.identity, signer=signer, this_update=SIGNED - DAY)
        assert UNKNOWN == open_question(ended.judge(ocsps=[answer]))
        assert Trust.TRUSTED is ended.judge(ocsps=[answer], covered=[answer]).trust


def test_a_responders_certificate_is_as_old_as_the_response_it_stands_in(ended):
    """Its own key is strong; that the CA signed its certificate is what could be forged."""
    strong = issue(
        ended.ca.identity,
        name="OCSP",
        key=rsa_key(9),
        key_usage=usage("digital_signature"),
        extensions=[
            (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.OCSP_SIGNING]), False),
            (x509.OCSPNoCheck(), False),
        ],
    )
    answer = ocsp_response(ended.leaf, ended.ca.identity, signer=strong, this_update=SIGNED - DAY)
    assert UNKNOWN == open_question(ended.judge(ocsps=[answer]))
    assert Trust.TRUSTED is ended.judge(ocsps=[answer], covered=[answer]).trust


def test_a_list_of_today_stays_good_for_a_signature_with_an_algorithm_that_ended_since():
    """The CA goes on with another key type: what it signs today is judged by the algorithms of today."""
    realm = Realm()
    ca = as_authority(issue(realm.root.identity, name="CA", key=rsa_key(8), ca=True, key_usage=ISSUING))
    leaf = issue(ca.identity, key_usage=SEALING)
    young = replace(
        POLICY,
        algorithms=tuple(
            replace(rule, valid_from=date(2026, 5, 1)) if rule.algorithm == "rsa-pkcs1v15" else rule
            for rule in POLICY.algorithms
        ),
    )
    material = realm.material(crls=(fresh_crl(realm.root), fresh_crl(ca)))
    judgement = realm.judge(leaf, material=material, existed=SIGNED, policy=young)
    assert Revocation.GOOD is judgement.revocation


def test_revoked_does_not_fade_with_the_algorithm_it_was_said_by(ended):
    entry = (ended.leaf.certificate.serial_number, SIGNED - 2 * DAY, [])
    listed = custom_crl(ended.ca, entries=[entry], this_update=SIGNED - DAY)
    for crls in ((listed,), (listed, ended.old)):
        judgement = ended.judge(*crls, covered=[ended.old])
        assert (Revocation.REVOKED, SubIndication.REVOKED_NO_POE) == (
            judgement.revocation,
            judgement.sub_indication,
        )
    answer = ocsp_response(
        ended.leaf,
        ended.ca.identity,
        status=ocsp.OCSPCertStatus.REVOKED,
        revoked_at=SIGNED - 2 * DAY,
        this_update=SIGNED - DAY,
    )
    assert Revocation.REVOKED is ended.judge(ocsps=[answer]).revocation
    never = replace(POLICY, algorithms=tuple(r for r in POLICY.algorithms if r.algorithm != "ecdsa"))
    assert Revocation.UNKNOWN is ended.judge(listed, policy=never).revocation
    assert Revocation.UNKNOWN is ended.judge(ocsps=[answer], policy=never).revocation


def test_a_ca_certificate_needs_a_proof_of_its_own_and_the_signers_has_the_signatures():
    realm = Realm()
    lists = realm.crls(SIGNED)
    material = realm.material(crls=lists)
    told = {sha256(one).hexdigest(): SIGNED for one in lists}
    without = realm.judge(existed=SIGNED, policy=WITHOUT_ECDSA, material=material, covered=told)
    assert (SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, [realm.issuing.identity.sha256]) == (
        without.sub_indication,
        [c.sha256 for c in without.chain if c.place in {f.place for f in without.findings}],
    )
    told |= {sha256(der(realm.issuing.identity)).hexdigest(): SIGNED}
    assert (
        Trust.TRUSTED
        is realm.judge(existed=SIGNED, policy=WITHOUT_ECDSA, material=material, covered=told).trust
    )


def test_a_proof_in_the_future_is_none(ended):
    """Else a stamp of tomorrow would already have the algorithms of tomorrow."""
    tomorrow = replace(
        POLICY,
        algorithms=tuple(
            replace(rule, valid_from=date(2026, 6, 2)) if rule.algorithm == "ecdsa" else rule
            for rule in POLICY.algorithms
        ),
    )
    material = ended.realm.material(signer_anchors=(der(ended.root.identity),), crls=(ended.roots, ended.old))
    for policy in (WITHOUT_ECDSA, tomorrow):
        judgement = ended.realm.judge(
            ended.leaf,
            material=material,
            policy=policy,
            existed=SIGNED,
            covered={sha256(ended.old).hexdigest(): NOW + DAY},
        )
        assert Revocation.UNKNOWN is judgement.revocation


def test_a_revocation_after_the_proof_of_the_signature_is_told_and_harms_nothing():
    realm = Realm()
    realm.issuing.revoke(realm.seal, NOW - 2 * DAY)
    judgement = realm.judge(existed=NOW - 3 * DAY)
    assert (Trust.TRUSTED, Revocation.GOOD, ()) == (judgement.trust, judgement.revocation, judgement.revoked)
    assert [(Code.CERTIFICATE_REVOKED_LATER, Severity.INFO)] == [
        (f.code, f.severity) for f in judgement.findings
    ]


def test_a_revocation_in_a_list_of_tomorrow_is_not_told_yet():
    realm = Realm()
    entry = (realm.seal.certificate.serial_number, NOW - 2 * DAY, [])
    tomorrow = custom_crl(realm.issuing, entries=[entry], this_update=NOW + DAY, next_update=NOW + 2 * DAY)
    judgement = realm.judge(existed=NOW - 3 * DAY, material=realm.material(crls=(*realm.crls(), tomorrow)))
    assert (Trust.TRUSTED, ()) == (judgement.trust, judgement.findings)


@pytest.mark.parametrize(
    ("curve", "trust"), [(ec.SECP256K1(), Trust.UNTRUSTED), (ec.SECP384R1(), Trust.TRUSTED)]
)
def test_as_many_bits_on_a_curve_outside_the_table_are_not_enough(curve, trust):
    realm = Realm()
    key = ec.generate_private_key(curve)
    ca = as_authority(issue(realm.root.identity, name="k", key=key, ca=True, key_usage=ISSUING))
    leaf = issue(ca.identity, key_usage=SEALING)
    material = realm.material(crls=(*realm.crls(), fresh_crl(ca)))
    judgement = realm.judge(leaf, material=material)
    assert trust is judgement.trust
    weak = [f.got for f in judgement.findings if f.code is Code.SIGNATURE_ALGORITHM]
    assert weak == ([] if trust is Trust.TRUSTED else [curve.name])


@pytest.mark.parametrize("curve", [*CURVES, "secp256k1", "secp224r1"])
def test_the_shipped_table_knows_curves_by_name(curve):
    shipped = load_rules(data_root() / "rules").algorithms
    weak = check_algorithm(shipped, curve, "curve", 0, NOW)
    assert (curve in CURVES) is (weak is None)


@settings(max_examples=120, deadline=None)
@given(
    back=st.one_of(st.none(), st.integers(0, 90)),
    of_list=st.one_of(st.none(), st.integers(-2, 90)),
    of_response=st.one_of(st.none(), st.integers(-2, 90)),
    ahead=st.integers(0, 3),
)
def test_a_remembered_judgement_is_the_one_a_fresh_store_gives_whatever_is_covered(
    memories, back, of_list, of_response, ahead
):
    ended, answer, store = memories
    moment = NOW + ahead * timedelta(hours=7)

    def ask(asked):
        known = {ended.old: of_list, answer: of_response}
        return judge_certificate(
            ended.leaf.certificate_der,
            store=asked,
            hints=chain(ended.leaf),
            policy=WITHOUT_ECDSA,
            moment=moment,
            purpose=Purpose.SIGNER,
            existed=None if back is None else moment - back * DAY,
            covered={
                sha256(one).hexdigest(): moment - days * DAY
                for one, days in known.items()
                if days is not None
            },
            crls=[ended.old],
            ocsps=[answer],
        )

    assert ask(TrustStore(_material(ended))) == ask(store)


def _material(ended):
    return ended.realm.material(signer_anchors=(der(ended.root.identity),), crls=(ended.roots,))


@pytest.fixture(scope="module")
def memories(ended):
    """A store that is warm for the whole run of the property, and dates so close that days change answers."""
    answer = ocsp_response(
        ended.leaf, ended.ca.identity, this_update=SIGNED + 9 * DAY, next_update=NOW - 9 * DAY
    )
    return ended, answer, TrustStore(_material(ended))
