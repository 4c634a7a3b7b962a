# SPDX-License-Identifier: EUPL-1.2
"""What a file makes the gateway do again and again is done once, and what is kept of it does not grow with the file."""

from hashlib import sha256

import pytest
from asn1crypto import cms
from asn1crypto import ocsp as asn1_ocsp
from cadesroom import CONTENT, Room
from counterroom import counter_signer, countersigned_cms, respliced
from effort import calls_in
from trustroom import (
    DAY,
    NOW,
    POLICY,
    Realm,
    chain,
    changed_response,
    custom_crl,
    der,
    fresh_crl,
    ocsp_response,
    sign,
)

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.model.signature import Trust
from gateway.stages.signature.certificates import certificate as certificates
from gateway.stages.signature.certificates.brought import Brought
from gateway.stages.signature.certificates.certificate import contained, read_certificate, signed_by
from gateway.stages.signature.certificates.ocsp_reader import MAX_SINGLES, read_response
from gateway.stages.signature.certificates.store import MAX_BROUGHT_RESPONSES
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate


@pytest.fixture(scope="module")
def realm():
    return Realm()


@pytest.fixture(scope="module")
def room():
    return Room()


def judge(store, identity, **others):
    return judge_certificate(
        identity.certificate_der,
        store=store,
        hints=others.pop("hints", chain(identity)),
        policy=POLICY,
        moment=NOW,
        purpose=Purpose.SIGNER,
        **others,
    )


def answers(realm, count):
    """A response with this many SingleResponses."""

    def repeat(data):
        data["responses"] = asn1_ocsp.Responses(list(data["responses"]) * count)

    issuer = realm.issuing.identity
    return changed_response(ocsp_response(realm.seal, issuer), issuer, repeat)


# -- what time-stamps cover -------------------------------------------------------------------------


def test_what_is_kept_of_a_judgement_does_not_grow_with_what_a_stamp_covers(realm):
    store = TrustStore(realm.material())
    strangers = {sha256(number.to_bytes(4)).hexdigest(): NOW - DAY for number in range(20_000)}
    _, alone = calls_in(lambda: judge(store, realm.seal))
    judgement, among = calls_in(lambda: judge(store, realm.seal, covered=strangers))
    assert Trust.TRUSTED is judgement.trust
    assert among < 2 * alone + 1_000
    assert not any(one.objects for known in store._cases.values() for one in known)
    assert 1 == len(store._cases)


def test_whatever_the_signature_or_the_operator_brings_keeps_its_proof(realm):
    crl = custom_crl(realm.issuing, this_update=NOW - DAY)
    answer = ocsp_response(realm.seal, realm.issuing.identity)
    material = realm.material(intermediates=(der(realm.issuing.identity),), crls=(fresh_crl(realm.root),))
    store = TrustStore(material)
    mine = (realm.seal.certificate_der, *chain(realm.seal), crl, answer)
    own = (*material.signer_anchors, *material.tsa_anchors, *material.intermediates, *material.crls)
    covered = {sha256(one).hexdigest(): NOW - DAY for one in (*mine, *own)}
    judge(store, realm.seal, crls=[crl], ocsps=[answer], covered={**covered, "00" * 32: NOW - DAY})
    ((known,),) = store._cases.values()
    assert covered.keys() == known.objects.keys()


# -- links ------------------------------------------------------------------------------------------


def test_whether_an_issuer_signed_a_certificate_is_asked_once(realm):
    certificates._links.clear()
    leaf, issuer = read_certificate(realm.seal.certificate_der), read_certificate(der(realm.issuing.identity))
    for pair, expected in (((leaf, issuer), True), ((issuer, leaf), False)):
        first, at_first = calls_in(lambda pair=pair: signed_by(*pair))
        again, later = calls_in(lambda pair=pair: signed_by(*pair))
        assert (expected, expected) == (first, again)
        assert later < at_first
        assert later <= 4  # the lambda, the function, the look-up, and the end of the count


