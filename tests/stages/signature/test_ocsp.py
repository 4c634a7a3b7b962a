# SPDX-License-Identifier: EUPL-1.2
"""Revocation by OCSP responses: who may answer, for how long, and that nobody is ever asked over a network."""

import socket
import threading
from datetime import timedelta, timezone

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from trustroom import DAY, NOW, Realm, as_authority, fresh_crl, issue, ocsp_response, responder, usage

from gateway.codes import Code
from gateway.demo import pki
from gateway.model.signature import Revocation, Trust

SEALING = usage("content_commitment")
GOOD, REVOKED, UNKNOWN = Revocation.GOOD, Revocation.REVOKED, Revocation.UNKNOWN


@pytest.fixture(scope="module")
def realm():
    return Realm()


def by_ocsp(realm, response, *crls):
    crls = (fresh_crl(realm.root), *crls)
    return realm.judge(material=realm.material(crls=crls, ocsps=(response,)))


def test_a_response_of_the_ca_itself_is_good_without_any_aia(realm):
    response = ocsp_response(realm.seal, realm.issuing.identity)
    assert GOOD is by_ocsp(realm, response).revocation


def test_a_response_of_a_delegated_responder_is_good(realm):
    response = ocsp_response(realm.seal, realm.issuing.identity, signer=responder(realm.issuing))
    assert GOOD is by_ocsp(realm, response).revocation


def test_a_revoked_response_revokes(realm):
    response = ocsp_response(
        realm.seal,
        realm.issuing.identity,
        status=ocsp.OCSPCertStatus.REVOKED,
        revoked_at=NOW - 2 * DAY,
        reason=x509.ReasonFlags.key_compromise,
    )
    judgement = by_ocsp(realm, response, fresh_crl(realm.issuing))
    assert REVOKED is judgement.revocation
    assert "OCSP" in judgement.findings[0].got


def test_unknown_of_a_responder_is_unknown(realm):
    response = ocsp_response(realm.seal, realm.issuing.identity, status=ocsp.OCSPCertStatus.UNKNOWN)
    judgement = by_ocsp(realm, response)
    assert UNKNOWN is judgement.revocation
    assert "does not know" in judgement.findings[0].got


def test_an_outdated_response_is_stale(realm):
    response = ocsp_response(
        realm.seal, realm.issuing.identity, this_update=NOW - 3 * DAY, next_update=NOW - DAY
    )
    assert [Code.REVOCATION_DATA_STALE] == [f.code for f in by_ocsp(realm, response).findings]


@pytest.mark.parametrize(("age", "status"), [(6, GOOD), (8, UNKNOWN)])
def test_a_response_without_next_update_ages_by_policy(realm, age, status):
    response = ocsp_response(
        realm.seal, realm.issuing.identity, this_update=NOW - age * DAY, next_update=None
    )
    assert status is by_ocsp(realm, response).revocation


def test_a_responder_of_another_ca_is_refused(realm):
    foreign = responder(pki.root("Fremd"))
    judgement = by_ocsp(realm, ocsp_response(realm.seal, realm.issuing.identity, signer=foreign))
    assert UNKNOWN is judgement.revocation
    assert "another CA" in judgement.findings[0].got


def test_a_responder_of_the_ca_above_is_refused(realm):
    above = responder(realm.root)
    assert (
        UNKNOWN is by_ocsp(realm, ocsp_response(realm.seal, realm.issuing.identity, signer=above)).revocation
    )


def test_a_certificate_without_the_ocsp_usage_answers_for_nobody(realm):
    plain = responder(realm.issuing, eku=False)
    judgement = by_ocsp(realm, ocsp_response(realm.seal, realm.issuing.identity, signer=plain))
    assert "not meant for OCSP signing" in judgement.findings[0].got


def test_a_responder_without_nocheck_is_checked_by_crl(realm):
    signer = responder(realm.issuing, no_check=False)
    response = ocsp_response(realm.seal, realm.issuing.identity, signer=signer)
    assert UNKNOWN is by_ocsp(realm, response).revocation
    # CRL without the seal's own issuer being asked: the seal stays judged by OCSP, the responder by CRL.
    assert GOOD is by_ocsp(realm, response, fresh_crl(realm.issuing)).revocation


def test_a_revoked_responder_is_not_believed():
    realm = Realm()
    signer = responder(realm.issuing, no_check=False)
    seal_revoked = ocsp_response(
        realm.seal,
        realm.issuing.identity,
        signer=signer,
        status=ocsp.OCSPCertStatus.REVOKED,
        revoked_at=NOW - 2 * DAY,
    )
    realm.issuing.revoke(signer, NOW - 3 * DAY)
    assert GOOD is by_ocsp(realm, seal_revoked, fresh_crl(realm.issuing)).revocation


def test_a_response_about_another_certificate_says_nothing(realm):
    other = ocsp_response(realm.issuing.seal("Andere"), realm.issuing.identity)
    judgement = by_ocsp(realm, other)
    assert "no CRL and no OCSP response" in judgement.findings[0].got


def test_a_changed_response_proves_nothing(realm):
    response = bytearray(ocsp_response(realm.seal, realm.issuing.identity))
    position = bytes(response).index(b"\x80\x00")  # CertStatus good
    response[position : position + 2] = b"\x82\x00"  # unknown
    assert UNKNOWN is by_ocsp(realm, bytes(response)).revocation


def test_no_address_in_a_certificate_is_ever_contacted(realm):
    """AIA, OCSP, CDP, freshest CRL, policies, names: a listening socket sees no connection."""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.3)
        url = x509.UniformResourceIdentifier(f"http://127.0.0.1:{canary.getsockname()[1]}/canary")
        spot = x509.DistributionPoint([url], relative_name=None, reasons=None, crl_issuer=None)
        method = x509.AuthorityInformationAccessOID
        notice = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4"), [url.value])
        lures = [
            x509.CRLDistributionPoints([spot]),
            x509.FreshestCRL([spot]),
            x509.AuthorityInformationAccess(
                [x509.AccessDescription(m, url) for m in (method.OCSP, method.CA_ISSUERS)]
            ),
            x509.CertificatePolicies([notice]),
            x509.SubjectAlternativeName([url]),
            x509.SubjectInformationAccess(
                [x509.AccessDescription(x509.ObjectIdentifier("1.3.6.1.5.5.7.48.5"), url)]
            ),
        ]
        extensions = [(lure, False) for lure in lures]
        ca = as_authority(
            issue(
                realm.root.identity,
                name="Köder-CA",
                ca=True,
                key_usage=usage("key_cert_sign", "crl_sign"),
                extensions=extensions,
            )
        )
        leaf = issue(ca.identity, key_usage=SEALING, extensions=extensions)
        contacts = []
        listener = threading.Thread(target=_listen, args=(canary, contacts))
        listener.start()
        open_question = realm.judge(leaf, hints=[])
        without_data = realm.judge(leaf)
        with_data = realm.judge(leaf, material=realm.material(crls=(*realm.crls(), fresh_crl(ca))))
        listener.join()
    assert (Trust.UNTRUSTED, Trust.UNKNOWN, Trust.TRUSTED) == (
        open_question.trust,
        without_data.trust,
        with_data.trust,
    )
    assert [] == contacts


def _listen(canary, contacts):
    try:
        contacts.append(canary.accept()[1])
    except TimeoutError:
        return


def test_summer_time_and_offsets_do_not_change_a_judgement(realm):
    material = realm.material()
    there = NOW.astimezone(timezone(timedelta(hours=14)))
    assert realm.judge(material=material) == realm.judge(material=material, moment=there)
