# SPDX-License-Identifier: EUPL-1.2
"""OCSP responses that contradict themselves, each other or what is known of their responder."""

from datetime import timedelta
from hashlib import sha256

import pytest
from asn1crypto import core
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.x509 import ocsp
from trustroom import (
    DAY,
    NOW,
    Realm,
    changed_response,
    custom_crl,
    fresh_crl,
    issue,
    ocsp_response,
    responder,
    usage,
)

from gateway.model.signature import Revocation, SubIndication, Trust

COMPROMISE = x509.ReasonFlags.key_compromise


@pytest.fixture(scope="module")
def realm():
    return Realm()


def judged(realm, response, *crls, **others):
    material = realm.material(crls=(fresh_crl(realm.root), *crls), ocsps=(response,))
    return realm.judge(material=material, **others)


def revoked(realm, reason=COMPROMISE, **changes):
    return ocsp_response(
        realm.seal,
        realm.issuing.identity,
        status=ocsp.OCSPCertStatus.REVOKED,
        revoked_at=NOW - 2 * DAY,
        reason=reason,
        **changes,
    )


def began(moment):
    value = core.ParsableOctetString(core.GeneralizedTime(moment).dump())

    def change(data):
        data["responses"][0]["single_extensions"] = asn1_ocsp.SingleResponseExtensions(
            [{"extn_id": "invalidity_date", "critical": True, "extn_value": value}]
        )

    return change


def test_a_compromise_told_by_ocsp_counts_from_the_day_it_began(realm):
    issuer = realm.issuing.identity
    response = changed_response(revoked(realm), issuer, began(NOW - 9 * DAY))
    between = judged(realm, response, existed=NOW - 3 * DAY)
    assert (Revocation.REVOKED, SubIndication.REVOKED_NO_POE) == (between.revocation, between.sub_indication)
    retired = revoked(realm, x509.ReasonFlags.cessation_of_operation)
    response = changed_response(retired, issuer, began(NOW - 9 * DAY))
    assert Revocation.GOOD is judged(realm, response, existed=NOW - 3 * DAY).revocation


@pytest.mark.parametrize("order", [1, -1])
def test_every_answer_about_the_certificate_is_read(realm, order):
    issuer = realm.issuing.identity
    other = asn1_ocsp.OCSPResponse.load(revoked(realm))["response_bytes"]["response"].parsed
    answer = other["tbs_response_data"]["responses"][0]

    def both(data):
        data["responses"] = asn1_ocsp.Responses([data["responses"][0], answer][::order])

    response = changed_response(ocsp_response(realm.seal, issuer), issuer, both)
    assert Revocation.REVOKED is judged(realm, response).revocation


@pytest.mark.parametrize(
    ("produced", "expected"),
    [
        (NOW + timedelta(minutes=4), Revocation.GOOD),
        (NOW + timedelta(minutes=6), Revocation.UNKNOWN),
        (NOW - DAY - timedelta(minutes=4), Revocation.GOOD),
        (NOW - DAY - timedelta(minutes=6), Revocation.UNKNOWN),
    ],
)
def test_a_response_signed_in_the_future_or_before_what_it_tells_proves_nothing(realm, produced, expected):
    issuer = realm.issuing.identity
    response = changed_response(
        ocsp_response(realm.seal, issuer), issuer, lambda data: data.__setitem__("produced_at", produced)
    )
    assert expected is judged(realm, response).revocation


def test_a_response_that_ends_before_it_begins_proves_nothing(realm):
    issuer = realm.issuing.identity

    def absurd(data):
        data["responses"][0]["next_update"] = NOW - 2 * DAY

    response = changed_response(ocsp_response(realm.seal, issuer), issuer, absurd)
    existed = NOW - 3 * DAY
    roots = custom_crl(realm.root, this_update=NOW - 4 * DAY)
    material = realm.material(crls=(roots,), ocsps=(response,))
    assert Revocation.UNKNOWN is realm.judge(material=material, existed=existed).revocation


def test_a_responder_with_a_critical_extension_nobody_knows_answers_for_nobody(realm):
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    usages = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.OCSP_SIGNING])
    signer = issue(
        realm.issuing.identity,
        name="OCSP",
        key_usage=usage("digital_signature"),
        extensions=[(usages, True), (x509.OCSPNoCheck(), False), (strange, True)],
    )
    response = ocsp_response(realm.seal, realm.issuing.identity, signer=signer)
    judgement = judged(realm, response)
    assert Revocation.UNKNOWN is judgement.revocation
    assert "unknown critical extension" in judgement.findings[0].got


@pytest.mark.parametrize("no_check", [True, False])
def test_a_responder_known_to_be_revoked_is_not_believed_whoever_need_not_ask(no_check):
    """The proof of the signature is older than the revocation; nothing proves that the response is."""
    realm = Realm()
    signer = responder(realm.issuing, no_check=no_check)
    response = ocsp_response(realm.seal, realm.issuing.identity, signer=signer, this_update=NOW - 4 * DAY)
    entry = (signer.certificate.serial_number, NOW - 3 * DAY, [(x509.CRLReason(COMPROMISE), False)])
    changes = custom_crl(realm.issuing, entries=[entry], extensions=[(x509.DeltaCRLIndicator(4), True)])
    roots = custom_crl(realm.root, this_update=NOW - 5 * DAY)
    material = realm.material(crls=(roots, changes), ocsps=(response,))
    judgement = realm.judge(material=material, existed=NOW - 4 * DAY)
    assert Trust.UNKNOWN is judgement.trust
    assert "responder certificate is revoked" in judgement.findings[0].got
    covered = {sha256(response).hexdigest(): NOW - 4 * DAY}
    if no_check:
        assert Trust.TRUSTED is realm.judge(material=material, existed=NOW - 4 * DAY, covered=covered).trust
