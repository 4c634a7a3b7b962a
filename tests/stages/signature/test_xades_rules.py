# SPDX-License-Identifier: EUPL-1.2
"""What a signer may get wrong although the mathematics are right: every case here is signed with the real key."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

import pytest
import signxml.xades
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from signed_bundles import (
    FILES,
    NOW,
    POLICY,
    SIGNATURES,
    changed,
    codes,
    first,
    judged,
    judged_with_digests,
    packed,
    repacked,
    rsa_seal,
    signing_identity,
    unpacked,
    world,
)

from gateway.demo import pki
from gateway.errors import Rejected
from gateway.model.trust import TrustMaterial
from gateway.stages.signature import verified
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.xmldsig.names import ds, xades

Change = Callable[[etree._Element], None]
HMAC = "http://www.w3.org/2000/09/xmldsig#hmac-sha1"


def _remove(tag: str) -> Change:
    def change(root: etree._Element) -> None:
        element = first(root, tag)
        element.getparent().remove(element)

    return change


def _text(tag: str, text: str) -> Change:
    def change(root: etree._Element) -> None:
        first(root, tag).text = text

    return change


def _algorithm(tag: str, algorithm: str) -> Change:
    def change(root: etree._Element) -> None:
        first(root, tag).set("Algorithm", algorithm)

    return change


def _transform(*algorithms: str) -> Change:
    def change(root: etree._Element) -> None:
        transforms = etree.Element(ds("Transforms"))
        for algorithm in algorithms:
            etree.SubElement(transforms, ds("Transform"), Algorithm=algorithm)
        first(root, ds("Reference")).insert(0, transforms)

    return change


def _hmac_length(root: etree._Element) -> None:
    etree.SubElement(first(root, ds("SignatureMethod")), ds("HMACOutputLength")).text = "1"


def _uri(uri: str | None) -> Change:
    def change(root: etree._Element) -> None:
        reference = first(root, ds("Reference"))
        if uri is None:
            del reference.attrib["URI"]
        else:
            reference.set("URI", uri)

    return change


def _dangling_format(root: etree._Element) -> None:
    first(root, xades("DataObjectFormat")).set("ObjectReference", "#nothing")


def _format_twice(root: etree._Element) -> None:
    formats = list(root.iter(xades("DataObjectFormat")))
    formats[1].set("ObjectReference", formats[0].get("ObjectReference"))


def _wrong_media_type(root: etree._Element) -> None:
    first(root, xades("MimeType")).text = "text/html"


def _second_binding(root: etree._Element) -> None:
    binding = first(root, xades("SigningCertificateV2"))
    binding.addnext(etree.fromstring(etree.tostring(binding, with_tail=False)))


def _other_issuer_serial(root: etree._Element) -> None:
    other = pki.root("Other").seal("Other")
    foreign = etree.fromstring(unpacked(packed(identity=signing_identity(other)))[SIGNATURES])
    first(root, xades("IssuerSerialV2")).text = first(foreign, xades("IssuerSerialV2")).text


def _other_certificate_with_the_same_key(root: etree._Element) -> None:
    twin = world().issuing.seal("IHK Anderswo", key=world().seal.key)
    first(root, ds("X509Certificate")).text = b64encode(twin.certificate_der).decode()


def _no_certificate(root: etree._Element) -> None:
    _remove(ds("KeyInfo"))(root)


def _reference_to_a_neighbour(root: etree._Element) -> None:
    etree.SubElement(root, "x", Id="neighbour")


def _policy_identifier(root: etree._Element) -> None:
    properties = first(root, xades("SignedSignatureProperties"))
    identifier = etree.SubElement(properties, xades("SignaturePolicyIdentifier"))
    etree.SubElement(identifier, xades("SignaturePolicyImplied"))


XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
BASE64 = "http://www.w3.org/2000/09/xmldsig#base64"
CASES: dict[str, tuple[Change, str]] = {
    "no signing time": (_remove(xades("SigningTime")), "signature-properties"),
    "signing time in words": (_text(xades("SigningTime"), "yesterday"), "signature-properties"),
    "signing time in the future": (
        _text(xades("SigningTime"), "2099-01-01T00:00:00Z"),
        "signature-properties",
    ),
    "signing time before the certificate": (
        _text(xades("SigningTime"), "1999-01-01T00:00:00Z"),
        "signature-properties",
    ),
    "no binding": (_remove(xades("SigningCertificateV2")), "signer-binding"),
    "two bindings": (_second_binding, "signer-binding"),
    "issuer and serial of another": (_other_issuer_serial, "signer-binding"),
    "certificate swapped for a twin": (_other_certificate_with_the_same_key, "signer-binding"),
    "no certificate": (_no_certificate, "signer-binding"),
    "digest of other content": (
        _text(ds("DigestValue"), b64encode(bytes(32)).decode()),
        "signature-digest-mismatch",
    ),
    "media type that is none": (_text(xades("MimeType"), "application\\pdf"), "signature-properties"),
    "no media type": (_remove(xades("MimeType")), "signature-properties"),
    "no format": (_remove(xades("DataObjectFormat")), "signature-properties"),
    "format of nothing": (_dangling_format, "signature-properties"),
    "two formats for one file": (_format_twice, "signature-properties"),
    "media type against the manifest": (_wrong_media_type, "manifest-mismatch"),
    "xslt": (_transform(XSLT), "signature-transform"),
    "xpath": (_transform(XPATH), "signature-transform"),
    "base64": (_transform(BASE64), "signature-transform"),
    "enveloped": (_transform(ENVELOPED), "signature-transform"),
    "canonicalised file": (_transform(C14N), "signature-transform"),
    "several transforms": (_transform(C14N, C14N), "signature-transform"),
    "hmac": (_algorithm(ds("SignatureMethod"), HMAC), "signature-algorithm"),
    "truncated hmac": (_hmac_length, "signature-algorithm"),
    "md5": (
        _algorithm(ds("DigestMethod"), "http://www.w3.org/2001/04/xmldsig-more#md5"),
        "signature-algorithm",
    ),
    "sha-1": (
        _algorithm(ds("DigestMethod"), "http://www.w3.org/2000/09/xmldsig#sha1"),
        "signature-algorithm",
    ),
    "dsa": (
        _algorithm(ds("SignatureMethod"), "http://www.w3.org/2000/09/xmldsig#dsa-sha1"),
        "signature-algorithm",
    ),
    "unknown c14n": (_algorithm(ds("CanonicalizationMethod"), XSLT), "signature-transform"),
    "no uri": (_uri(None), "signature-reference"),
    "empty uri": (_uri(""), "signature-reference"),
    "http": (_uri("http://127.0.0.1/dossier.xml"), "signature-reference"),
    "file": (_uri("file:///etc/passwd"), "signature-reference"),
    "absolute": (_uri("/dossier.xml"), "signature-reference"),
    "dot": (_uri("./dossier.xml"), "signature-reference"),
    "up": (_uri("x/../dossier.xml"), "signature-reference"),
    "fragment": (_uri("dossier.xml#a"), "signature-reference"),
    "query": (_uri("dossier.xml?a"), "signature-reference"),
    "other case": (_uri("Dossier.xml"), "signature-reference"),
    "decoded twice": (_uri("dossier%252Exml"), "signature-reference"),
    "broken escape": (_uri("dossier%2"), "signature-reference"),
    "not utf-8": (_uri("dossier%FF.xml"), "signature-reference"),
    "the same file twice": (_uri("pass.pdf"), "signature-reference"),
    "the same file under another escape": (_uri("p%61ss.pdf"), "signature-reference"),
    "its own signed info": (_uri("#S0"), "signature-reference"),
    "another node of the file": (_uri("#neighbour"), "signature-reference"),
    "nothing": (_uri("#nothing"), "signature-reference"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_signature_never_passes_although_the_signer_signed_it(case):
    change, code = CASES[case]
    report = judged(changed(packed(), change, sign_again=True))
    assert "TOTAL-PASSED" != report.indication
    assert code in codes(report)


def test_an_unchanged_signature_signed_again_passes():
    assert "TOTAL-PASSED" == judged(changed(packed(), lambda _: None, sign_again=True)).indication


@pytest.mark.parametrize("uri", ["dossier%2Exml", "%64ossier.xml", "dossier.xml"])
def test_a_uri_is_decoded_once(uri):
    assert "TOTAL-PASSED" == judged(changed(packed(), _uri(uri), sign_again=True)).indication


def test_plus_is_a_plus_and_never_a_space():
    files = {"a b.pdf": b"%PDF-1", "a+c.pdf": b"%PDF-2"}
    assert "TOTAL-PASSED" == judged(packed(files)).indication
    report = judged(changed(packed(files), _uri("a+b.pdf"), sign_again=True))
    assert "signature-reference" in codes(report)


def test_a_policy_we_do_not_know_is_named_and_judged_by_our_own_rules():
    report = judged(changed(packed(), _policy_identifier, sign_again=True))
    assert "TOTAL-PASSED" == report.indication
    assert [("signature-policy", "warning")] == [(f.code, f.severity) for f in report.findings]


def test_a_counter_signature_is_reported():
    def counter(root: etree._Element) -> None:
        unsigned = etree.SubElement(first(root, xades("QualifyingProperties")), xades("UnsignedProperties"))
        etree.SubElement(
            etree.SubElement(unsigned, xades("UnsignedSignatureProperties")), xades("CounterSignature")
        )

    report = judged(changed(packed(), counter))
    assert ("TOTAL-PASSED", ["signature-countersigned"]) == (
        report.indication,
        [f.code for f in report.findings],
    )


def test_an_rsa_key_below_the_table_is_refused_but_its_integrity_is_told():
    small = replace(POLICY, algorithms=tuple(replace(rule, min_key_bits=4096) for rule in POLICY.algorithms))
    report = judged(packed(identity=signing_identity(rsa_seal())), policy=small)
    assert ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE", "intact") == (
        report.indication,
        report.sub_indication,
        report.integrity,
    )


def test_without_algorithm_rules_nothing_passes():
    report = judged(packed(), policy=replace(POLICY, algorithms=()))
    assert "INDETERMINATE" == report.indication


def test_without_anchors_nothing_passes_and_integrity_is_still_told():
    report, digested = judged_with_digests(packed(), store=TrustStore(TrustMaterial()))
    assert ("INDETERMINATE", "intact", ["no-anchors"]) == (report.indication, report.integrity, codes(report))
    with pytest.raises(Rejected, match="no-anchors"):
        verified(report, digested)


def test_without_revocation_data_the_answer_is_open():
    material = replace(world().material, crls=())
    report = judged(packed(), store=TrustStore(material))
    assert ("INDETERMINATE", "unknown") == (report.indication, report.signatures[0].revocation)


def test_a_revoked_signer_is_refused():
    issuing = world().root.subordinate("Revoking CA")
    seal = issuing.seal("IHK Widerruf")
    issuing.revoke(seal, NOW - timedelta(days=1))
    material = replace(world().material, crls=(world().root.crl(NOW), issuing.crl(NOW)))
    report = judged(packed(identity=signing_identity(seal)), store=TrustStore(material))
    assert "TOTAL-PASSED" != report.indication
    assert "revoked" == report.signatures[0].revocation
    assert "certificate-revoked" in codes(report)


def test_two_files_that_cannot_pass_alone_do_not_pass_together():
    def first_only(root: etree._Element) -> None:
        references = list(root.iter(ds("Reference")))
        formats = list(root.iter(xades("DataObjectFormat")))
        for unwanted in (*references[1:-1], *formats[1:]):
            unwanted.getparent().remove(unwanted)

    report = judged(changed(packed(), first_only, sign_again=True))
    uncovered = sorted(f.place for f in report.findings if f.code == "unsigned-content")
    assert sorted(set(FILES) - {"dossier.xml"}) == uncovered
    assert ("INDETERMINATE", "broken") == (report.indication, report.integrity)


def test_where_policy_allows_it_one_good_signature_over_everything_is_enough():
    entries = unpacked(packed())
    entries["META-INF/signatures1.xml"] = unpacked(packed({"other.pdf": b"x"}))[SIGNATURES]
    lenient = replace(POLICY, require_all_signatures=False)
    strict_report = judged(repacked(entries))
    report, digested = judged_with_digests(repacked(entries), policy=lenient)
    assert "TOTAL-PASSED" != strict_report.indication
    assert ["INDETERMINATE", "TOTAL-PASSED"] == sorted(s.indication for s in report.signatures)
    # The integrity of the whole still says that something in the container is broken, and so the door stays shut.
    assert "TOTAL-PASSED" != report.indication
    with pytest.raises(Rejected):
        verified(report, digested)


def test_the_same_content_has_the_same_digest_however_it_was_packed():
    one = verified(*judged_with_digests(packed()))
    again = verified(*judged_with_digests(repacked(unpacked(packed()))))
    other = verified(*judged_with_digests(packed(dict(FILES) | {"dossier.xml": b"<dossier/>"})))
    assert one.content_digest == again.content_digest != other.content_digest
    assert [world().seal.sha256] == [signer.certificate_sha256 for signer in one.signers]


# -- properties ------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_in_signed_bytes_never_passes(data):
    entries = unpacked(packed())
    name = data.draw(st.sampled_from([*FILES]))
    content = bytearray(entries[name])
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    report = judged(repacked(entries | {name: bytes(content)}))
    assert ("TOTAL-FAILED", "HASH_FAILURE", "broken") == (
        report.indication,
        report.sub_indication,
        report.integrity,
    )


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_changed_signature_file_never_raises_and_passes_only_with_the_same_meaning(data):
    entries = unpacked(packed())
    content = bytearray(entries[SIGNATURES])
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255))
    report = judged(repacked(entries | {SIGNATURES: bytes(content)}))
    if report.indication == "TOTAL-PASSED":
        # Not covered by the value: white space between elements, certificates above the signer's, names of prefixes.
        assert "intact" == report.integrity
        assert set(FILES) == set(report.signatures[0].covers)
        assert world().seal.sha256 == report.signatures[0].signer.sha256


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes_as_signature_file_give_a_report(content):
    entries = unpacked(packed()) | {SIGNATURES: content}
    report = judged(repacked(entries))
    assert "TOTAL-PASSED" != report.indication
    assert report.findings


# -- others, on the same containers ----------------------------------------------------------------


def _signxml_accepts(entries: dict[str, bytes]) -> bool:
    try:
        signxml.xades.XAdESVerifier().verify(
            entries[SIGNATURES],
            x509_cert=x509.load_der_x509_certificate(world().seal.certificate_der),
            uri_resolver=lambda uri: entries[unquote(uri)],
            expect_config=signxml.xades.XAdESSignatureConfiguration(expect_references=True),
        )
    except Exception:
        return False
    return True


STRICTER = {  # no look at KeyInfo where the caller pins the signer; the rest is not checked there
    "certificate swapped for a twin",
    "no certificate",
    "truncated hmac",
    "no signing time",
    "signing time in the future",
    "signing time before the certificate",
    "issuer and serial of another",
    "no media type",
    "media type that is none",
    "no format",
    "format of nothing",
    "two formats for one file",
    "media type against the manifest",
    "xslt",
    "xpath",
    "enveloped",
    "decoded twice",
}


@pytest.mark.parametrize("case", CASES)
def test_what_signxml_refuses_we_refuse_and_where_we_are_stricter_is_known(case):
    change, _ = CASES[case]
    container = changed(packed(), change, sign_again=True)
    if _signxml_accepts(unpacked(container)):
        assert case in STRICTER


def test_both_accept_the_untouched_container():
    assert _signxml_accepts(unpacked(packed()))
    assert "TOTAL-PASSED" == judged(packed()).indication
