# SPDX-License-Identifier: EUPL-1.2
"""Counter-signatures in CMS: SignerInfos over the value of another, judged by the same steps, and over nothing else."""

from hashlib import sha256

import pytest
from asn1crypto import cms
from cadesroom import CONTENT, PASSED, PLACE, Room, verdict, wrong
from counterroom import counter_signer, countersigned_cms, with_attribute, with_counters
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from trustroom import DAY, NOW, sign, stamp

from gateway.codes import Code
from gateway.demo import pki
from gateway.model.signature import Indication, Integrity, Revocation, SubIndication, Trust
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.countersigned import MAX_COUNTER_SIGNATURES, MAX_DEPTH


@pytest.fixture(scope="module")
def room():
    return Room()


@pytest.fixture(scope="module")
def other(room):
    return room.issuing.seal("Notarkammer")


def of(identity, **how):
    """Makes a counter-signature of ``identity``."""
    return lambda value: counter_signer(identity, value, **how).dump()


def checked(room, *makers, certificates=(), **how):
    """The judgement on a signature of the room's seal with counter-signatures."""
    return room.check(countersigned_cms(sign(room.seal, CONTENT), *makers, certificates=certificates), **how)


def value_of(signer):
    return cms.SignerInfo.load(signer)["signature"].native


def only(report):
    (counter,) = report.counter_signatures
    return counter


# -- what is right ----------------------------------------------------------------------------------


def test_a_counter_signature_is_judged_to_its_end(room, other):
    report = checked(room, of(other), certificates=[other])
    counter = only(report)
    assert PASSED == verdict(counter) == verdict(report)
    assert ("1", PLACE, "CAdES", "B-B", Trust.TRUSTED, Revocation.GOOD, other.sha256, (), ()) == (
        counter.id,
        counter.place,
        counter.form,
        counter.level,
        counter.trust,
        counter.revocation,
        counter.signer.sha256,
        counter.covers,
        counter.findings,
    )
    assert room.seal.sha256 == report.signer.sha256


def test_one_of_the_signer_himself_passes_too(room):
    assert PASSED == verdict(only(checked(room, of(room.seal))))


def test_a_time_stamp_on_it_proves_its_time_and_not_that_of_the_signature_below(room, other):
    def stamped(value):
        signer = counter_signer(other, value)
        token = stamp(room.unit, sha256(signer["signature"].native).digest(), NOW - DAY)
        return with_attribute(signer.dump(), _STAMP, token)

    report = checked(room, stamped, certificates=[other])
    assert ("B-T", NOW - DAY, 1) == (
        only(report).level,
        only(report).best_signature_time,
        len(only(report).stamps),
    )
    assert ("B-B", None, ()) == (report.level, report.best_signature_time, report.stamps)


def test_they_may_stand_one_above_the_other(room, other):
    def two(value):
        first = of(other)(value)
        return with_counters(first, of(room.seal)(value_of(first)))

    report = checked(room, two, of(room.seal), certificates=[other])
    first, second = report.counter_signatures
    (above,) = first.counter_signatures
    assert ["1", "2", "1.1"] == [first.id, second.id, above.id]
    assert [PASSED] * 4 == [verdict(r) for r in (report, first, second, above)]


# -- what is wrong: it is told, and the countersigned signature is none the worse ------------------------------------


def refused(report):
    assert PASSED == verdict(report)
    return only(report)


def test_one_of_a_stranger_is_open(room):
    stranger = pki.root("Unbekannte Wurzel").seal("Unbekannte Kammer")
    counter = refused(checked(room, of(stranger), certificates=[stranger]))
    expected = (
        Indication.INDETERMINATE,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        Integrity.INTACT,
    )
    assert expected == verdict(counter)
    assert Trust.UNTRUSTED is counter.trust


def test_one_whose_certificate_is_not_there_is_open(room, other):
    counter = refused(checked(room, of(other)))
    assert SubIndication.NO_SIGNING_CERTIFICATE_FOUND is counter.sub_indication
    assert [Code.SIGNER_BINDING] == wrong(counter)


def test_one_of_a_revoked_signer_is_revoked(room):
    issuing = room.root.subordinate("Widerrufende Stelle")
    revoked = issuing.seal("Kammer Widerruf")
    issuing.revoke(revoked, NOW - 2 * DAY)
    crls = (*room.crls(), issuing.crl(NOW - DAY, next_update=NOW + DAY))
    store = TrustStore(room.stamp_material(crls=crls))
    counter = refused(checked(room, of(revoked), certificates=[revoked], store=store))
    assert Revocation.REVOKED is counter.revocation


def test_one_over_another_value_is_a_hash_failure(room, other):
    counter = refused(checked(room, lambda _: of(other)(b"another value"), certificates=[other]))
    assert (Indication.TOTAL_FAILED, SubIndication.HASH_FAILURE, Integrity.BROKEN) == verdict(counter)


def test_one_made_for_another_signature_of_the_same_signer_is_a_hash_failure(room, other):
    foreign = sign(room.seal, b"another content")["content"]["signer_infos"][0]["signature"].native
    counter = refused(checked(room, lambda _: of(other)(foreign), certificates=[other]))
    assert SubIndication.HASH_FAILURE is counter.sub_indication


