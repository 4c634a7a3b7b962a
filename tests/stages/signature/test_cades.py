# SPDX-License-Identifier: EUPL-1.2
from dataclasses import replace
from hashlib import sha256

import pytest
from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cadesroom import CONTENT, PASSED, Room, verdict, without, wrong
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from trustroom import (
    DAY,
    NOW,
    POLICY,
    asn1,
    issue,
    resign,
    rsa_key,
    rules,
    sign,
    usage,
    with_unsigned,
)

from gateway.codes import Code
from gateway.model.signature import Indication, Integrity, Revocation, SubIndication, Trust
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.cades import cades_digest_algorithms
from gateway.stages.signature.cms.der import elements


@pytest.fixture(scope="module")
def room():
    return Room()


def test_a_detached_signature_of_a_trusted_seal_passes(room):
    report = room.check(sign(room.seal, CONTENT))
    assert PASSED == verdict(report)
    assert ("B-B", "CAdES", Trust.TRUSTED, Revocation.GOOD, room.seal.sha256, NOW - DAY, ()) == (
        report.level,
        report.form,
        report.trust,
        report.revocation,
        report.signer.sha256,
        report.claimed_signing_time,
        report.findings,
    )


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_all_digests_of_the_table_are_asked_for_by_name(room, digest):
    info = sign(room.seal, CONTENT, digest=digest)
    assert frozenset([digest]) == cades_digest_algorithms(info.dump())
    assert PASSED == verdict(room.check(info))


@pytest.mark.parametrize("pss", [False, True])
def test_rsa_signatures_of_both_paddings_pass(room, pss):
    seal = room.issuing.seal("Kammer", key=rsa_key(1))
    assert PASSED == verdict(room.check(sign(seal, CONTENT, pss=pss)))


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.BrainpoolP256R1()), ec.generate_private_key(ec.SECP384R1())],
    ids=["brainpool", "P-384"],
)
def test_other_curves_pass(room, key):
    assert PASSED == verdict(room.check(sign(room.issuing.seal("Kammer", key=key), CONTENT)))


def test_ed25519_passes(room):
    seal = room.issuing.seal("Kammer", key=ed25519.Ed25519PrivateKey.generate())
    assert PASSED == verdict(room.check(sign(seal, CONTENT, digest="sha512")))


def test_other_content_is_a_hash_failure(room):
    report = room.check(sign(room.seal, CONTENT), content=b"anders")
    assert (Indication.TOTAL_FAILED, SubIndication.HASH_FAILURE, Integrity.BROKEN) == verdict(report)
    assert [Code.SIGNATURE_DIGEST_MISMATCH] == wrong(report)


def test_the_value_is_checked_also_without_any_trust(room):
    nobody = TrustStore(TrustMaterial())
    intact = room.check(sign(room.seal, CONTENT), store=nobody)
    assert (Indication.INDETERMINATE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND, Integrity.INTACT) == verdict(
        intact
    )
    info = sign(room.seal, CONTENT)
    other = sign(room.issuing.seal("Kammer"), CONTENT)
    info["content"]["signer_infos"][0]["signature"] = other["content"]["signer_infos"][0]["signature"]
    broken = room.check(info.dump(force=True), store=nobody)
    assert (Indication.TOTAL_FAILED, SubIndication.SIG_CRYPTO_FAILURE, Integrity.BROKEN) == verdict(broken)
    assert {Code.SIGNATURE_VALUE_INVALID, Code.NO_ANCHORS} == set(wrong(broken))


def test_attached_content_is_refused_but_called_intact(room):
    report = room.check(sign(room.seal, CONTENT, detached=False))
    assert (Indication.TOTAL_FAILED, SubIndication.FORMAT_FAILURE, Integrity.INTACT) == verdict(report)
    assert [Code.CMS_STRUCTURE] == wrong(report)


def test_attached_content_never_stands_in_for_the_file(room):
    report = room.check(sign(room.seal, CONTENT, detached=False), content=b"anders")
    assert Integrity.BROKEN is report.integrity


def test_two_signers_in_one_file_are_refused(room):
    info = sign(room.seal, CONTENT)
    signers = info["content"]["signer_infos"]
    info["content"]["signer_infos"] = cms.SignerInfos([signers[0], signers[0]])
    assert [Code.CMS_STRUCTURE] == wrong(room.check(info.dump(force=True)))


def test_a_bad_second_signer_is_not_hidden_by_a_good_first_one(room):
    info, other = sign(room.seal, CONTENT), sign(room.issuing.seal("Kammer"), b"anderes")
    body, more = info["content"], other["content"]
    body["signer_infos"] = cms.SignerInfos([body["signer_infos"][0], more["signer_infos"][0]])
    body["certificates"] = cms.CertificateSet([*body["certificates"], *more["certificates"]])
    report = room.check(info.dump(force=True))
    assert Integrity.BROKEN is report.integrity
    assert {Code.CMS_STRUCTURE, Code.SIGNATURE_DIGEST_MISMATCH} == set(wrong(report))


def named(attributes, *names):
    return [a for a in attributes if a["type"].native in names]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (without("message_digest"), Code.CMS_STRUCTURE),
        (without("content_type"), Code.CMS_STRUCTURE),
        (without("signing_time"), Code.SIGNATURE_PROPERTIES),
        (without("signing_certificate_v2"), Code.SIGNER_BINDING),
        (lambda a: [*a, *named(a, "message_digest")], Code.CMS_STRUCTURE),
        (lambda a: [*a, *named(a, "content_type")], Code.CMS_STRUCTURE),
        (
            lambda a: [
                *without("content_type")(a),
                cms.CMSAttribute({"type": "content_type", "values": ["signed_data"]}),
            ],
            Code.CMS_STRUCTURE,
        ),
    ],
)
def test_signed_attributes_have_to_be_complete_and_single(room, change, code):
    report = room.check(resign(sign(room.seal, CONTENT), room.seal, change))
    assert code in wrong(report)
    assert Indication.TOTAL_PASSED is not report.indication


