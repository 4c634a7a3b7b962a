# SPDX-License-Identifier: EUPL-1.2
"""The cache of judgements may save time and may never change an answer."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from trustroom import DAY, NOW, POLICY, Realm, chain, custom_crl, der, fresh_crl, issue, ocsp_response, usage

from gateway.model.signature import Revocation, Trust
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.instants import Instant, Moments
from gateway.stages.signature.certificates.store import MAX_CASES, Case
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate

HOUR = timedelta(hours=1)
HELD = [(x509.CRLReason(x509.ReasonFlags.certificate_hold), False)]


def judge(store, identity, moment=NOW, *, policy=POLICY, hints=None, **others):
    return judge_certificate(
        identity.certificate_der,
        store=store,
        hints=chain(identity) if hints is None else hints,
        policy=policy,
        moment=moment,
        purpose=others.pop("purpose", Purpose.SIGNER),
        **others,
    )


class World:
    """Certificates, CRLs and responses whose dates lie close together, so that small steps in time change answers."""

    def __init__(self):
        realm = Realm()
        ca = realm.issuing.identity
        self.seals = [
            issue(
                ca,
                name=f"Siegel {number}",
                key_usage=usage("content_commitment"),
                not_before=NOW + number * HOUR,
                not_after=NOW + (number + 9) * HOUR,
            )
            for number in range(4)
        ]
        revoked = (self.seals[1].certificate.serial_number, NOW + 5 * HOUR, ())
        crls = (
            realm.root.crl(NOW - DAY, next_update=NOW + 20 * HOUR),
            custom_crl(
                realm.issuing,
                entries=[revoked],
                this_update=NOW + 2 * HOUR,
                next_update=NOW + 8 * HOUR,
            ),
            custom_crl(
                realm.issuing,
                entries=[(self.seals[3].certificate.serial_number, NOW + 4 * HOUR, HELD)],
                this_update=NOW - 3 * HOUR,
                next_update=NOW + 3 * HOUR,
            ),
        )
        ocsps = (ocsp_response(self.seals[2], ca, this_update=NOW + 9 * HOUR, next_update=None),)
        self.material = TrustMaterial(signer_anchors=(der(realm.root.identity),), crls=crls, ocsps=ocsps)
        ending = tuple(
            replace(r, valid_until=date(2026, 6, 1)) if r.algorithm == "ecdsa" else r
            for r in POLICY.algorithms
        )
        self.policy = replace(POLICY, algorithms=ending, max_revocation_age=4 * HOUR)
        self.store = TrustStore(self.material)  # warm for the whole run of the property


@pytest.fixture(scope="module")
def world():
    return World()


@settings(max_examples=150, deadline=None)
@given(
    seal=st.integers(0, 3),
    minutes=st.integers(-6 * 60, 20 * 60),
    back=st.one_of(st.none(), st.integers(0, 20 * 60)),
)
def test_a_remembered_judgement_is_the_one_a_fresh_store_gives(world, seal, minutes, back):
    moment = NOW + timedelta(minutes=minutes)
    existed = None if back is None else moment - timedelta(minutes=back)
    identity = world.seals[seal]
    warm = judge(world.store, identity, moment, policy=world.policy, existed=existed)
    fresh = judge(TrustStore(world.material), identity, moment, policy=world.policy, existed=existed)
    assert fresh == warm


def test_the_answer_changes_at_the_instant_the_data_ends(world):
    store, seal = TrustStore(world.material), world.seals[0]
    before, after = NOW + 8 * HOUR, NOW + 8 * HOUR + timedelta(microseconds=1)
    assert Revocation.GOOD is judge(store, seal, before, policy=world.policy).revocation
    assert Revocation.UNKNOWN is judge(store, seal, after, policy=world.policy).revocation
    assert Revocation.GOOD is judge(store, seal, before, policy=world.policy).revocation


def test_the_same_question_is_answered_from_memory(world):
    store, seal = TrustStore(world.material), world.seals[0]
    first = judge(store, seal, NOW + HOUR, policy=world.policy)
    assert first is judge(store, seal, NOW + HOUR + timedelta(minutes=1), policy=world.policy)


def test_other_policy_purpose_hints_or_data_are_other_questions(world):
    store, seal = TrustStore(world.material), world.seals[0]
    moment = NOW + HOUR
    first = judge(store, seal, moment, policy=world.policy)
    assert Trust.TRUSTED is first.trust
    assert Trust.UNTRUSTED is judge(store, seal, moment, policy=replace(world.policy, algorithms=())).trust
    assert Trust.UNTRUSTED is judge(store, seal, moment, policy=world.policy, purpose=Purpose.TSA).trust
    assert Trust.UNTRUSTED is judge(store, seal, moment, policy=world.policy, hints=[]).trust
    assert first is not judge(store, seal, moment, policy=world.policy, crls=[world.material.crls[0]])
    assert first is not judge(store, seal, moment, policy=world.policy, existed=moment)
    covered = {sha256(world.material.crls[0]).hexdigest(): moment - HOUR}
    assert first is not judge(store, seal, moment, policy=world.policy, covered=covered)


def test_new_material_is_a_new_store_without_memories():
    realm = Realm()
    store = TrustStore(realm.material())
    assert Trust.TRUSTED is judge(store, realm.seal).trust
    realm.issuing.revoke(realm.seal, NOW - DAY)
    assert Trust.UNTRUSTED is judge(TrustStore(realm.material()), realm.seal).trust


def test_parts_cannot_be_shifted_between_the_groups_of_a_case():
    def case(certificate, hints, crls, ocsps):
        return Case.of(
            purpose=Purpose.SIGNER,
            policy=POLICY,
            proven=False,
            certificate=certificate,
            hints=hints,
            crls=crls,
            ocsps=ocsps,
        ).key

    keys = [
        case(b"a", [b"b"], [], []),
        case(b"a", [], [b"b"], []),
        case(b"a", [], [], [b"b"]),
        case(b"ab", [], [], []),
        case(b"a", [b"b", b""], [], []),
        case(b"a", [b"", b"b"], [], []),
    ]
    assert len(keys) == len(set(keys))


def test_memory_is_bounded(world):
    store, seal = TrustStore(TrustMaterial()), world.seals[0]
    for number in range(MAX_CASES + 10):
        judge(store, seal, hints=[number.to_bytes(4, "big")])
    assert MAX_CASES == len(store._cases)


def test_an_instant_knows_where_its_comparisons_hold():
    instant = Instant(value=NOW)
    assert instant.reaches(NOW - HOUR)
    assert not instant.reaches(NOW + HOUR)
    assert instant.reaches(NOW)
    assert not instant.passes(NOW)
    assert (NOW, NOW + timedelta(microseconds=1)) == (instant.span.start, instant.span.end)


def test_an_instant_survives_the_ends_of_the_calendar():
    instant = Instant(value=NOW)
    assert not instant.passes(datetime.max.replace(tzinfo=UTC))
    assert instant.passes(datetime.min.replace(tzinfo=UTC))
    last = Instant(value=datetime.max.replace(tzinfo=UTC))
    assert last.day() == last.value


def test_a_proof_later_than_the_judgement_is_the_judgement():
    moments = Moments.of(NOW, NOW + HOUR)
    assert moments.now is moments.proof


def test_a_long_list_is_verified_and_read_through_once():
    """Not a timed test: what is counted are the signature checks and full readings of the list."""
    realm = Realm()
    builder = _many_entries(realm, 2_000)
    store = TrustStore(realm.material(crls=(fresh_crl(realm.root), builder)))
    for _ in range(3):
        seal = realm.issuing.seal("Kammer")
        assert Trust.TRUSTED is judge(store, seal).trust
    crl = store._data.crls[1]
    assert (1, 1) == (len(crl._verified), len(crl._strange))


def _many_entries(realm, count):
    entries = [(number << 64 | 1, NOW - 2 * DAY, ()) for number in range(1, count)]
    return custom_crl(realm.issuing, entries=entries)
