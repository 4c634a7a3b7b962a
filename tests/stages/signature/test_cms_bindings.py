# SPDX-License-Identifier: EUPL-1.2
"""Which certificate a CMS signature names, by what, and with which algorithms: each fault told with what stood there."""

from dataclasses import replace
from hashlib import sha256

import pytest
from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cadesroom import (
    CONTENT,
    PASSED,
    Room,
    changed,
    fault,
    instead,
    more,
    told,
    verdict,
    without,
    wrong,
)
from cryptography.hazmat.primitives.asymmetric import ec
from trustroom import (
    POLICY,
    asn1,
    resign,
    rules,
    sign,
)

from gateway.codes import Code
from gateway.model.signature import Integrity, SubIndication


@pytest.fixture(scope="module")
def room():
    return Room()


def ess(certificate, **changes):
    value = {
        "hash_algorithm": {"algorithm": "sha256"},
        "cert_hash": sha256(certificate.dump()).digest(),
        **changes,
    }
    return tsp.SigningCertificateV2({"certs": [value]})


def test_a_binding_by_another_digest_name_or_number_is_told(room):
    own, other = asn1(room.seal.certificate), asn1(room.issuing.seal("Andere").certificate)
    names = [asn1_x509.GeneralName("directory_name", own.issuer)]
    foreign = [asn1_x509.GeneralName("directory_name", own.subject)]
    cases = {
        "sha256 of the signer's certificate": (ess(other), "another digest"),
        "issuer and serial number of the signer's certificate": (
            ess(own, issuer_serial={"issuer": names, "serial_number": own.serial_number + 1}),
            "others",
        ),
    }
    for expected, (value, got) in cases.items():
        info = resign(sign(room.seal, CONTENT), room.seal, instead("signing_certificate_v2", value))
        assert [fault(Code.SIGNER_BINDING, expected, got)] == told(room.check(info))
    for issuer in (foreign, [*names, *names]):
        value = ess(own, issuer_serial={"issuer": issuer, "serial_number": own.serial_number})
        info = resign(sign(room.seal, CONTENT), room.seal, instead("signing_certificate_v2", value))
        assert [Code.SIGNER_BINDING] == wrong(room.check(info))
    value = ess(own, issuer_serial={"issuer": names, "serial_number": own.serial_number})
    info = resign(sign(room.seal, CONTENT), room.seal, instead("signing_certificate_v2", value))
    assert PASSED == verdict(room.check(info))


def test_a_binding_of_version_1_is_refused_for_its_sha_1(room):
    own = asn1(room.seal.certificate)
    old = tsp.SigningCertificate({"certs": [{"cert_hash": own.sha1}]})

    def change(attributes):
        return more("signing_certificate", old)(without("signing_certificate_v2")(attributes))

    report = room.check(resign(sign(room.seal, CONTENT), room.seal, change))
    assert [fault(Code.SIGNATURE_ALGORITHM, "a digest algorithm of the rule table", "sha1")] == told(report)


def test_an_algorithm_nobody_knows_and_a_missing_certificate_are_told(room):
    def odd(body):
        body["signer_infos"][0]["signature_algorithm"] = algos.SignedDigestAlgorithm(
            {"algorithm": "sha256_dsa"}
        )

    report = room.check(changed(sign(room.seal, CONTENT), odd))
    assert fault(
        Code.SIGNATURE_ALGORITHM, "an algorithm of the table", "signature algorithm sha256_dsa"
    ) in told(report)
    assert Integrity.UNCHECKED is report.integrity

    def bare(body):
        body["certificates"] = cms.CertificateSet([])

    nobody = room.check(changed(sign(room.seal, CONTENT), bare))
    got = "0 certificates, none of them readable and the signer's"
    assert [fault(Code.SIGNER_BINDING, "the signer's certificate", got)] == told(nobody)


def test_algorithms_outside_the_table_are_told_digest_and_signature(room):
    policy = replace(POLICY, algorithms=rules(("sha512", "digest", 0), ("ecdsa", "signature", 384)))
    rows = told(room.check(sign(room.seal, CONTENT), policy=policy))
    assert fault(Code.SIGNATURE_ALGORITHM, "a digest algorithm of the rule table", "sha256") in rows
    assert fault(Code.SIGNATURE_ALGORITHM, "ecdsa with at least 384 bits", "ecdsa with 256 bits") in rows


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP521R1())]
)
def test_a_signer_may_be_named_by_key_identifier(room, key):
    seal = room.issuing.seal("Kammer", key=key)

    def by_key(body):
        identifier = asn1(seal.certificate).key_identifier
        body["signer_infos"][0]["sid"] = cms.SignerIdentifier("subject_key_identifier", identifier)
        body["signer_infos"][0]["version"] = "v3"

    report = room.check(changed(sign(seal, CONTENT), by_key))
    assert PASSED == verdict(report)

    def by_another(body):
        by_key(body)
        body["signer_infos"][0]["sid"] = cms.SignerIdentifier("subject_key_identifier", b"\x00" * 20)

    assert (
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND
        is room.check(changed(sign(seal, CONTENT), by_another)).sub_indication
    )