def ess(certificate, **changes):
    """A signing-certificate-v2 attribute."""
    value = {
        "hash_algorithm": {"algorithm": "sha256"},
        "cert_hash": sha256(certificate.dump()).digest(),
        **changes,
    }
    return cms.CMSAttribute(
        {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [value]})]}
    )


def test_a_binding_to_another_certificate_is_refused(room):
    other = asn1(room.issuing.seal("Andere").certificate)
    info = resign(
        sign(room.seal, CONTENT), room.seal, lambda a: [*without("signing_certificate_v2")(a), ess(other)]
    )
    assert [Code.SIGNER_BINDING] == wrong(room.check(info))


def test_an_issuer_serial_of_another_certificate_is_refused(room):
    own = asn1(room.seal.certificate)
    names = [asn1_x509.GeneralName("directory_name", own.issuer)]
    serial = {"issuer": names, "serial_number": own.serial_number + 1}
    info = resign(
        sign(room.seal, CONTENT),
        room.seal,
        lambda a: [*without("signing_certificate_v2")(a), ess(own, issuer_serial=serial)],
    )
    assert [Code.SIGNER_BINDING] == wrong(room.check(info))


def test_a_second_certificate_with_the_same_key_cannot_take_the_signers_place(room):
    """RFC 5035: same issuer name and key, other rights; only the bound one may verify."""
    twin = issue(
        room.issuing.identity,
        name="Zwilling",
        key=room.seal.key,
        key_usage=usage("content_commitment"),
    )
    info = sign(room.seal, CONTENT)
    signer = info["content"]["signer_infos"][0]
    certificate = asn1(twin.certificate)
    signer["sid"] = cms.SignerIdentifier(
        name="issuer_and_serial_number",
        value=cms.IssuerAndSerialNumber(
            {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
        ),
    )
    info["content"]["certificates"] = cms.CertificateSet(
        [*info["content"]["certificates"], cms.CertificateChoices("certificate", certificate)]
    )
    report = room.check(info.dump(force=True))
    assert Code.SIGNER_BINDING in wrong(report)
    assert Indication.TOTAL_PASSED is not report.indication


def test_a_signature_without_its_certificate_has_no_signer(room):
    info = sign(room.seal, CONTENT)
    info["content"]["certificates"] = cms.CertificateSet([])
    report = room.check(info.dump(force=True))
    assert (
        Indication.INDETERMINATE,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        Integrity.UNCHECKED,
    ) == verdict(report)
    assert None is report.signer


def test_algorithms_outside_the_signature_must_agree_with_those_inside(room):
    other = cms.CMSAttribute(
        {
            "type": "cms_algorithm_protection",
            "values": [
                cms.CMSAlgorithmProtection(
                    {
                        "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha512"}),
                        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha512_ecdsa"}),
                    }
                )
            ],
        }
    )
    info = resign(
        sign(room.seal, CONTENT), room.seal, lambda a: [*without("cms_algorithm_protection")(a), other]
    )
    assert [Code.CMS_STRUCTURE] == wrong(room.check(info))


def test_an_algorithm_without_a_row_is_refused(room):
    policy = replace(POLICY, algorithms=rules(("sha512", "digest", 0), ("ecdsa", "signature", 250)))
    report = room.check(sign(room.seal, CONTENT), policy=policy)
    assert SubIndication.CRYPTO_CONSTRAINTS_FAILURE is report.sub_indication
    assert Code.SIGNATURE_ALGORITHM in wrong(report)


def test_a_key_below_the_tables_floor_is_refused(room):
    seal = room.issuing.seal("Kammer", key=rsa_key(1))
    strict = tuple(
        replace(r, min_key_bits=3000) if r.algorithm == "rsa-pkcs1v15" else r for r in POLICY.algorithms
    )
    report = room.check(sign(seal, CONTENT), policy=replace(POLICY, algorithms=strict))
    assert [Code.SIGNATURE_ALGORITHM] == wrong(report)


def test_a_signing_time_in_the_future_is_refused(room):
    assert [Code.SIGNING_TIME] == wrong(room.check(sign(room.seal, CONTENT, claimed=NOW + DAY)))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("0.4.0.1733.2.4", Code.ARCHIVE_TIMESTAMP_UNCHECKED),
        ("1.2.840.113549.1.9.16.2.49", Code.EVIDENCE_RECORD_UNCHECKED),
    ],
)
def test_what_is_not_judged_is_named(room, kind, code):
    value = sign(room.seal, b"x")["content"]["signer_infos"][0]
    info = with_unsigned(sign(room.seal, CONTENT), kind, value)
    report = room.check(info)
    assert code in {f.code for f in report.findings}
    assert PASSED == verdict(report)


def test_signed_attributes_in_another_order_are_other_bytes(room):
    """The value is checked over the bytes as they came, not over a copy that a library put in order."""
    data = sign(room.seal, CONTENT).dump()
    attributes = cms.ContentInfo.load(data)["content"]["signer_infos"][0]["signed_attrs"].dump()
    sorted_ones = elements(attributes)
    head = attributes[: len(attributes) - sum(len(e) for e in sorted_ones)]
    report = room.check(data.replace(attributes, head + b"".join(reversed(sorted_ones))))
    assert Integrity.BROKEN is report.integrity
    assert {Code.CMS_STRUCTURE, Code.SIGNATURE_VALUE_INVALID} == set(wrong(report))
