# SPDX-License-Identifier: EUPL-1.2
import socket
import threading
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from trustroom import (
    DAY,
    NOW,
    POLICY,
    Realm,
    as_authority,
    custom_crl,
    fresh_crl,
    issue,
    ocsp_response,
    responder,
    rules,
    usage,
)

from gateway.codes import Code
from gateway.demo import pki
from gateway.findings import Severity
from gateway.model.signature import Indication, Revocation, SubIndication, Trust

SEALING = usage("content_commitment")
GOOD, REVOKED, UNKNOWN = Revocation.GOOD, Revocation.REVOKED, Revocation.UNKNOWN


@pytest.fixture(scope="module")
def realm():
    return Realm()


def with_list(realm, crl, *more):
    """The seal judged with the root's good CRL and ``crl`` for the issuing CA."""
    return realm.judge(material=realm.material(crls=(fresh_crl(realm.root), crl, *more)))


def listed(realm, *details, moment=NOW - 2 * DAY, **others):
    """A CRL of the issuing CA that names the seal."""
    entry = (realm.seal.certificate.serial_number, moment, [(d, False) for d in details])
    return custom_crl(realm.issuing, entries=[entry], **others)


def test_no_data_at_all_is_unknown_and_neither_good_nor_revoked(realm):
    judgement = realm.judge(material=realm.material(crls=()))
    assert (Trust.UNKNOWN, UNKNOWN, Indication.INDETERMINATE, SubIndication.TRY_LATER) == (
        judgement.trust,
        judgement.revocation,
        judgement.indication,
        judgement.sub_indication,
    )
    # The seal and its CA are both open; the anchor is the operator's word.
    assert [(Code.REVOCATION_UNKNOWN, Severity.UNKNOWN)] * 2 == [
        (f.code, f.severity) for f in judgement.findings
    ]


def test_data_for_the_leaf_alone_leaves_the_ca_open(realm):
    judgement = realm.judge(material=realm.material(crls=(fresh_crl(realm.issuing),)))
    assert UNKNOWN is judgement.revocation
    assert [judgement.chain[1].place] == [f.place for f in judgement.findings]


def test_a_listed_certificate_is_revoked(realm):
    judgement = with_list(realm, listed(realm))
    assert (Trust.UNTRUSTED, REVOKED, SubIndication.REVOKED_NO_POE) == (
        judgement.trust,
        judgement.revocation,
        judgement.sub_indication,
    )
    assert [Code.CERTIFICATE_REVOKED] == [f.code for f in judgement.findings]


def test_a_revoked_ca_has_its_own_sub_indication():
    realm = Realm()
    realm.root.revoke(realm.issuing.identity, NOW - 2 * DAY)
    judgement = realm.judge()
    assert (REVOKED, SubIndication.REVOKED_CA_NO_POE) == (judgement.revocation, judgement.sub_indication)


def test_an_outdated_list_is_unknown_and_called_stale(realm):
    stale = realm.issuing.crl(NOW - 3 * DAY, next_update=NOW - DAY)
    judgement = with_list(realm, stale)
    assert UNKNOWN is judgement.revocation
    assert [Code.REVOCATION_DATA_STALE] == [f.code for f in judgement.findings]


def test_an_outdated_list_that_names_the_certificate_still_revokes(realm):
    stale = listed(realm, moment=NOW - 9 * DAY, this_update=NOW - 8 * DAY, next_update=NOW - 7 * DAY)
    assert REVOKED is with_list(realm, stale).revocation
    assert REVOKED is with_list(realm, fresh_crl(realm.issuing), stale).revocation


def test_a_list_from_the_future_proves_nothing(realm):
    future = realm.issuing.crl(NOW + DAY, next_update=NOW + 2 * DAY)
    assert UNKNOWN is with_list(realm, future).revocation
    skewed = realm.issuing.crl(NOW + timedelta(minutes=4), next_update=NOW + DAY)
    assert GOOD is with_list(realm, skewed).revocation


@pytest.mark.parametrize("offset", [timedelta(0), timedelta(microseconds=1)])
def test_next_update_binds_to_the_microsecond(realm, offset):
    crl = realm.issuing.crl(NOW - DAY, next_update=NOW)
    judgement = realm.judge(material=realm.material(crls=(fresh_crl(realm.root), crl)), moment=NOW + offset)
    assert (UNKNOWN if offset else GOOD) is judgement.revocation


def test_a_list_signed_by_another_key_of_the_same_name_proves_nothing(realm):
    forged = custom_crl(realm.issuing, key=realm.root.identity.key)
    judgement = with_list(realm, forged)
    assert UNKNOWN is judgement.revocation
    assert "not signed by the issuer's key" in judgement.findings[0].got


def test_a_forged_list_cannot_revoke(realm):
    forged = listed(realm, key=realm.root.identity.key)
    assert GOOD is with_list(realm, forged, fresh_crl(realm.issuing)).revocation


def test_a_ca_without_the_right_to_sign_lists_signs_none(realm):
    weak = as_authority(
        issue(realm.root.identity, name="Ohne CRL", ca=True, key_usage=usage("key_cert_sign"))
    )
    judgement = realm.judge(
        weak.seal("Kammer"), material=realm.material(crls=(*realm.crls(), fresh_crl(weak)))
    )
    assert "may not sign CRLs" in judgement.findings[0].got


