# SPDX-License-Identifier: EUPL-1.2
"""Certificates nobody can read, faults by the dozen, and changed bytes: all are named, none is trusted."""

import warnings

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from trustroom import DAY, NOW, POLICY, Realm, chain, der, issue, usage

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.model.signature import SubIndication, Trust
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.certificate import read_certificate
from gateway.stages.signature.certificates.path import run_pure
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate

SEALING = usage("content_commitment")


@pytest.fixture(scope="module")
def realm():
    return Realm()


def codes(judgement):
    return [finding.code for finding in judgement.findings]


def test_every_fault_is_named_and_the_gravest_speaks(realm):
    tls = issue(
        realm.issuing.identity,
        key_usage=usage("key_agreement"),
        not_after=NOW - 2 * DAY,
    )
    judgement = realm.judge(tls, material=realm.material(crls=()))
    assert {Code.CERTIFICATE_EXPIRED, Code.CERTIFICATE_USAGE, Code.REVOCATION_UNKNOWN} == set(
        codes(judgement)
    )
    assert SubIndication.CHAIN_CONSTRAINTS_FAILURE is judgement.sub_indication


def test_unreadable_material_is_named_and_trusts_nothing_more(realm):
    store = TrustStore(
        TrustMaterial(
            signer_anchors=(b"x",), tsa_anchors=(b"x",), intermediates=(b"x",), crls=(b"x",), ocsps=(b"x",)
        )
    )
    assert ["anchor 1", "TSA anchor 1", "intermediate 1", "CRL 1", "OCSP response 1"] == [
        f.place for f in store.findings
    ]
    assert not store.anchors(Purpose.SIGNER)


def test_a_negative_serial_number_is_refused_because_no_list_could_name_it(realm):
    serial = realm.seal.certificate.serial_number
    number = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    spoilt = der(realm.seal).replace(number, bytes([number[0] | 0x80]) + number[1:], 1)
    with pytest.raises(Rejected, match="certificate-malformed"):
        read_certificate(spoilt)


@pytest.mark.filterwarnings("error")
def test_a_name_longer_than_usual_is_read_whatever_the_process_thinks_of_warnings(realm):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        long = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "K" * 80, _validate=False)])
        identity = issue(realm.issuing.identity, subject=long, key_usage=SEALING)
    assert Trust.TRUSTED is realm.judge(identity).trust


def test_a_naive_moment_is_a_bug_of_ours_and_not_a_verdict(realm):
    with pytest.raises(ValueError, match="timezone-aware"):
        realm.judge(moment=NOW.replace(tzinfo=None))


def test_a_coroutine_that_waits_is_refused():
    class Waiting:
        def __await__(self):
            yield

    async def wait():
        await Waiting()

    with pytest.raises(RuntimeError, match="never waits"):
        run_pure(wait())


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=600))
def test_any_bytes_as_certificate_are_judged_and_never_trusted(data):
    realm = _shared()
    judgement = judge_certificate(
        data,
        store=realm[1],
        hints=[data],
        policy=POLICY,
        moment=NOW,
        purpose=Purpose.SIGNER,
        crls=[data],
        ocsps=[data],
    )
    assert Trust.UNTRUSTED is judgement.trust


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_any_changed_byte_of_a_certificate_loses_its_trust(data):
    realm, store = _shared()
    original = der(realm.seal)
    position = data.draw(st.integers(0, len(original) - 1))
    flip = data.draw(st.integers(1, 255))
    spoilt = original[:position] + bytes([original[position] ^ flip]) + original[position + 1 :]
    judgement = judge_certificate(
        spoilt, store=store, hints=chain(realm.seal), policy=POLICY, moment=NOW, purpose=Purpose.SIGNER
    )
    assert Trust.UNTRUSTED is judgement.trust


_SHARED = []


def _shared():
    if not _SHARED:
        realm = Realm()
        _SHARED.append((realm, TrustStore(realm.material())))
    return _SHARED[0]
