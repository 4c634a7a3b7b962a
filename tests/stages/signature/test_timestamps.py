# SPDX-License-Identifier: EUPL-1.2
import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import new as new_hash
from hashlib import sha256

import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext
from trustroom import DAY, NOW, POLICY, Realm, asn1, der, fresh_crl, rules, sign, stamp, stamp_unit

from gateway.codes import Code
from gateway.findings import blocking
from gateway.model.signature import Indication, Integrity, SubIndication
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.timestamps import imprint_algorithm, judge_timestamp

CONTENT = b"was gestempelt wird"


class Room(Realm):
    """A realm with a time-stamping unit and a store that trusts it."""

    def __init__(self):
        super().__init__()
        self.unit = stamp_unit(self.issuing)
        self.store = TrustStore(self.stamp_material())

    def stamp_material(self, **changes):
        return self.material(**{"tsa_anchors": (der(self.root.identity),), **changes})

    def token(self, moment=NOW - DAY, content=CONTENT, unit=None):
        return stamp(unit or self.unit, sha256(content).digest(), moment)

    def check(self, token, *, store=None, moment=NOW, policy=POLICY, content=CONTENT, **others):
        return judge_timestamp(
            token,
            imprint=lambda name: new_hash(name, content).digest(),
            store=store or self.store,
            policy=policy,
            moment=moment,
            place="Zeitstempel",
            **others,
        )


@pytest.fixture(scope="module")
def room():
    return Room()


def test_a_token_of_a_trusted_unit_proves_its_time(room):
    judgement = room.check(room.token())
    assert (NOW - DAY, Integrity.INTACT, True, Indication.TOTAL_PASSED, ()) == (
        judgement.time,
        judgement.integrity,
        judgement.valid,
        judgement.indication,
        blocking(judgement.findings),
    )
    assert room.unit.sha256 == judgement.chain[0].sha256


def test_a_token_over_something_else_is_broken(room):
    judgement = room.check(room.token(), content=b"etwas anderes")
    assert (Integrity.BROKEN, False, Indication.TOTAL_FAILED) == (
        judgement.integrity,
        judgement.valid,
        judgement.indication,
    )
    assert [Code.TIMESTAMP_INVALID] == [f.code for f in blocking(judgement.findings)]


def test_a_unit_without_an_anchor_for_time_stamps_is_intact_but_proves_nothing(room):
    judgement = room.check(room.token(), store=TrustStore(room.material()))
    assert (Integrity.INTACT, False) == (judgement.integrity, judgement.valid)
    assert [Code.NO_ANCHORS] == [f.code for f in blocking(judgement.findings)]


def test_a_unit_whose_revocation_is_unknown_proves_nothing(room):
    judgement = room.check(room.token(), store=TrustStore(room.stamp_material(crls=())))
    assert (Integrity.INTACT, False, SubIndication.TRY_LATER) == (
        judgement.integrity,
        judgement.valid,
        judgement.sub_indication,
    )


def test_a_revoked_unit_proves_nothing():
    room = Room()
    room.issuing.revoke(room.unit, NOW - 2 * DAY)
    store = TrustStore(room.stamp_material(crls=room.crls()))
    assert not room.check(room.token(), store=store).valid
    # A later time-stamp proves that this token was there before the revocation.
    assert room.check(room.token(NOW - 4 * DAY), store=store, existed=NOW - 3 * DAY).valid


def test_a_unit_with_a_second_usage_proves_nothing(room):
    both = [x509.ExtendedKeyUsageOID.TIME_STAMPING, x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]
    unit = stamp_unit(room.issuing, 1, extended=both)
    judgement = room.check(room.token(unit=unit))
    assert (Integrity.INTACT, False) == (judgement.integrity, judgement.valid)
    assert [Code.CERTIFICATE_USAGE] == [f.code for f in blocking(judgement.findings)]


def test_a_time_in_the_future_is_refused(room):
    judgement = room.check(room.token(NOW + timedelta(hours=1)))
    assert not judgement.valid
    assert room.check(room.token(NOW + timedelta(minutes=4))).valid


def test_a_time_outside_the_units_certificate_is_refused(room):
    unit = stamp_unit(room.issuing, 2, not_before=NOW - 2 * DAY)
    assert not room.check(room.token(NOW - 3 * DAY, unit=unit)).valid
    assert room.check(room.token(NOW - DAY, unit=unit)).valid


