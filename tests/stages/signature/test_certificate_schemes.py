# SPDX-License-Identifier: EUPL-1.2
"""Which signature algorithms are read, and that each verifies exactly the values it made."""

import pytest
from asn1crypto import algos
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from trustroom import DER, Realm, issue, rsa_key, usage

from gateway.codes import Code
from gateway.errors import Unreadable
from gateway.model.signature import Trust
from gateway.stages.signature.certificates.certificate import (
    Scheme,
    check_value,
    digest_of,
    key_bits,
    read_certificate,
    scheme_of,
    verifies,
)

DATA = b"what was signed"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def realm():
    return Realm()


def algorithm(name, parameters=None):
    return algos.SignedDigestAlgorithm(
        {"algorithm": name, **({"parameters": parameters} if parameters else {})}
    )


def pss_parameters(digest="sha256", mask="sha256", salt=32, generator="mgf1"):
    return algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": digest},
            "mask_gen_algorithm": {
                "algorithm": generator,
                "parameters": algos.DigestAlgorithm({"algorithm": mask}),
            },
            "salt_length": salt,
        }
    )


def pss_value(salt, digest=None):
    digest = digest or hashes.SHA256()
    return rsa_key().sign(DATA, padding.PSS(padding.MGF1(digest), salt), digest)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sha256_rsa", Scheme(algorithm="rsa-pkcs1v15", digest="sha256")),
        ("sha512_rsa", Scheme(algorithm="rsa-pkcs1v15", digest="sha512")),
        ("sha384_ecdsa", Scheme(algorithm="ecdsa", digest="sha384")),
        ("ed25519", Scheme(algorithm="ed25519", digest="")),
    ],
)
def test_an_algorithm_names_its_scheme_and_its_digest(name, expected):
    assert expected == scheme_of(algorithm(name))
    assert expected == scheme_of(algorithm(name), digest=expected.digest)


def test_a_bare_rsa_key_takes_the_digest_that_stands_beside_it():
    assert Scheme(algorithm="rsa-pkcs1v15", digest="sha384") == scheme_of(
        algorithm("rsassa_pkcs1v15"), digest="sha384"
    )


@pytest.mark.parametrize(
    ("name", "digest", "words"),
    [
        ("sha256_rsa", "sha512", "digest sha512 beside signature algorithm with sha256"),
        ("rsassa_pkcs1v15", "", "digest algorithm missing"),
        ("rsassa_pkcs1v15", "md5", "digest algorithm md5"),
        ("md5_rsa", "", "digest algorithm md5"),
        ("sha256_dsa", "", "signature algorithm sha256_dsa"),
    ],
)
def test_what_is_not_on_the_list_is_refused_by_name(name, digest, words):
    with pytest.raises(Unreadable) as refusal:
        scheme_of(algorithm(name), digest=digest)
    assert words == str(refusal.value)


@pytest.mark.parametrize(("digest", "salt"), [("sha256", 32), ("sha384", 48), ("sha512", 20)])
def test_rsa_pss_carries_digest_and_salt(digest, salt):
    read = scheme_of(algorithm("rsassa_pss", pss_parameters(digest, digest, salt)))
    assert Scheme(algorithm="rsa-pss", digest=digest, salt_length=salt) == read


@pytest.mark.parametrize(
    "parameters",
    [pss_parameters(mask="sha1"), pss_parameters(digest="sha512"), pss_parameters(generator="1.2.3")],
)
def test_rsa_pss_with_another_mask_than_its_digest_is_refused(parameters):
    with pytest.raises(Unreadable, match="a mask generation that differs from its digest"):
        scheme_of(algorithm("rsassa_pss", parameters))


def test_rsa_pss_with_a_digest_off_the_list_is_refused():
    with pytest.raises(Unreadable, match="digest algorithm md5"):
        scheme_of(algorithm("rsassa_pss", pss_parameters("md5", "md5")))


def test_a_value_fits_its_own_scheme_only():
    schemes = {
        Scheme(algorithm="rsa-pkcs1v15", digest="sha256"): (
            rsa_key(),
            rsa_key().sign(DATA, padding.PKCS1v15(), hashes.SHA256()),
        ),
        Scheme(algorithm="rsa-pss", digest="sha256", salt_length=32): (rsa_key(), pss_value(32)),
        Scheme(algorithm="rsa-pss", digest="sha256", salt_length=20): (rsa_key(), pss_value(20)),
        Scheme(algorithm="rsa-pss", digest="sha512", salt_length=64): (
            rsa_key(),
            pss_value(64, hashes.SHA512()),
        ),
        Scheme(algorithm="ecdsa", digest="sha256"): (EC_KEY, EC_KEY.sign(DATA, ec.ECDSA(hashes.SHA256()))),
        Scheme(algorithm="ecdsa", digest="sha384"): (EC_KEY, EC_KEY.sign(DATA, ec.ECDSA(hashes.SHA384()))),
        Scheme(algorithm="ed25519", digest=""): (ED_KEY, ED_KEY.sign(DATA)),
    }
    for own, (key, value) in schemes.items():
        assert {own} == {s for s in schemes if verifies(key.public_key(), scheme=s, value=value, data=DATA)}
        assert not verifies(key.public_key(), scheme=own, value=value, data=DATA + b".")


def test_a_value_beside_a_key_of_another_kind_says_what_does_not_fit():
    with pytest.raises(InvalidSignature, match="rsa-pss value beside a "):
        check_value(
            EC_KEY.public_key(),
            scheme=Scheme(algorithm="rsa-pss", digest="sha256", salt_length=32),
            value=b"",
            data=DATA,
        )


def test_key_sizes_count_as_algorithm_tables_count_them():
    keys = [rsa_key(), EC_KEY, ec.generate_private_key(ec.SECP521R1()), ED_KEY]
    assert [2048, 256, 521, 256] == [key_bits(key.public_key()) for key in keys]


def test_a_digest_is_taken_by_name_from_the_list_only():
    assert hashes.Hash(hashes.SHA256()).finalize() == digest_of("sha256", b"")
    with pytest.raises(Unreadable, match="digest algorithm md5"):
        digest_of("md5", b"")


def signed(realm, **how):
    """A seal's certificate signed by a CA with an RSA key."""
    ca = issue(
        realm.root.identity,
        name="RSA-CA",
        key=rsa_key(),
        ca=True,
        key_usage=usage("key_cert_sign", "crl_sign"),
    )
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Kammer")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.certificate.subject)
        .public_key(EC_KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(realm.seal.certificate.not_valid_before_utc)
        .not_valid_after(realm.seal.certificate.not_valid_after_utc)
        .add_extension(usage("content_commitment"), critical=True)
    )
    return ca, builder.sign(ca.key, hashes.SHA256(), **how)


def test_a_certificate_signed_with_rsa_pss_leads_to_its_anchor(realm):
    ca, certificate = signed(realm, rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32))
    assert "rsa-pss" == read_certificate(certificate.public_bytes(DER)).scheme.algorithm
    judgement = realm.judge(
        type(realm.seal)(certificate=certificate, key=EC_KEY, chain=(ca.certificate, *ca.chain))
    )
    assert Trust.UNKNOWN is judgement.trust  # the path holds; nobody handed in a list of this CA
    assert {Code.REVOCATION_UNKNOWN} == {f.code for f in judgement.findings}
