# SPDX-License-Identifier: EUPL-1.2
"""From a seal to an anchor the operator named: which paths there are, and what the certificates on them forbid."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from trustroom import Realm, as_authority, chain, der, fresh_crl, issue, usage

from gateway.codes import Code
from gateway.demo import pki
from gateway.model.signature import Indication, Revocation, SubIndication, Trust
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.path import MAX_CHAIN

SEALING = usage("content_commitment")
ISSUING = usage("key_cert_sign", "crl_sign")


@pytest.fixture(scope="module")
def realm():
    return Realm()


def serial(identity: pki.Identity) -> str:
    return f"{identity.certificate.serial_number:x}"


def codes(judgement):
    return [finding.code for finding in judgement.findings]


def test_a_seal_below_a_named_anchor_with_current_crls_is_trusted(realm):
    judgement = realm.judge()
    assert (Trust.TRUSTED, Revocation.GOOD, Indication.TOTAL_PASSED, None, ()) == (
        judgement.trust,
        judgement.revocation,
        judgement.indication,
        judgement.sub_indication,
        judgement.findings,
    )
    assert [realm.seal.sha256, realm.issuing.identity.sha256, realm.root.identity.sha256] == [
        c.sha256 for c in judgement.chain
    ]


def test_an_empty_anchor_set_accepts_nothing(realm):
    judgement = realm.judge(material=TrustMaterial(crls=realm.crls()))
    assert Trust.UNTRUSTED is judgement.trust
    assert [Code.NO_ANCHORS] == codes(judgement)
    assert [judgement.chain[0].place] == [f.place for f in judgement.findings]
    assert SubIndication.NO_CERTIFICATE_CHAIN_FOUND is judgement.sub_indication


def test_the_anchors_of_the_operating_system_are_never_asked(realm, monkeypatch, tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(realm.root.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    judgement = realm.judge(material=TrustMaterial(signer_anchors=(der(pki.root("Andere").identity),)))
    assert [Code.CERTIFICATE_UNTRUSTED] == codes(judgement)


def test_a_finding_tells_a_renewed_certificate_from_the_one_before(realm):
    renewed = realm.issuing.seal("IHK Prüfstadt")
    assert realm.seal.certificate.subject == renewed.certificate.subject
    late = datetime(2036, 1, 1, tzinfo=UTC)
    places = [
        {f.place for f in realm.judge(seal, moment=late).findings if f.code is Code.CERTIFICATE_EXPIRED}
        for seal in (realm.seal, renewed)
    ]
    own, others = places[0] - places[1], places[0] & places[1]

    assert {f"CN=IHK Prüfstadt Siegel,O=IHK Prüfstadt,C=DE, serial number {serial(realm.seal)}"} == own
    assert {
        f"CN=Ausstellende Stelle,O=Ausstellende Stelle,C=DE, serial number {serial(realm.issuing.identity)}",
        f"CN=Wurzel,O=Wurzel,C=DE, serial number {serial(realm.root.identity)}",
    } == others


def test_the_serial_number_is_told_beside_a_subject_of_any_length(realm):
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60)] * 9)
    long = issue(realm.issuing.identity, subject=name)
    judgement = realm.judge(long, material=TrustMaterial())

    assert judgement.findings[0].place.endswith(f"x, serial number {serial(long)}")
    assert f"serial number {serial(long)}" == replace(judgement.chain[0], subject="").place


def test_anchors_for_time_stamps_do_not_vouch_for_signers(realm):
    material = TrustMaterial(tsa_anchors=(der(realm.root.identity),), crls=realm.crls())
    assert [Code.NO_ANCHORS] == codes(realm.judge(material=material))


def test_an_anchor_that_only_shares_the_name_is_no_anchor(realm):
    twin = pki.root("Wurzel")
    judgement = realm.judge(material=realm.material(signer_anchors=(der(twin.identity),)))
    assert [Code.CERTIFICATE_UNTRUSTED] == codes(judgement)


def test_intermediates_of_the_operator_complete_a_chain(realm):
    material = realm.material(intermediates=(der(realm.issuing.identity),))
    assert Trust.TRUSTED is realm.judge(material=material, hints=[]).trust
    assert Trust.UNTRUSTED is realm.judge(hints=[]).trust


def test_an_issuing_ca_may_be_the_anchor_itself(realm):
    judgement = realm.judge(material=realm.material(signer_anchors=(der(realm.issuing.identity),)))
    assert Trust.TRUSTED is judgement.trust
    assert 2 == len(judgement.chain)


def test_a_certificate_named_as_anchor_is_trusted_only_for_its_usage(realm):
    assert Trust.TRUSTED is realm.judge(material=realm.material(signer_anchors=(der(realm.seal),))).trust
    tls = realm.issuing.tls_client("Kammer")
    judgement = realm.judge(tls, material=realm.material(signer_anchors=(der(tls),)))
    assert [Code.CERTIFICATE_USAGE] == codes(judgement)


def test_a_certificate_that_is_no_ca_issues_nothing(realm):
    below = issue(realm.seal, key_usage=SEALING)
    judgement = realm.judge(below)
    assert Code.CERTIFICATE_PATH in codes(judgement)
    assert Trust.UNTRUSTED is judgement.trust


def test_an_end_entity_named_as_anchor_issues_nothing(realm):
    judgement = realm.judge(
        issue(realm.seal, key_usage=SEALING), material=realm.material(signer_anchors=(der(realm.seal),))
    )
    assert Code.CERTIFICATE_PATH in codes(judgement)


def test_a_path_longer_than_a_ca_allows_is_refused(realm):
    # pki's subordinate has pathLenConstraint 0
    deeper = as_authority(issue(realm.issuing.identity, name="Zu tief", ca=True, key_usage=ISSUING))
    leaf = deeper.seal("Kammer")
    judgement = realm.judge(leaf, material=realm.material(crls=(*realm.crls(), fresh_crl(deeper))))
    assert ([Code.CERTIFICATE_PATH], SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE) == (
        codes(judgement),
        judgement.sub_indication,
    )


@pytest.mark.parametrize(("country", "trust"), [("DE", Trust.TRUSTED), ("FR", Trust.UNTRUSTED)])
def test_name_constraints_of_a_ca_bind(realm, country, trust):
    allowed = x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE")]))
    constraints = x509.NameConstraints(permitted_subtrees=[allowed], excluded_subtrees=None)
    limited = as_authority(
        issue(
            realm.root.identity, name="Begrenzt", ca=True, key_usage=ISSUING, extensions=[(constraints, True)]
        )
    )
    names = [(x509.NameOID.COUNTRY_NAME, country), (x509.NameOID.COMMON_NAME, "Kammer")]
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    leaf = issue(limited.identity, subject=subject, key_usage=SEALING)
    assert trust is realm.judge(leaf, material=realm.material(crls=(*realm.crls(), fresh_crl(limited)))).trust


def test_an_unknown_critical_extension_is_refused(realm):
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    leaf = issue(realm.issuing.identity, key_usage=SEALING, extensions=[(strange, True)])
    assert [Code.CERTIFICATE_PATH] == codes(realm.judge(leaf))


def test_cross_certificates_in_a_loop_end(realm):
    first, second = pki.root("Eins"), pki.root("Zwei")
    loop = [
        issue(
            a.identity, subject=b.identity.certificate.subject, key=b.identity.key, ca=True, key_usage=ISSUING
        )
        for a, b in ((first, second), (second, first))
    ]
    leaf = first.seal("Kammer")
    judgement = realm.judge(leaf, hints=[*chain(leaf), *(der(c) for c in loop)])
    assert [Code.CERTIFICATE_UNTRUSTED] == codes(judgement)


def test_a_cross_certificate_leads_to_the_anchor_that_is_known(realm):
    foreign = pki.root("Fremde Wurzel")
    bridge = issue(
        realm.root.identity,
        subject=foreign.identity.certificate.subject,
        key=foreign.identity.key,
        ca=True,
        key_usage=ISSUING,
    )
    leaf = foreign.seal("Kammer")
    material = realm.material(crls=(*realm.crls(), fresh_crl(foreign)))
    assert Trust.TRUSTED is realm.judge(leaf, hints=[*chain(leaf), der(bridge)], material=material).trust


def test_the_search_for_a_path_is_bounded_in_depth(realm):
    authority = realm.root
    for number in range(MAX_CHAIN):
        authority = as_authority(
            issue(authority.identity, name=f"Stufe {number}", ca=True, key_usage=ISSUING)
        )
    assert [Code.CERTIFICATE_UNTRUSTED] == codes(realm.judge(authority.seal("Kammer")))