def test_links_of_others_are_other_questions_and_their_number_is_bounded(realm, monkeypatch):
    certificates._links.clear()
    monkeypatch.setattr(certificates, "MAX_LINKS", 2)
    leaf, issuer = read_certificate(realm.seal.certificate_der), read_certificate(der(realm.issuing.identity))
    root = read_certificate(der(realm.root.identity))
    for _ in range(2):
        links = [
            signed_by(leaf, issuer),
            signed_by(leaf, root),
            signed_by(issuer, root),
            signed_by(root, leaf),
        ]
        assert [True, False, True, False] == links
        assert len(certificates._links) <= 2


def test_want_of_memory_is_no_answer_to_remember(realm, monkeypatch):
    certificates._links.clear()
    leaf, issuer = read_certificate(realm.seal.certificate_der), read_certificate(der(realm.issuing.identity))

    def exhausted(*_, **__):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(certificates.ec, "ECDSA", exhausted)
        assert not signed_by(leaf, issuer)
    assert signed_by(leaf, issuer)


# -- counter-signatures -----------------------------------------------------------------------------


def test_counter_signatures_of_several_signers_are_not_judged(room):
    other = room.issuing.seal("Notarkammer")
    counters = [lambda value: counter_signer(other, value).dump()] * 8
    data = countersigned_cms(sign(room.seal, CONTENT), *counters, certificates=[other])
    (signer,) = (one.dump() for one in cms.ContentInfo.load(data)["content"]["signer_infos"])
    twice = respliced(data, signer, signer * 2)
    one, for_one = calls_in(lambda: room.check(data))
    two, for_two = calls_in(lambda: room.check(twice))
    assert (8, 0) == (len(one.counter_signatures), len(two.counter_signatures))
    assert any(f.code is Code.CMS_STRUCTURE and f.expected == "one SignerInfo" for f in two.findings)
    assert for_two < for_one


# -- OCSP responses ---------------------------------------------------------------------------------


def test_a_response_is_parsed_once_for_all_cases(realm):
    store = TrustStore(realm.material())
    brought = [answers(realm, 200), b"\x30\x00"]
    hints = chain(realm.seal)
    _, first = calls_in(lambda: judge(store, realm.seal, ocsps=brought))
    known, second = calls_in(lambda: judge(store, realm.seal, ocsps=brought, hints=[*hints, b"other"]))
    assert 2 == len(store._cases)
    assert Trust.TRUSTED is known.trust
    assert second * 3 < first


def test_as_many_responses_are_kept_as_a_signature_may_bring_and_unreadable_ones_too():
    read = []

    def reader(der):
        read.append(der)
        return read_response(der)

    brought = Brought(reader, limit=MAX_BROUGHT_RESPONSES)
    junk = [number.to_bytes(2) for number in range(MAX_BROUGHT_RESPONSES)]
    for _ in range(3):
        assert () == brought.readable(junk)
    assert junk == read
    brought.readable([b"one more"])
    brought.readable(junk[1:])
    assert [*junk, b"one more"] == read
    brought.readable(junk[:1])
    assert 1 == read.count(b"one more")
    assert 2 == read.count(junk[0])


def test_a_response_nobody_had_the_memory_for_is_read_again(realm):
    answer = ocsp_response(realm.seal, realm.issuing.identity)
    moods = [MemoryError]

    def reader(der):
        return contained(lambda: read(der), code=Code.REVOCATION_UNKNOWN, place="")

    def read(der):
        if moods:
            raise moods.pop()
        return read_response(der)

    brought = Brought(reader, limit=1)
    assert () == brought.readable([answer])
    (response,) = brought.readable([answer])
    assert (response,) == brought.readable([answer])


def test_a_response_with_more_answers_than_any_real_one_is_refused(realm):
    assert MAX_SINGLES == len(read_response(answers(realm, MAX_SINGLES)).singles)
    with pytest.raises(Rejected) as refusal:
        read_response(answers(realm, MAX_SINGLES + 1))
    assert ["1001 answers exceed 1000"] == [f.got for f in refusal.value.findings]
