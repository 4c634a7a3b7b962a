# SPDX-License-Identifier: EUPL-1.2
"""What our own signatures look like, element by element: others read them too."""

from base64 import b64decode
from datetime import timedelta, timezone
from hashlib import sha256
from itertools import pairwise

from lxml import etree
from signed_bundles import FILES, NOW, SIGNATURES, packed, rsa_seal, signing_identity, unpacked, world

from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE
from gateway.stages.signature.xmldsig.identifiers import DIGEST_URIS, SIGNATURE_URIS
from gateway.stages.signature.xmldsig.names import SIGNED_PROPERTIES_TYPE, ds, xades


def written(**details):
    return unpacked(packed(**details))[SIGNATURES]


def only(root, *path):
    for tag in path:
        (root,) = root.iterchildren(tag)
    return root


def signature(**details):
    return only(etree.fromstring(written(**details)), ds("Signature"))


def test_the_file_says_how_it_is_encoded():
    assert written().startswith(b"<?xml version='1.0' encoding='UTF-8'?>")


def test_every_file_is_referenced_with_its_digest_and_the_properties_at_the_end():
    *files, properties = only(signature(), ds("SignedInfo")).iterchildren(ds("Reference"))
    digests = [b64decode(only(reference, ds("DigestValue")).text) for reference in files]
    assert [sha256(data).digest() for data in FILES.values()] == digests
    assert {DIGEST_URIS["sha256"]} == {only(r, ds("DigestMethod")).get("Algorithm") for r in files}
    assert [f"r{number}" for number in range(len(FILES))] == [r.get("Id") for r in files]
    assert (SIGNED_PROPERTIES_TYPE, "#S0-SignedProperties") == (properties.get("Type"), properties.get("URI"))
    assert EXCLUSIVE == only(properties, ds("Transforms"), ds("Transform")).get("Algorithm")


def test_the_signed_properties_name_time_certificate_and_media_types():
    qualifying = only(signature(moment=NOW.astimezone(timezone(timedelta(hours=2)))), ds("Object"))[0]
    signed = only(qualifying, xades("SignedProperties"))
    own, objects = signed
    assert ("#S0", "S0-SignedProperties") == (qualifying.get("Target"), signed.get("Id"))
    assert f"{NOW:%Y-%m-%dT%H:%M:%SZ}" == only(own, xades("SigningTime")).text
    digest = only(own, xades("SigningCertificateV2"), xades("Cert"), xades("CertDigest"), ds("DigestValue"))
    assert sha256(world().seal.certificate_der).digest() == b64decode(digest.text)
    formats = [(f.get("ObjectReference"), only(f, xades("MimeType")).text) for f in objects]
    types = ["application/xml", "application/pdf", "application/pdf"]
    assert [(f"#r{number}", kind) for number, kind in enumerate(types)] == formats


def test_the_chain_stands_in_the_key_info_signer_first():
    identity = world().identity()
    data = only(signature(), ds("KeyInfo"), ds("X509Data"))
    assert [identity.certificate_der, *identity.chain_der] == [b64decode(e.text) for e in data]


def test_each_key_signs_with_the_algorithm_that_fits_it():
    def method(identity):
        return only(signature(identity=identity), ds("SignedInfo"), ds("SignatureMethod")).get("Algorithm")

    assert SIGNATURE_URIS["ecdsa", "sha256"] == method(world().identity())
    assert SIGNATURE_URIS["rsa-pkcs1v15", "sha256"] == method(signing_identity(rsa_seal()))
    assert SIGNATURE_URIS["rsa-pss", "sha256"] == method(signing_identity(rsa_seal(), rsa_pss=True))


def test_a_time_stamp_stands_in_its_place_with_its_canonicalisation():
    qualifying = only(signature(timestamper=lambda _: b"token"), ds("Object"), xades("QualifyingProperties"))
    stamp = only(
        qualifying,
        xades("UnsignedProperties"),
        xades("UnsignedSignatureProperties"),
        xades("SignatureTimeStamp"),
    )
    assert EXCLUSIVE == only(stamp, ds("CanonicalizationMethod")).get("Algorithm")
    assert b"token" == b64decode(only(stamp, xades("EncapsulatedTimeStamp")).text)
    assert [xades("SignedProperties"), xades("UnsignedProperties")] == [e.tag for e in qualifying]


def test_two_signatures_of_one_content_differ_in_their_value_only():
    one, other = (signature() for _ in range(2))
    for root in (one, other):
        only(root, ds("SignatureValue")).text = ""
    assert all(a == b for a, b in pairwise(map(etree.tostring, (one, other))))
