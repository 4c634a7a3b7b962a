# SPDX-License-Identifier: EUPL-1.2
"""XAdES signatures that break a rule in one way each, all to be signed with the real key: cases for several tests."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1

from lxml import etree
from signed_bundles import SIGNATURES, first, packed, signing_identity, unpacked, world

from gateway.demo import pki
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


def refer_to(uri: str | None) -> Change:
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


def _weak_binding(root: etree._Element) -> None:
    digest = first(root, xades("CertDigest"))
    digest.find(ds("DigestMethod")).set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")
    digest.find(ds("DigestValue")).text = b64encode(sha1(world().seal.certificate_der).digest()).decode()


def older_binding(issuer: str, serial: int | None = None) -> Change:
    """SigningCertificate of version 1, which names issuer and serial number as text."""

    def change(root: etree._Element) -> None:
        _remove(xades("IssuerSerialV2"))(root)
        first(root, xades("SigningCertificateV2")).tag = xades("SigningCertificate")
        named = etree.SubElement(first(root, xades("Cert")), xades("IssuerSerial"))
        etree.SubElement(named, ds("X509IssuerName")).text = issuer
        number = world().seal.certificate.serial_number if serial is None else serial
        etree.SubElement(named, ds("X509SerialNumber")).text = str(number)

    return change


def _other_certificate_with_the_same_key(root: etree._Element) -> None:
    twin = world().issuing.seal("IHK Anderswo", key=world().seal.key)
    first(root, ds("X509Certificate")).text = b64encode(twin.certificate_der).decode()


def _no_certificate(root: etree._Element) -> None:
    _remove(ds("KeyInfo"))(root)


def _reference_to_a_neighbour(root: etree._Element) -> None:
    etree.SubElement(root, "x", Id="neighbour")


def policy_identifier(root: etree._Element) -> None:
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
        "signing-time",
    ),
    "signing time that is no xs:dateTime": (
        _text(xades("SigningTime"), "20260301"),
        "signature-properties",
    ),
    "signing time without a time": (_text(xades("SigningTime"), "2026-03-01"), "signature-properties"),
    "binding by a weak digest": (_weak_binding, "signature-algorithm"),
    "older binding with another issuer": (older_binding("CN=Anderswo,C=DE"), "signer-binding"),
    "older binding with another serial number": (older_binding("CN=Test Sub CA", 5), "signer-binding"),
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
    "no uri": (refer_to(None), "signature-reference"),
    "empty uri": (refer_to(""), "signature-reference"),
    "http": (refer_to("http://127.0.0.1/dossier.xml"), "signature-reference"),
    "file": (refer_to("file:///etc/passwd"), "signature-reference"),
    "absolute": (refer_to("/dossier.xml"), "signature-reference"),
    "dot": (refer_to("./dossier.xml"), "signature-reference"),
    "up": (refer_to("x/../dossier.xml"), "signature-reference"),
    "fragment": (refer_to("dossier.xml#a"), "signature-reference"),
    "query": (refer_to("dossier.xml?a"), "signature-reference"),
    "other case": (refer_to("Dossier.xml"), "signed-file-missing"),
    "decoded twice": (refer_to("dossier%252Exml"), "signed-file-missing"),
    "broken escape": (refer_to("dossier%2"), "signature-reference"),
    "not utf-8": (refer_to("dossier%FF.xml"), "signature-reference"),
    "the same file twice": (refer_to("pass.pdf"), "signature-reference"),
    "the same file under another escape": (refer_to("p%61ss.pdf"), "signature-reference"),
    "its own signed info": (refer_to("#S0"), "signature-reference"),
    "another node of the file": (refer_to("#neighbour"), "signature-reference"),
    "nothing": (refer_to("#nothing"), "signature-reference"),
}
