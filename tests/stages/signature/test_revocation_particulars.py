# SPDX-License-Identifier: EUPL-1.2
"""Revocation lists with a peculiar word: what each still proves, and what is told of it."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from trustroom import (
    DAY,
    NOW,
    Realm,
    custom_crl,
    fresh_crl,
    issuing_point,
    usage,
)

from gateway.codes import Code
from gateway.demo import pki
from gateway.model.signature import Revocation, RevokedCertificate, Trust

SEALING = usage("content_commitment")


@pytest.fixture(scope="module")
def realm():
    return Realm()


def told(judgement):
    return [(f.code, f.place, f.expected, f.got) for f in judgement.findings]


def with_list(realm, crl, *more, **others):
    return realm.judge(material=realm.material(crls=(fresh_crl(realm.root), crl, *more)), **others)


def test_a_revocation_is_told_with_its_reason_its_day_and_its_source(realm):
    since = NOW - 2 * DAY
    reason = (x509.CRLReason(x509.ReasonFlags.superseded), False)
    entry = (realm.seal.certificate.serial_number, since, [reason])
    judgement = with_list(realm, custom_crl(realm.issuing, entries=[entry]))
    got = f"superseded since {since.isoformat()} (CRL)"
    assert [(Code.CERTIFICATE_REVOKED, judgement.chain[0].place, "not revoked", got)] == told(judgement)
    assert (
        RevokedCertificate(sha256=realm.seal.sha256, since=since, reason="superseded", source="CRL"),
    ) == judgement.revoked


STRANGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
RELATIVE = x509.RelativeDistinguishedName([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Teil")])
ADDRESS = [x509.UniformResourceIdentifier("http://a.invalid/1.crl")]
REASONS = frozenset([x509.ReasonFlags.key_compromise])


@pytest.mark.parametrize(
    ("extension", "words"),
    [
        (x509.DeltaCRLIndicator(1), "a delta CRL, which we do not combine"),
        (issuing_point(indirect_crl=True), "an indirect CRL"),
        (issuing_point(only_contains_attribute_certs=True), "a CRL of attribute certificates"),
        (issuing_point(only_some_reasons=REASONS), "a CRL for some reasons or relative names only"),
        (issuing_point(relative_name=RELATIVE), "a CRL for some reasons or relative names only"),
        (issuing_point(only_contains_ca_certs=True), "lists CA certificates only"),
        (issuing_point(full_name=ADDRESS), "belongs to another distribution point"),
        (STRANGE, "unknown critical extension 1.2.3.4"),
    ],
)
def test_why_a_list_proves_nothing_is_told(realm, extension, words):
    judgement = with_list(realm, custom_crl(realm.issuing, extensions=[(extension, True)]))
    place = judgement.chain[0].place
    assert [(Code.REVOCATION_UNKNOWN, place, "current revocation data", f"CRL: {words}")] == told(judgement)


def test_a_list_of_end_entities_says_nothing_of_a_ca(realm):
    part = custom_crl(realm.root, extensions=[(issuing_point(only_contains_user_certs=True), True)])
    judgement = realm.judge(material=realm.material(crls=(part, fresh_crl(realm.issuing))))
    assert [(judgement.chain[1].place, "CRL: lists end-entity certificates only")] == [
        (f.place, f.got) for f in judgement.findings
    ]
    whole = custom_crl(realm.root, extensions=[(issuing_point(only_contains_ca_certs=True), True)])
    assert Trust.TRUSTED is realm.judge(material=realm.material(crls=(whole, fresh_crl(realm.issuing)))).trust


def test_an_extension_that_is_not_critical_harms_no_list(realm):
    assert Trust.TRUSTED is with_list(realm, custom_crl(realm.issuing, extensions=[(STRANGE, False)])).trust


def test_an_entry_nobody_understands_leaves_its_own_certificate_revoked(realm):
    since = NOW - 2 * DAY
    entry = (realm.seal.certificate.serial_number, since, [(STRANGE, True)])
    judgement = with_list(realm, custom_crl(realm.issuing, entries=[entry]))
    assert Revocation.REVOKED is judgement.revocation
    other = with_list(realm, custom_crl(realm.issuing, entries=[(4711, since, [(STRANGE, True)])]))
    assert ["CRL: an entry has a critical extension we do not know"] == [f.got for f in other.findings]
    harmless = with_list(realm, custom_crl(realm.issuing, entries=[(4711, since, [(STRANGE, False)])]))
    assert Trust.TRUSTED is harmless.trust


@pytest.mark.parametrize("serial", [1, 127, 128, 255, 256, 2**64 - 1, 2**159 - 1])
def test_an_entry_is_found_whatever_the_length_of_its_number(realm, serial):
    ca = realm.issuing.identity
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Kammer")]))
        .issuer_name(ca.certificate.subject)
        .public_key(realm.seal.certificate.public_key())
        .serial_number(serial)
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2030, 1, 1, tzinfo=UTC))
        .add_extension(SEALING, critical=True)
    )
    certificate = builder.sign(ca.key, realm.seal.certificate.signature_hash_algorithm)
    numbered = pki.Identity(certificate=certificate, key=realm.seal.key, chain=realm.seal.chain)
    crl = custom_crl(realm.issuing, entries=[(serial, NOW - DAY, ())])
    assert Revocation.REVOKED is with_list(realm, crl, identity=numbered).revocation


def test_several_doubts_are_told_together_once_each(realm):
    delta = custom_crl(realm.issuing, extensions=[(x509.DeltaCRLIndicator(1), True)])
    forged = custom_crl(realm.issuing, key=realm.root.identity.key)
    judgement = with_list(realm, delta, delta, forged)
    assert ["CRL: a delta CRL, which we do not combine; CRL: not signed by the issuer's key"] == [
        f.got for f in judgement.findings
    ]


def test_an_outdated_list_is_told_rather_than_one_that_cannot_be_used(realm):
    end = NOW - DAY
    stale = realm.issuing.crl(NOW - 3 * DAY, next_update=end)
    forged = custom_crl(realm.issuing, key=realm.root.identity.key)
    judgement = with_list(realm, forged, stale)
    assert [(Code.REVOCATION_DATA_STALE, f"CRL: outdated since {end.isoformat()}")] == [
        (f.code, f.got) for f in judgement.findings
    ]
    future = NOW + DAY
    early = with_list(realm, realm.issuing.crl(future, next_update=NOW + 2 * DAY))
    assert [f"CRL: issued only at {future.isoformat()}"] == [f.got for f in early.findings]


def test_of_several_revocations_after_the_time_of_proof_the_earliest_is_told(realm):
    number = realm.seal.certificate.serial_number
    early, late = NOW - 3 * DAY, NOW - 2 * DAY
    crls = (
        custom_crl(realm.issuing, entries=[(number, late, ())], this_update=NOW - DAY - DAY / 2),
        custom_crl(realm.issuing, entries=[(number, early, ())], this_update=NOW - DAY),
    )
    for given in (crls, crls[::-1]):
        judgement = with_list(realm, *given, existed=NOW - 9 * DAY)
        assert Revocation.GOOD is judgement.revocation
        assert [f"revoked since {early.isoformat()} (CRL)"] == [f.got for f in judgement.findings]
