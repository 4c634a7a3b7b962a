# SPDX-License-Identifier: EUPL-1.2
"""Revocation by lists: three answers, never two; what a list has to be to prove anything."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from trustroom import (
    DAY,
    NOW,
    POLICY,
    Realm,
    as_authority,
    custom_crl,
    fresh_crl,
    issue,
    issuing_point,
    ocsp_response,
    rules,
    usage,
)

from gateway.codes import Code
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


@pytest.mark.parametrize(
    ("extension", "status"),
    [
        (x509.DeltaCRLIndicator(1), UNKNOWN),
        (issuing_point(indirect_crl=True), UNKNOWN),
        (issuing_point(only_contains_attribute_certs=True), UNKNOWN),
        (issuing_point(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise])), UNKNOWN),
        (issuing_point(only_contains_ca_certs=True), UNKNOWN),
        (issuing_point(only_contains_user_certs=True), GOOD),
        (issuing_point(full_name=[x509.UniformResourceIdentifier("http://a.invalid/1.crl")]), UNKNOWN),
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
        realm.issuing, extensions=[(issuing_point(full_name=[x509.UniformResourceIdentifier(address)]), True)]
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
