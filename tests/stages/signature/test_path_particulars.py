# SPDX-License-Identifier: EUPL-1.2
"""Paths with a peculiar link, lists with a peculiar word: what is decided, and what the sender reads of it."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from trustroom import (
    DAY,
    NOW,
    Realm,
    as_authority,
    der,
    fresh_crl,
    issue,
    usage,
)

from gateway.codes import Code
from gateway.demo import pki
from gateway.model.signature import Trust
from gateway.stages.signature.certificates.instants import Instant, Span

SEALING = usage("content_commitment")
ISSUING = usage("key_cert_sign", "crl_sign")


@pytest.fixture(scope="module")
def realm():
    return Realm()


def told(judgement):
    return [(f.code, f.place, f.expected, f.got) for f in judgement.findings]


def test_a_root_that_renewed_its_key_under_its_old_name_leads_to_the_old_anchor(realm):
    """RFC 4210 clause 4.4: the new key signed by the old one; two certificates of one name in one path, and no loop."""
    old, new = pki.root("Wurzel"), pki.root("Wurzel")
    bridge = issue(
        old.identity,
        subject=old.identity.certificate.subject,
        key=new.identity.key,
        ca=True,
        key_usage=ISSUING,
    )
    leaf = new.seal("Kammer")
    material = realm.material(signer_anchors=(der(old.identity),), crls=(fresh_crl(old), fresh_crl(new)))
    judgement = realm.judge(leaf, hints=[der(bridge)], material=material)
    assert [leaf.sha256, bridge.sha256, old.identity.sha256] == [c.sha256 for c in judgement.chain]
    assert Trust.TRUSTED is judgement.trust


@pytest.mark.parametrize(
    ("ca", "key_usage"), [(True, usage("digital_signature")), (True, usage("crl_sign")), (False, ISSUING)]
)
def test_an_anchor_that_may_issue_nothing_issues_nothing(realm, ca, key_usage):
    anchor = issue(realm.root.identity, name="Kein Aussteller", ca=ca, key_usage=key_usage)
    leaf = issue(anchor, key_usage=SEALING)
    judgement = realm.judge(leaf, material=realm.material(signer_anchors=(der(anchor),)))
    assert (
        Code.CERTIFICATE_PATH,
        judgement.chain[1].place,
        "a CA",
        "the anchor is not a certification authority",
    ) in told(judgement)
    assert Trust.UNTRUSTED is judgement.trust


def test_an_anchor_without_any_key_usage_may_issue(realm):
    anchor = issue(realm.root.identity, name="Alte Wurzel", ca=True)
    leaf = issue(anchor, key_usage=SEALING)
    material = realm.material(signer_anchors=(der(anchor),), crls=(fresh_crl(as_authority(anchor)),))
    assert Trust.TRUSTED is realm.judge(leaf, material=material).trust


@pytest.mark.parametrize(
    ("excluded", "country", "trust"),
    [
        (False, "DE", Trust.TRUSTED),
        (False, "FR", Trust.UNTRUSTED),
        (True, "DE", Trust.UNTRUSTED),
        (True, "FR", Trust.TRUSTED),
    ],
)
def test_name_constraints_of_an_anchor_bind_as_well(realm, excluded, country, trust):
    names = [x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE")]))]
    constraints = x509.NameConstraints(
        permitted_subtrees=None if excluded else names, excluded_subtrees=names if excluded else None
    )
    anchor = issue(
        realm.root.identity, name="Begrenzt", ca=True, key_usage=ISSUING, extensions=[(constraints, True)]
    )
    subject = [(x509.NameOID.COUNTRY_NAME, country), (x509.NameOID.COMMON_NAME, "Kammer")]
    leaf = issue(anchor, subject=x509.Name([x509.NameAttribute(o, v) for o, v in subject]), key_usage=SEALING)
    material = realm.material(signer_anchors=(der(anchor),), crls=(fresh_crl(as_authority(anchor)),))
    assert trust is realm.judge(leaf, material=material).trust


def test_the_longest_path_that_an_anchor_allows_binds(realm):
    anchor = issue(realm.root.identity, name="Kurz", ca=True, path_length=0, key_usage=ISSUING)
    below = issue(anchor, name="Darunter", ca=True, key_usage=ISSUING)
    leaf = issue(below, key_usage=SEALING)
    crls = (fresh_crl(as_authority(anchor)), fresh_crl(as_authority(below)))
    judgement = realm.judge(leaf, material=realm.material(signer_anchors=(der(anchor),), crls=crls))
    assert [
        (
            Code.CERTIFICATE_PATH,
            judgement.chain[0].place,
            "a path valid after RFC 5280",
            "a path that breaks one of its rules",
        )
    ] == told(judgement)


def test_of_two_ways_up_the_one_with_fewer_faults_is_told(realm):
    """A revoked bridge and an open one: the sender is told of the way that can still be mended."""
    foreign = pki.root("Fremde Wurzel")
    bridges = [
        issue(
            realm.root.identity,
            subject=foreign.identity.certificate.subject,
            key=foreign.identity.key,
            ca=True,
            key_usage=ISSUING,
            not_after=end,
        )
        for end in (NOW - DAY, NOW + DAY)
    ]
    leaf = foreign.seal("Kammer")
    for hints in (bridges, bridges[::-1]):
        judgement = realm.judge(leaf, hints=[der(b) for b in hints])
        assert (Trust.UNKNOWN, {Code.REVOCATION_UNKNOWN}) == (
            judgement.trust,
            {f.code for f in judgement.findings},
        )
        assert bridges[1].sha256 == judgement.chain[1].sha256


@pytest.mark.parametrize(("hour", "minute"), [(0, 0), (12, 30), (23, 59)])
def test_a_day_is_compared_as_a_whole(hour, minute):
    moment = Instant(value=datetime(2026, 6, 1, hour, minute, 5, 7, tzinfo=UTC))
    assert moment.value == moment.day()
    day = datetime(2026, 6, 1, tzinfo=UTC)
    assert Span(start=day, end=day + DAY) == moment.span
