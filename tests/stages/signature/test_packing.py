# SPDX-License-Identifier: EUPL-1.2
"""What ``pack_bundle`` writes, read by our strict reader, by our verifier and by verifiers that are not ours."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import unquote

import pytest
import signxml.xades
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from foreign_xmldsig import libxmlsec_accepts
from lxml import etree
from signed_bundles import (
    FILES,
    NOW,
    SIGNATURES,
    codes,
    judged,
    packed,
    rsa_seal,
    signing_identity,
    unpacked,
    world,
)

from gateway.errors import Rejected
from gateway.packing import MEDIA_TYPE, PackedFile, SigningIdentity, pack_bundle

IDENTITIES = {
    "P-256": lambda: world().identity(),
    "P-384": lambda: world().identity(key=ec.generate_private_key(ec.SECP384R1())),
    "P-521": lambda: world().identity(key=ec.generate_private_key(ec.SECP521R1())),
    "RSA-3072": lambda: signing_identity(rsa_seal()),
    "RSA-3072 PSS": lambda: signing_identity(rsa_seal(), rsa_pss=True),
}


@pytest.mark.parametrize("kind", IDENTITIES)
def test_a_packed_bundle_passes_our_own_judgement(kind):
    report = judged(packed(identity=IDENTITIES[kind]()))
    assert ("TOTAL-PASSED", "B-B", []) == (report.indication, report.level, codes(report))


def test_the_mimetype_comes_first_stored_and_without_extra_field():
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        head = archive.infolist()[0]
    assert ("mimetype", zipfile.ZIP_STORED, b"") == (head.filename, head.compress_type, head.extra)


def test_the_magic_number_of_an_asice_container_stands_at_its_fixed_offset():
    assert MEDIA_TYPE.encode() == packed()[38 : 38 + len(MEDIA_TYPE)]


def test_the_same_input_packs_to_the_same_bytes_but_for_the_ecdsa_value():
    identity = signing_identity(rsa_seal())
    assert packed(identity=identity) == packed(identity=identity)


@pytest.mark.parametrize("kind", IDENTITIES)
def test_signxml_accepts_what_we_sign(kind):
    identity = IDENTITIES[kind]()
    entries = unpacked(packed(identity=identity))
    config = signxml.xades.XAdESSignatureConfiguration(expect_references=len(FILES) + 1)
    results = signxml.xades.XAdESVerifier().verify(
        entries[SIGNATURES],
        x509_cert=x509.load_der_x509_certificate(identity.certificate_der),
        uri_resolver=lambda uri: entries[unquote(uri)],
        expect_config=config,
    )
    assert len(FILES) + 1 == len(results)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-3072", "RSA-3072 PSS"])
def test_libxmlsec_accepts_what_we_sign(kind):
    identity = IDENTITIES[kind]()
    assert _libxmlsec_accepts(unpacked(packed(identity=identity)), identity)


def test_libxmlsec_refuses_a_changed_file():
    identity = world().identity()
    entries = unpacked(packed(identity=identity)) | {"pass.pdf": b"%PDF other"}
    assert not _libxmlsec_accepts(entries, identity)


def _libxmlsec_accepts(entries: dict[str, bytes], identity: SigningIdentity) -> bool:
    return libxmlsec_accepts(etree.fromstring(entries[SIGNATURES])[0], entries, identity.certificate_der)


@pytest.mark.parametrize(
    "name",
    [
        "mimetype",
        "META-INF/x.xml",
        "meta-inf/x",
        "../a",
        "a/../b",
        "/a",
        "a//b",
        "a\\b",
        "",
        "a\nb",
        "a/",
        "a?b",
        "con.pdf",
        "a.",
        "Mimetype",
    ],
)
def test_a_name_no_container_can_hold_is_refused_before_anything_is_written(name):
    out = io.BytesIO()
    with pytest.raises(Rejected) as refusal:
        pack_bundle(
            out, [PackedFile.of(name, "application/pdf", b"x")], identity=world().identity(), moment=NOW
        )
    assert ({"container-bad-name"}, b"") == ({f.code for f in refusal.value.findings}, out.getvalue())


def test_two_names_that_differ_in_case_only_are_refused():
    files = [PackedFile.of(name, "application/pdf", b"x") for name in ("a.pdf", "A.pdf")]
    with pytest.raises(Rejected, match="container-duplicate-name"):
        pack_bundle(io.BytesIO(), files, identity=world().identity(), moment=NOW)


def test_an_empty_bundle_is_refused():
    with pytest.raises(Rejected, match="container-empty"):
        pack_bundle(io.BytesIO(), [], identity=world().identity(), moment=NOW)


@pytest.mark.parametrize("size", [3, 5])
def test_a_file_that_changed_its_size_while_it_was_packed_is_refused(size):
    file = PackedFile(name="a.pdf", media_type="application/pdf", chunks=lambda: iter([b"1234"]), size=size)
    with pytest.raises(Rejected, match="container-size-mismatch"):
        pack_bundle(io.BytesIO(), [file], identity=world().identity(), moment=NOW)


def test_a_moment_without_time_zone_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="time zone"):
        packed(moment=datetime(2026, 3, 2))  # noqa: DTZ001 - that is the point


def test_the_time_stamper_gets_the_digest_of_the_canonical_signature_value():
    asked: list[bytes] = []

    def stamper(imprint: bytes) -> bytes:
        asked.append(imprint)
        return b"token"

    root = etree.fromstring(unpacked(packed(timestamper=stamper))[SIGNATURES])
    value = next(root.iter("{http://www.w3.org/2000/09/xmldsig#}SignatureValue"))
    assert [sha256(etree.tostring(value, method="c14n", exclusive=True, with_tail=False)).digest()] == asked


def test_memory_stays_flat_while_a_large_file_is_packed(tmp_path):
    size = 64 << 20
    block = bytes(1 << 20)

    def chunks() -> Iterator[bytes]:
        return (block for _ in range(size >> 20))

    file = PackedFile(name="big.pdf", media_type="application/pdf", chunks=chunks, size=size, compress=False)
    with (tmp_path / "big.asice").open("w+b") as out:
        tracemalloc.start()
        pack_bundle(out, [file], identity=world().identity(), moment=datetime.now(UTC))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 << 20
