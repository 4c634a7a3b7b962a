# SPDX-License-Identifier: EUPL-1.2
"""What else stands in OCSP responses: extensions, reasons, dates, names, algorithms. Each can spoil a good answer."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from asn1crypto import algos, core
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.x509 import ocsp
from trustroom import (
    DAY,
    NOW,
    Realm,
    asn1,
    changed_response,
    der,
    fresh_crl,
    issue,
    ocsp_response,
    usage,
)

from gateway.model.signature import Revocation, RevokedCertificate, SubIndication

SECOND = timedelta(seconds=1)
CERT_HASH = "1.3.36.8.3.13"
GOOD, REVOKED, UNKNOWN = Revocation.GOOD, Revocation.REVOKED, Revocation.UNKNOWN


@pytest.fixture(scope="module")
def realm():
    return Realm()


def judged(realm, *responses, crls=(), **others):
    material = realm.material(crls=(fresh_crl(realm.root), *crls), ocsps=responses)
    return realm.judge(material=material, **others)


def told(judgement):
    return [(f.place, f.expected, f.got) for f in judgement.findings]


def said_by_ca(realm, change, **details) -> bytes:
    ca = realm.issuing.identity
    return changed_response(ocsp_response(realm.seal, ca, **details), ca, change)


def of_single(oid: str, value: bytes, *, critical: bool = False):
    def change(tbs):
        extension = {"extn_id": oid, "critical": critical, "extn_value": value}
        tbs["responses"][0]["single_extensions"] = asn1_ocsp.SingleResponseExtensions([extension])

    return change


def of_response(oid: str, value: bytes, *, critical: bool = False):
    def change(tbs):
        extension = {"extn_id": oid, "critical": critical, "extn_value": value}
        tbs["response_extensions"] = asn1_ocsp.ResponseDataExtensions([extension])

    return change


def certificate_hash(data: bytes, name: str = "sha256") -> bytes:
    digest = sha256(data).digest()
    return algos.DigestInfo({"digest_algorithm": {"algorithm": name}, "digest": digest}).dump()


@pytest.mark.parametrize("where", [of_single, of_response])
def test_an_extension_nobody_knows_spoils_an_answer_only_where_it_is_critical(realm, where):
    harmless = said_by_ca(realm, where("1.2.3.4", b"\x05\x00"))
    critical = said_by_ca(realm, where("1.2.3.4", b"\x05\x00", critical=True))

    assert GOOD is judged(realm, harmless).revocation
    judgement = judged(realm, critical)
    assert UNKNOWN is judgement.revocation
    assert [
        (realm.judge().chain[0].place, "current revocation data", "OCSP: unknown critical extension 1.2.3.4")
    ] == told(judgement)


@pytest.mark.parametrize("oid", ["1.3.6.1.5.5.7.48.1.2", "1.3.6.1.5.5.7.48.1.9"])
def test_a_nonce_and_an_extended_revocation_may_be_critical(realm, oid):
    value = core.OctetString(b"12345678").dump() if oid.endswith(".2") else b"\x05\x00"
    assert GOOD is judged(realm, said_by_ca(realm, of_response(oid, value, critical=True))).revocation


@pytest.mark.parametrize("critical", [True, False])
def test_a_certificate_hash_has_to_be_that_of_the_certificate(realm, critical):
    own = of_single(CERT_HASH, certificate_hash(der(realm.seal)), critical=critical)
    others = of_single(CERT_HASH, certificate_hash(der(realm.issuing.identity)), critical=critical)

    assert GOOD is judged(realm, said_by_ca(realm, own)).revocation
    assert ["OCSP: certHash names another certificate"] == [
        f.got for f in judged(realm, said_by_ca(realm, others)).findings
    ]


def test_a_certificate_hash_by_an_unknown_algorithm_is_no_proof(realm):
    odd = of_single(CERT_HASH, certificate_hash(der(realm.seal), "md5"))
    assert ["OCSP: certHash names another certificate"] == [
        f.got for f in judged(realm, said_by_ca(realm, odd)).findings
    ]


def test_a_certificate_hash_nobody_can_read_makes_the_response_unreadable(realm):
    assert UNKNOWN is judged(realm, said_by_ca(realm, of_single(CERT_HASH, b"\x05\x00"))).revocation


FIRST, LAST = NOW - 3 * DAY, NOW - DAY
ANSWERING = [
    (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.OCSP_SIGNING]), False),
    (x509.OCSPNoCheck(), False),
]


@pytest.mark.parametrize(
    ("made", "status"),
    [(FIRST - SECOND, UNKNOWN), (FIRST, GOOD), (LAST, GOOD), (LAST + SECOND, UNKNOWN)],
)
def test_a_response_is_made_while_its_signers_certificate_is_valid(realm, made, status):
    signer = issue(
        realm.issuing.identity,
        name="OCSP",
        key_usage=usage("digital_signature"),
        extensions=ANSWERING,
        not_before=FIRST,
        not_after=LAST,
    )
    known = ocsp_response(realm.seal, realm.issuing.identity, signer=signer, this_update=FIRST - DAY)

    def change(data):
        data["produced_at"] = made

    judgement = judged(realm, changed_response(known, signer, change))
    assert status is judgement.revocation
    if status is UNKNOWN:
        assert (
            "OCSP: produced outside the validity of the responder's certificate" == judgement.findings[0].got
        )


def test_a_responder_named_by_its_name_is_found_and_another_name_is_not(realm):
    def named(identity):
        def change(tbs):
            subject = asn1(identity.certificate).subject
            tbs["responder_id"] = asn1_ocsp.ResponderId(name="by_name", value=subject)

        return change

    assert GOOD is judged(realm, said_by_ca(realm, named(realm.issuing.identity))).revocation
    assert ["OCSP: not signed by the issuer or a responder it authorised"] == [
        f.got for f in judged(realm, said_by_ca(realm, named(realm.root.identity))).findings
    ]


def test_a_revocation_is_told_with_reason_day_and_source(realm):
    since = NOW - 2 * DAY
    response = ocsp_response(
        realm.seal,
        realm.issuing.identity,
        status=ocsp.OCSPCertStatus.REVOKED,
        revoked_at=since,
        reason=x509.ReasonFlags.cessation_of_operation,
    )
    judgement = judged(realm, response)

    place = judgement.chain[0].place
    assert [(place, "not revoked", f"cessationOfOperation since {since.isoformat()} (OCSP)")] == told(
        judgement
    )
    assert (
        RevokedCertificate(
            sha256=realm.seal.sha256, since=since, reason="cessationOfOperation", source="OCSP"
        ),
    ) == judgement.revoked


def test_a_revocation_without_a_reason_is_one_as_well(realm):
    since = NOW - 2 * DAY
    response = ocsp_response(
        realm.seal, realm.issuing.identity, status=ocsp.OCSPCertStatus.REVOKED, revoked_at=since
    )
    assert [f"revoked since {since.isoformat()} (OCSP)"] == [f.got for f in judged(realm, response).findings]


def test_a_hold_told_by_a_responder_can_be_lifted(realm):
    held = ocsp_response(
        realm.seal,
        realm.issuing.identity,
        status=ocsp.OCSPCertStatus.REVOKED,
        revoked_at=NOW - 3 * DAY,
        reason=x509.ReasonFlags.certificate_hold,
        this_update=NOW - 2 * DAY,
    )
    judgement = judged(realm, held)
    assert (REVOKED, SubIndication.TRY_LATER) == (judgement.revocation, judgement.sub_indication)
    assert GOOD is judged(realm, held, crls=[fresh_crl(realm.issuing)]).revocation


def test_an_answer_about_another_certificate_does_not_hide_the_one_that_follows(realm):
    other = ocsp_response(realm.issuing.seal("Andere"), realm.issuing.identity)
    own = ocsp_response(realm.seal, realm.issuing.identity)
    assert GOOD is judged(realm, other, own).revocation


def test_several_answers_in_one_response_are_told_apart(realm):
    other = realm.issuing.seal("Andere")
    revoked = ocsp_response(
        other, realm.issuing.identity, status=ocsp.OCSPCertStatus.REVOKED, revoked_at=NOW - DAY
    )
    basic = asn1_ocsp.OCSPResponse.load(revoked)["response_bytes"]["response"].parsed
    first = basic["tbs_response_data"]["responses"][0]

    def both(tbs):
        tbs["responses"] = asn1_ocsp.Responses([first, tbs["responses"][0]])

    response = said_by_ca(realm, both)
    assert GOOD is judged(realm, response).revocation
    assert REVOKED is judged(realm, response, identity=other).revocation


@pytest.mark.parametrize("field", ["issuer_name_hash", "issuer_key_hash", "serial_number"])
def test_an_answer_that_names_the_certificate_in_part_only_is_about_another(realm, field):
    def change(tbs):
        identity = tbs["responses"][0]["cert_id"]
        identity[field] = 4711 if field == "serial_number" else b"\x00" * 32

    judgement = judged(realm, said_by_ca(realm, change))
    place = judgement.chain[0].place
    assert [(place, "revocation data", "no CRL and no OCSP response of its issuer")] == told(judgement)


def test_an_archive_cutoff_lets_a_responder_speak_of_expired_certificates(realm):
    short = issue(realm.issuing.identity, key_usage=usage("content_commitment"), not_after=NOW - 10 * DAY)
    plain = ocsp_response(short, realm.issuing.identity)
    cutoff, late = core.GeneralizedTime(datetime(2025, 1, 1, tzinfo=UTC)), core.GeneralizedTime(NOW - 9 * DAY)
    archive = "1.3.6.1.5.5.7.48.1.6"
    ca = realm.issuing.identity
    proven = {"identity": short, "existed": NOW - 12 * DAY}

    hidden = judged(realm, plain, **proven)
    assert ["OCSP: issued after the certificate expired, which may hide it"] == [
        f.got for f in hidden.findings
    ]
    assert GOOD is judged(realm, changed_response(plain, ca, of_single(archive, cutoff)), **proven).revocation
    assert (
        UNKNOWN is judged(realm, changed_response(plain, ca, of_single(archive, late)), **proven).revocation
    )