def test_a_weak_imprint_is_refused(room):
    token = stamp(room.unit, new_hash("sha1", CONTENT).digest(), NOW - DAY, "sha1")
    judgement = room.check(token)
    assert (Integrity.INTACT, SubIndication.CRYPTO_CONSTRAINTS_FAILURE) == (
        judgement.integrity,
        judgement.sub_indication,
    )
    assert Code.SIGNATURE_ALGORITHM in {f.code for f in judgement.findings}
    assert "sha1" == imprint_algorithm(token)


def test_an_algorithm_that_ended_keeps_the_token_out_unless_proven_earlier(room):
    policy = replace(POLICY, algorithms=rules(("sha256", "digest", 0), ("ecdsa", "signature", 250)))
    judgement = room.check(room.token(), policy=policy)
    assert (Integrity.INTACT, SubIndication.CRYPTO_CONSTRAINTS_FAILURE) == (
        judgement.integrity,
        judgement.sub_indication,
    )


def test_an_exchanged_time_breaks_the_token(room):
    info = cms.ContentInfo.load(room.token())
    inner = info["content"]["encap_content_info"]
    claim = tsp.TSTInfo.load(bytes(inner["content"]))
    claim["gen_time"] = NOW - 100 * DAY
    inner["content"] = claim
    judgement = room.check(info.dump(force=True))
    assert (Integrity.BROKEN, False) == (judgement.integrity, judgement.valid)
    assert Code.SIGNATURE_DIGEST_MISMATCH in {f.code for f in judgement.findings}


def test_an_ordinary_signature_is_no_time_stamp(room):
    judgement = room.check(sign(room.seal, CONTENT, detached=False).dump())
    assert (None, False, SubIndication.FORMAT_FAILURE) == (
        judgement.time,
        judgement.valid,
        judgement.sub_indication,
    )


def test_a_token_with_two_signers_is_refused(room):
    info = cms.ContentInfo.load(room.token())
    signer = info["content"]["signer_infos"][0]
    info["content"]["signer_infos"] = cms.SignerInfos([signer, signer])
    judgement = room.check(info.dump(force=True))
    assert (Integrity.BROKEN, SubIndication.FORMAT_FAILURE) == (
        judgement.integrity,
        judgement.sub_indication,
    )


def test_a_digest_nobody_computed_is_a_finding(room):
    def nothing(name):
        raise KeyError(name)

    judgement = judge_timestamp(
        room.token(), imprint=nothing, store=room.store, policy=POLICY, moment=NOW, place="Zeitstempel"
    )
    assert (Integrity.UNCHECKED, SubIndication.SIGNED_DATA_NOT_FOUND) == (
        judgement.integrity,
        judgement.sub_indication,
    )


def test_certificates_of_the_signature_complete_the_units_chain(room):
    info = cms.ContentInfo.load(room.token())
    info["content"]["certificates"] = cms.CertificateSet(
        [c for c in info["content"]["certificates"] if c.chosen.dump() == der(room.unit)]
    )
    token = info.dump(force=True)
    assert not room.check(token).valid
    assert room.check(token, hints=[der(room.issuing.identity)]).valid


def test_no_material_at_all_proves_nothing(room):
    assert not room.check(room.token(), store=TrustStore(TrustMaterial())).valid


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_changed_byte_of_a_token_proves_another_time(data):
    room, token = _shared()
    position = data.draw(st.integers(0, len(token) - 1))
    spoilt = bytearray(token)
    spoilt[position] ^= data.draw(st.integers(1, 255))
    judgement = room.check(bytes(spoilt))
    # Bytes outside the signed parts (other certificates, their order) may change; the proven time may not.
    assert not judgement.valid or judgement.time == NOW - DAY


@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_judged_and_never_valid(data):
    room, _ = _shared()
    assert not room.check(data).valid


_SHARED = []


def _shared():
    if not _SHARED:
        room = Room()
        _SHARED.append((room, room.token()))
    return _SHARED[0]


@pytest.mark.parametrize("spoil", [False, True])
def test_pyhanko_agrees(room, spoil):
    token = room.token()
    context = ValidationContext(
        trust_roots=[asn1(room.root.identity.certificate)],
        crls=[fresh_crl(room.root), fresh_crl(room.issuing)],
        revocation_mode="require",
        moment=NOW,
    )
    content = b"anderes" if spoil else CONTENT
    signed = cms.ContentInfo.load(token)["content"]
    theirs = asyncio.run(
        validate_tst_signed_data(signed, context, lambda name: new_hash(name, content).digest())
    )
    assert (theirs["intact"] and theirs["valid"]) == room.check(token, content=content).valid
