# SPDX-License-Identifier: EUPL-1.2
"""Lists that are complete for nobody: they revoke whom they name, and prove nothing about anybody else."""

from datetime import timedelta

import pytest
from cryptography import x509
from trustroom import DAY, NOW, Realm, as_authority, custom_crl, fresh_crl, issue, issuing_point, usage

from gateway.demo import pki
from gateway.model.signature import Revocation, SubIndication, Trust

ADDRESS = [x509.UniformResourceIdentifier("http://a.invalid/1.crl")]
COMPROMISE = x509.ReasonFlags.key_compromise
SEALING = usage("content_commitment")
REVOKED = (Revocation.REVOKED, SubIndication.REVOKED_NO_POE)


@pytest.fixture(scope="module")
def realm():
    return Realm()


def answer(judgement):
    return judgement.revocation, judgement.sub_indication


def naming(realm, *extensions, identity=None, reason=COMPROMISE, details=(), **changes):
    serial = (identity or realm.seal).certificate.serial_number
    entry = (serial, NOW - 2 * DAY, [(x509.CRLReason(reason), False), *details])
    listed = [(extension, True) for extension in extensions]
    return custom_crl(realm.issuing, entries=[entry], extensions=listed, **changes)


def beside_a_complete_list(realm, crl, **others):
    crls = (fresh_crl(realm.root), fresh_crl(realm.issuing), crl)
    return realm.judge(material=realm.material(crls=crls), **others)


@pytest.mark.parametrize(
    "extension",
    [
        issuing_point(only_some_reasons=frozenset([COMPROMISE])),
        issuing_point(indirect_crl=True),
        issuing_point(full_name=ADDRESS),
        issuing_point(only_contains_ca_certs=True),
        x509.DeltaCRLIndicator(4),
    ],
)
def test_who_is_named_in_a_list_of_special_scope_is_revoked(realm, extension):
    assert REVOKED == answer(beside_a_complete_list(realm, naming(realm, extension)))


def test_a_list_of_special_scope_does_not_prove_good_by_a_later_revocation(realm):
    delta = naming(realm, x509.DeltaCRLIndicator(4))
    alone = realm.judge(material=realm.material(crls=(fresh_crl(realm.root), delta)), existed=NOW - 3 * DAY)
    assert (Revocation.UNKNOWN, SubIndication.TRY_LATER) == answer(alone)
    assert Trust.TRUSTED is beside_a_complete_list(realm, delta, existed=NOW - 3 * DAY).trust


def test_a_list_of_changes_that_takes_an_entry_back_revokes_nobody(realm):
    back = naming(realm, x509.DeltaCRLIndicator(4), reason=x509.ReasonFlags.remove_from_crl)
    assert Trust.TRUSTED is beside_a_complete_list(realm, back).trust


def test_numbers_of_attribute_certificates_are_others(realm):
    attributes = naming(realm, issuing_point(only_contains_attribute_certs=True))
    assert Trust.TRUSTED is beside_a_complete_list(realm, attributes).trust


@pytest.mark.parametrize(("own", "expected"), [(True, Revocation.REVOKED), (False, Revocation.GOOD)])
def test_an_indirect_list_names_the_issuer_of_its_entries(realm, own, expected):
    other = pki.root("Andere Stelle").identity.certificate.subject
    name = realm.issuing.identity.certificate.subject if own else other
    issuer = (x509.CertificateIssuer([x509.DirectoryName(name)]), True)
    indirect = naming(realm, issuing_point(indirect_crl=True), details=[issuer])
    assert expected is beside_a_complete_list(realm, indirect).revocation


def test_an_entry_of_an_indirect_list_takes_the_issuer_of_the_one_before_it(realm):
    foreign = x509.CertificateIssuer([x509.DirectoryName(pki.root("Andere").identity.certificate.subject)])
    serial = realm.seal.certificate.serial_number
    entries = [(4711, NOW - 3 * DAY, [(foreign, True)]), (serial, NOW - 2 * DAY, [])]
    indirect = custom_crl(
        realm.issuing, entries=entries, extensions=[(issuing_point(indirect_crl=True), True)]
    )
    assert Revocation.GOOD is beside_a_complete_list(realm, indirect).revocation


def _pointing(realm, **changes):
    values = {"full_name": ADDRESS, "relative_name": None, "reasons": None, "crl_issuer": None}
    point = x509.DistributionPoint(**{**values, **changes})
    return issue(
        realm.issuing.identity,
        key_usage=SEALING,
        extensions=[(x509.CRLDistributionPoints([point]), False)],
    )


def _own(realm):
    return x509.DirectoryName(realm.issuing.identity.certificate.subject)


def test_a_partition_is_complete_only_for_points_that_name_no_reasons_and_no_other_issuer(realm):
    """RFC 5280 clause 6.3.3 (b) and (d)."""
    part = custom_crl(realm.issuing, extensions=[(issuing_point(full_name=ADDRESS), True)])
    material = realm.material(crls=(fresh_crl(realm.root), part))
    other = x509.DirectoryName(pki.root("Andere").identity.certificate.subject)
    for expected, changes in (
        (Revocation.GOOD, {}),
        (Revocation.GOOD, {"crl_issuer": [_own(realm)]}),
        (Revocation.UNKNOWN, {"reasons": frozenset([COMPROMISE])}),
        (Revocation.UNKNOWN, {"crl_issuer": [other]}),
    ):
        leaf = _pointing(realm, **changes)
        assert expected is realm.judge(leaf, material=material).revocation, changes


def test_the_whole_list_of_the_ca_counts_whatever_points_a_certificate_names(realm):
    """RFC 5280 clause 6.3.3, last paragraph: the issuer's own list without a scope covers everything it issued."""
    other = x509.DirectoryName(pki.root("Andere").identity.certificate.subject)
    assert Trust.TRUSTED is realm.judge(_pointing(realm, crl_issuer=[other])).trust


def test_a_list_made_after_the_end_of_the_cas_certificate_proves_nothing(realm):
    ca = as_authority(
        issue(
            realm.root.identity,
            name="CA kurz",
            ca=True,
            key_usage=usage("key_cert_sign", "crl_sign"),
            not_after=NOW - 10 * DAY,
        )
    )
    leaf = issue(ca.identity, key_usage=SEALING)
    old = custom_crl(realm.root, this_update=NOW - 15 * DAY, next_update=NOW - 8 * DAY)
    for expected, this_update in (
        (Revocation.UNKNOWN, NOW - DAY),
        (Revocation.UNKNOWN, NOW - 10 * DAY + timedelta(seconds=1)),
        (Revocation.GOOD, NOW - 10 * DAY),
    ):
        crls = (old, custom_crl(ca, this_update=this_update))
        judgement = realm.judge(leaf, material=realm.material(crls=crls), existed=NOW - 12 * DAY)
        assert expected is judgement.revocation
