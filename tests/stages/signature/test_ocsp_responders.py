# SPDX-License-Identifier: EUPL-1.2
"""Who may answer for a CA, with which algorithms, and what is told where nobody may."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from trustroom import (
    DER,
    POLICY,
    Realm,
    fresh_crl,
    issue,
    ocsp_response,
    responder,
    rules,
    usage,
)

from gateway.model.signature import Revocation

GOOD, REVOKED, UNKNOWN = Revocation.GOOD, Revocation.REVOKED, Revocation.UNKNOWN


@pytest.fixture(scope="module")
def realm():
    return Realm()


def judged(realm, *responses, crls=(), **others):
    material = realm.material(crls=(fresh_crl(realm.root), *crls), ocsps=responses)
    return realm.judge(material=material, **others)


ANSWERING = [
    (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.OCSP_SIGNING]), False),
    (x509.OCSPNoCheck(), False),
]


def test_a_response_signed_with_an_algorithm_outside_the_table_proves_nothing(realm):
    weak = replace(POLICY, algorithms=rules(("sha384", "digest", 0), ("ecdsa", "signature", 250)))
    response = ocsp_response(realm.seal, realm.issuing.identity)
    assert "OCSP: signed with sha256" in [f.got for f in judged(realm, response, policy=weak).findings]


def test_a_response_signed_with_too_short_a_key_proves_nothing(realm):
    short = replace(
        POLICY,
        algorithms=rules(("sha256", "digest", 0), ("ecdsa", "signature", 384), ("secp384r1", "curve", 0)),
    )
    response = ocsp_response(realm.seal, realm.issuing.identity)
    assert "OCSP: signed with ecdsa (256 bits)" in [
        f.got for f in judged(realm, response, policy=short).findings
    ]


def test_a_responder_whose_own_certificate_is_signed_weakly_answers_for_nobody(realm):
    strong = issue(
        realm.issuing.identity,
        name="OCSP",
        key=ec.generate_private_key(ec.SECP384R1()),
        key_usage=usage("digital_signature"),
        extensions=ANSWERING,
    )
    response = ocsp_response(realm.seal, realm.issuing.identity, signer=strong)
    assert GOOD is judged(realm, response).revocation
    long_keys = replace(
        POLICY,
        algorithms=rules(("sha256", "digest", 0), ("ecdsa", "signature", 384), ("secp384r1", "curve", 0)),
    )
    assert "OCSP: signed with ecdsa (256 bits)" in [
        f.got for f in judged(realm, response, policy=long_keys).findings
    ]


@pytest.mark.parametrize(("names", "status"), [(["content_commitment"], GOOD), (["key_agreement"], UNKNOWN)])
def test_a_responder_needs_a_key_that_may_sign(realm, names, status):
    odd = issue(
        realm.issuing.identity,
        name="OCSP",
        key_usage=usage(*names),
        extensions=ANSWERING,
    )
    judgement = judged(realm, ocsp_response(realm.seal, realm.issuing.identity, signer=odd))
    assert status is judgement.revocation
    if status is UNKNOWN:
        assert "OCSP: responder certificate may not sign" == judgement.findings[0].got


def test_a_responder_that_is_open_itself_is_named_as_such(realm):
    signer = responder(realm.issuing, no_check=False)
    judgement = judged(realm, ocsp_response(realm.seal, realm.issuing.identity, signer=signer))
    assert ["OCSP: responder certificate is unknown"] == [f.got for f in judgement.findings]


def test_a_response_that_is_not_successful_says_nothing(realm):
    refusal = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    data = refusal.public_bytes(DER)
    judgement = judged(realm, data)
    assert ["no CRL and no OCSP response of its issuer"] == [f.got for f in judgement.findings]


def test_bytes_behind_a_response_make_it_unreadable(realm):
    response = ocsp_response(realm.seal, realm.issuing.identity)
    assert Revocation.GOOD is judged(realm, response).revocation
    assert Revocation.UNKNOWN is judged(realm, response + b"\x00").revocation
