# SPDX-License-Identifier: EUPL-1.2
"""Certificates that are refused before anybody trusts them, and what is read from a sound one."""

import pytest
from asn1crypto import algos, core
from asn1crypto import x509 as asn1_x509
from trustroom import NOW, Realm, der

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.stages.signature.certificates.certificate import (
    MAX_CERTIFICATE_BYTES,
    read_certificate,
    unknown,
)


@pytest.fixture(scope="module")
def realm():
    return Realm()


def algorithm(name, parameters=None):
    return algos.SignedDigestAlgorithm(
        {"algorithm": name, **({"parameters": parameters} if parameters else {})}
    )


def test_a_certificate_larger_than_any_real_one_is_not_read(realm):
    padded = der(realm.seal) + b"\x00" * MAX_CERTIFICATE_BYTES
    with pytest.raises(Rejected) as refusal:
        read_certificate(padded, place="here")
    finding = refusal.value.findings[0]
    assert (Code.CERTIFICATE_MALFORMED, "here", "an X.509 certificate in DER") == (
        finding.code,
        finding.place,
        finding.expected,
    )
    assert f"{len(padded)} bytes exceed 16384" == finding.got


def test_bytes_after_a_certificate_are_refused(realm):
    with pytest.raises(Rejected, match="certificate-malformed"):
        read_certificate(der(realm.seal) + b"\x00")


def spoilt(realm, change):
    certificate = asn1_x509.Certificate.load(der(realm.seal))
    change(certificate)
    return certificate.dump(force=True)


def test_an_extension_that_stands_twice_is_refused(realm):
    def twice(certificate):
        extensions = certificate["tbs_certificate"]["extensions"]
        certificate["tbs_certificate"]["extensions"] = asn1_x509.Extensions([*extensions, extensions[0]])

    with pytest.raises(Rejected, match="certificate-malformed"):
        read_certificate(spoilt(realm, twice))


def test_two_signature_algorithms_in_one_certificate_are_refused(realm):
    def other(certificate):
        certificate["signature_algorithm"] = algorithm("sha384_ecdsa")

    with pytest.raises(Rejected) as refusal:
        read_certificate(spoilt(realm, other))
    assert "inner and outer signature algorithm differ" == refusal.value.findings[0].got


def test_a_key_that_cannot_sign_is_refused(realm):
    def x25519(certificate):
        key = certificate["tbs_certificate"]["subject_public_key_info"]
        key["algorithm"] = {"algorithm": "1.3.101.110"}
        key["public_key"] = core.OctetBitString(b"\x09" + b"\x00" * 31)

    with pytest.raises(Rejected, match="certificate-malformed"):
        read_certificate(spoilt(realm, x25519))


def test_an_open_question_keeps_its_place_and_both_sides():
    finding = unknown(Code.REVOCATION_UNKNOWN, place="p", expected="e", got="g")
    assert ("unknown", "p", "e", "g") == (finding.severity, finding.place, finding.expected, finding.got)


def test_a_summary_says_who_by_whom_and_for_how_long(realm):
    summary = read_certificate(der(realm.seal)).summary
    certificate = realm.seal.certificate
    assert (
        realm.seal.sha256,
        "CN=IHK Prüfstadt Siegel,O=IHK Prüfstadt,C=DE",
        "CN=Ausstellende Stelle,O=Ausstellende Stelle,C=DE",
        f"{certificate.serial_number:x}",
    ) == (summary.sha256, summary.subject, summary.issuer, summary.serial)
    assert summary.not_before < NOW < summary.not_after
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (
        summary.not_before,
        summary.not_after,
    )