def test_proof_of_existence_before_the_revocation_saves_the_signature(realm):
    material = realm.material(crls=(fresh_crl(realm.root), listed(realm)))
    assert GOOD is realm.judge(material=material, existed=NOW - 3 * DAY).revocation
    assert REVOKED is realm.judge(material=material, existed=NOW - DAY).revocation


def test_a_key_compromise_counts_from_the_day_it_began(realm):
    began = x509.InvalidityDate((NOW - 9 * DAY).replace(tzinfo=None))
    compromise = listed(realm, x509.CRLReason(x509.ReasonFlags.key_compromise), began)
    material = realm.material(crls=(fresh_crl(realm.root), compromise))
    assert REVOKED is realm.judge(material=material, existed=NOW - 3 * DAY).revocation
    retired = listed(realm, x509.CRLReason(x509.ReasonFlags.cessation_of_operation), began)
    material = realm.material(crls=(fresh_crl(realm.root), retired))
    assert GOOD is realm.judge(material=material, existed=NOW - 3 * DAY).revocation


def test_a_revocation_announced_for_later_counts_at_once_without_proof(realm):
    assert REVOKED is with_list(realm, listed(realm, moment=NOW + timedelta(hours=1))).revocation


def test_a_hold_can_be_lifted_by_a_newer_list_only(realm):
    hold = x509.CRLReason(x509.ReasonFlags.certificate_hold)
    held = listed(realm, hold, this_update=NOW - 2 * DAY)
    judgement = with_list(realm, held)
    assert (REVOKED, SubIndication.TRY_LATER) == (judgement.revocation, judgement.sub_indication)
    assert GOOD is with_list(realm, held, fresh_crl(realm.issuing)).revocation
    old_good = realm.issuing.crl(NOW - 3 * DAY, next_update=NOW + DAY)
    assert REVOKED is with_list(realm, held, old_good).revocation


def point(**changes):
    values = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**values, **changes})


@pytest.mark.parametrize(
    ("extension", "status"),
    [
        (x509.DeltaCRLIndicator(1), UNKNOWN),
        (point(indirect_crl=True), UNKNOWN),
        (point(only_contains_attribute_certs=True), UNKNOWN),
        (point(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise])), UNKNOWN),
        (point(only_contains_ca_certs=True), UNKNOWN),
        (point(only_contains_user_certs=True), GOOD),
        (point(full_name=[x509.UniformResourceIdentifier("http://a.invalid/1.crl")]), UNKNOWN),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), UNKNOWN),
    ],
)
def test_lists_of_special_scope_are_not_taken_for_complete_ones(realm, extension, status):
    judgement = with_list(realm, custom_crl(realm.issuing, extensions=[(extension, True)]))
    assert status is judgement.revocation
    if status is UNKNOWN:
        assert judgement.findings[0].got.startswith("CRL: ")


def test_a_partitioned_list_counts_for_certificates_that_name_it(realm):
    address = "http://a.invalid/1.crl"
    seal = realm.issuing.seal("Kammer", urls=[address])
    part = custom_crl(
        realm.issuing, extensions=[(point(full_name=[x509.UniformResourceIdentifier(address)]), True)]
    )
    material = realm.material(crls=(fresh_crl(realm.root), part))
    assert GOOD is realm.judge(seal, material=material).revocation
    assert UNKNOWN is realm.judge(material=material).revocation


def test_an_unknown_critical_entry_extension_spoils_the_whole_list(realm):
    strange = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)
    crl = custom_crl(realm.issuing, entries=[(4711, NOW - 2 * DAY, [strange])])
    assert UNKNOWN is with_list(realm, crl).revocation


@pytest.mark.parametrize(("keeps", "status"), [(False, UNKNOWN), (True, GOOD)])
def test_a_list_made_after_expiry_counts_only_where_the_ca_keeps_expired_certificates(realm, keeps, status):
    short = issue(realm.issuing.identity, key_usage=SEALING, not_after=NOW - 10 * DAY)
    value = b"\x18\x0f20250101000000Z"
    extensions = [(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.60"), value), False)]
    crl = custom_crl(realm.issuing, extensions=extensions if keeps else [])
    material = realm.material(crls=(fresh_crl(realm.root), crl))
    assert status is realm.judge(short, material=material, existed=NOW - 12 * DAY).revocation


def test_a_list_signed_with_an_algorithm_outside_the_table_proves_nothing(realm):
    rsa_only = replace(POLICY, algorithms=rules(("sha256", "digest", 0), ("rsa-pss", "signature", 2048)))
    judgement = realm.judge(policy=rsa_only)
    assert UNKNOWN is judgement.revocation
    assert any("signed with ecdsa" in f.got for f in judgement.findings)


def test_data_brought_by_the_signature_helps_and_is_checked_like_any_other(realm):
    bare = realm.material(crls=())
    assert GOOD is realm.judge(material=bare, crls=realm.crls()).revocation
    forged = custom_crl(realm.issuing, key=realm.root.identity.key)
    assert UNKNOWN is realm.judge(material=bare, crls=[fresh_crl(realm.root), forged]).revocation


def test_data_brought_by_the_signature_cannot_hide_a_revocation(realm):
    material = realm.material(crls=(fresh_crl(realm.root), listed(realm)))
    good = ocsp_response(realm.seal, realm.issuing.identity, this_update=NOW)
    assert REVOKED is realm.judge(material=material, ocsps=[good]).revocation


# -- OCSP --------------------------------------------------------------------------------------------


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


# -- nobody is asked ---------------------------------------------------------------------------------


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
    assert realm.judge() == realm.judge(moment=NOW.astimezone(timezone(timedelta(hours=14))))