def test_one_with_another_value_is_broken(room, other):
    def forged(value):
        signer = counter_signer(other, value)
        signer["signature"] = other.key.sign(b"something else", ec.ECDSA(hashes.SHA256()))
        return signer.dump(force=True)

    counter = refused(checked(room, forged, certificates=[other]))
    assert (Indication.TOTAL_FAILED, SubIndication.SIG_CRYPTO_FAILURE, Integrity.BROKEN) == verdict(counter)


def test_a_content_type_makes_it_a_signature_over_content(room, other):
    """RFC 5652 clause 11.4: it must not have one, or the SignerInfo could be taken for a signer of a content."""
    counter = refused(checked(room, of(other, keep=lambda _: True), certificates=[other]))
    assert SubIndication.FORMAT_FAILURE is counter.sub_indication
    assert [Code.CMS_STRUCTURE] == wrong(counter)


@pytest.mark.parametrize("missing", ["message_digest", "signing_time"])
def test_attributes_it_needs(room, other, missing):
    maker = of(other, keep=lambda kind: kind not in {"content_type", missing})
    counter = refused(checked(room, maker, certificates=[other]))
    assert Indication.TOTAL_PASSED is not counter.indication
    assert (missing == "message_digest") == (counter.integrity is Integrity.BROKEN)


def test_without_signed_attributes_nothing_binds_the_signer(room, other):
    def bare(value):
        signer = counter_signer(other, value)
        signer["signed_attrs"] = None
        signer["signature"] = other.key.sign(value, ec.ECDSA(hashes.SHA256()))
        return signer.dump(force=True)

    counter = refused(checked(room, bare, certificates=[other]))
    assert {Code.CMS_STRUCTURE, Code.SIGNER_BINDING} <= set(wrong(counter))


def test_a_counter_signature_is_no_second_signer_of_the_content(room, other):
    info = sign(room.seal, CONTENT)
    value = info["content"]["signer_infos"][0]["signature"].native
    info["content"]["signer_infos"].append(counter_signer(other, value))
    report = room.check(info.dump(force=True))
    assert Indication.TOTAL_PASSED is not report.indication
    assert Code.CMS_STRUCTURE in wrong(report)


def test_a_weak_algorithm_is_told_of_the_counter_signature_alone(room):
    small = room.issuing.seal("Kammer", key=ec.generate_private_key(ec.SECP192R1()))
    counter = refused(checked(room, of(small), certificates=[small]))
    assert Code.SIGNATURE_ALGORITHM in wrong(counter)


# -- bounds --------------------------------------------------------------------------------------------


def test_as_many_as_the_bound_are_judged(room):
    report = checked(room, *[of(room.seal)] * MAX_COUNTER_SIGNATURES)
    assert [PASSED] * MAX_COUNTER_SIGNATURES == [verdict(c) for c in report.counter_signatures]


def test_more_than_the_bound_are_not_looked_at(room):
    counter = refused(checked(room, *[of(room.seal)] * (MAX_COUNTER_SIGNATURES + 1)))
    assert (Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, Integrity.UNCHECKED) == verdict(
        counter
    )
    assert [Code.SIGNATURE_COUNTERSIGNED] == wrong(counter)


def test_those_above_others_count_too(room):
    def wide(value):
        first = of(room.seal)(value)
        return with_counters(first, *[of(room.seal)(value_of(first))] * MAX_COUNTER_SIGNATURES)

    assert [Code.SIGNATURE_COUNTERSIGNED] == wrong(only(checked(room, wide)))


def tower(room, height):
    """Counter-signatures one above the other, without regard to whether each is over the value below."""
    one = of(room.seal)(b"one of them")
    signer = one
    for _ in range(height - 1):
        signer = with_counters(one, signer)
    return lambda _: signer


@pytest.mark.parametrize("height", [MAX_DEPTH + 1, 40, 1000])
def test_towers_end_at_the_bound(room, height):
    report = checked(room, tower(room, height))
    assert PASSED == verdict(report)
    seen = report
    for _ in range(MAX_DEPTH):
        seen = only(seen)
    assert [Code.SIGNATURE_COUNTERSIGNED] == wrong(only(seen))


@pytest.fixture(scope="module")
def whole(room, other):
    """A file, and the one counter-signature in it."""
    data = countersigned_cms(sign(room.seal, CONTENT), of(other), certificates=[other])
    signer = cms.ContentInfo.load(data)["content"]["signer_infos"][0]
    return data, signer["unsigned_attrs"][0]["values"][0].dump()


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 2**16), bits=st.integers(1, 255))
def test_whatever_is_changed_of_what_was_signed_it_passes_no_more(room, whole, place, bits):
    data, counter = whole
    parts = cms.SignerInfo.load(counter)
    signed = parts["signed_attrs"].dump() if place % 2 else parts["signature"].dump()
    changed = bytearray(signed)
    changed[place % len(signed)] ^= bits
    report = room.check(data.replace(signed, bytes(changed)))
    assert all(c.indication is not Indication.TOTAL_PASSED for c in report.counter_signatures)
    assert PASSED != verdict(report) or report.counter_signatures


_STAMP = bytes.fromhex("060b2a864886f70d010910020e")
