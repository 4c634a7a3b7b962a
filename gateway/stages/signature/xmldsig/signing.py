# SPDX-License-Identifier: EUPL-1.2
"""Making a XAdES baseline signature (EN 319 132-1) over files whose digests are known.

Leaves out the container and all reading of files. Everything is built as text that our own parser reads back, then
canonicalised by the same code that checks signatures.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from xml.sax.saxutils import escape, quoteattr

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from gateway.markup import parse
from gateway.policy import XmlPolicy
from gateway.stages.signature.cms.binding import issuer_serial
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE, canonicalize
from gateway.stages.signature.xmldsig.identifiers import DIGEST_URIS, SIGNATURE_URIS
from gateway.stages.signature.xmldsig.names import ASIC, DS, SIGNED_PROPERTIES_TYPE, XADES, ds, xades

_SHA256 = DIGEST_URIS["sha256"]
_MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_CURVE_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "secp256r1": hashes.SHA256,
    "brainpoolP256r1": hashes.SHA256,
    "secp384r1": hashes.SHA384,
    "brainpoolP384r1": hashes.SHA384,
    "secp521r1": hashes.SHA512,
    "brainpoolP512r1": hashes.SHA512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFile:
    """One data reference: entry name, its percent-encoded URI, media type and digest."""

    name: str
    uri: str
    media_type: str
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The private key and the certificates that go into the signature."""

    certificate_der: bytes
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    chain_der: tuple[bytes, ...] = ()
    rsa_pss: bool = False


def write_manifest(container_type: str, files: Sequence[SignedFile]) -> bytes:
    """META-INF/manifest.xml (OpenDocument 1.2 part 3): every payload entry with its media type."""
    rows = "".join(
        f"<manifest:file-entry manifest:full-path={quoteattr(f.name)} manifest:media-type={quoteattr(f.media_type)}/>"
        for f in files
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<manifest:manifest xmlns:manifest="{_MANIFEST}" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{container_type}"/>{rows}</manifest:manifest>'
    ).encode()


def sign_files(
    files: Sequence[SignedFile],
    *,
    key: SigningKey,
    moment: datetime,
    timestamper: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """The bytes of META-INF/signatures0.xml."""
    document = parse(_document(files, key, moment).encode(), place="signatures0.xml", limits=XmlPolicy())
    signature = _only(document, ds("Signature"))
    signed_info = _only(signature, ds("SignedInfo"))
    properties = _only(signature, xades("SignedProperties"))
    for reference in signed_info.iterfind(ds("Reference")):
        if reference.get("Type") == SIGNED_PROPERTIES_TYPE:
            digest = sha256(canonicalize(properties, EXCLUSIVE)).digest()
            _only(reference, ds("DigestValue")).text = b64encode(digest).decode()
    value = _only(signature, ds("SignatureValue"))
    value.text = b64encode(_value(key, canonicalize(signed_info, EXCLUSIVE))).decode()
    if timestamper is not None:
        token = timestamper(sha256(canonicalize(value, EXCLUSIVE)).digest())
        _add_timestamp(_only(signature, xades("QualifyingProperties")), token)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _document(files: Sequence[SignedFile], key: SigningKey, moment: datetime) -> str:
    references = "".join(
        f'<ds:Reference Id="r{index}" URI={quoteattr(f.uri)}><ds:DigestMethod Algorithm="{_SHA256}"/>'
        f"<ds:DigestValue>{b64encode(f.sha256).decode()}</ds:DigestValue></ds:Reference>"
        for index, f in enumerate(files)
    )
    chain = "".join(
        f"<ds:X509Certificate>{b64encode(der).decode()}</ds:X509Certificate>"
        for der in (key.certificate_der, *key.chain_der)
    )
    return (
        f'<asic:XAdESSignatures xmlns:asic="{ASIC}" xmlns:ds="{DS}" xmlns:xades="{XADES}"><ds:Signature Id="S0">'
        f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
        f'<ds:SignatureMethod Algorithm="{_method(key)}"/>{references}'
        f'<ds:Reference Type="{SIGNED_PROPERTIES_TYPE}" URI="#S0-SignedProperties"><ds:Transforms>'
        f'<ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms><ds:DigestMethod Algorithm="{_SHA256}"/>'
        f'<ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue Id="S0-SIG"/>'
        f"<ds:KeyInfo><ds:X509Data>{chain}</ds:X509Data></ds:KeyInfo>"
        f'<ds:Object><xades:QualifyingProperties Target="#S0">{_properties(files, key, moment)}'
        "</xades:QualifyingProperties></ds:Object></ds:Signature></asic:XAdESSignatures>"
    )


def _properties(files: Sequence[SignedFile], key: SigningKey, moment: datetime) -> str:
    certificate = asn1_x509.Certificate.load(key.certificate_der, strict=True)
    formats = "".join(
        f'<xades:DataObjectFormat ObjectReference="#r{index}"><xades:MimeType>{escape(f.media_type)}</xades:MimeType>'
        "</xades:DataObjectFormat>"
        for index, f in enumerate(files)
    )
    return (
        '<xades:SignedProperties Id="S0-SignedProperties"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</xades:SigningTime>"
        f'<xades:SigningCertificateV2><xades:Cert><xades:CertDigest><ds:DigestMethod Algorithm="{_SHA256}"/>'
        f"<ds:DigestValue>{b64encode(sha256(key.certificate_der).digest()).decode()}</ds:DigestValue></xades:CertDigest>"
        f"<xades:IssuerSerialV2>{b64encode(issuer_serial(certificate)).decode()}</xades:IssuerSerialV2>"
        "</xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>"
        f"<xades:SignedDataObjectProperties>{formats}</xades:SignedDataObjectProperties></xades:SignedProperties>"
    )


def _method(key: SigningKey) -> str:
    if isinstance(key.key, ec.EllipticCurvePrivateKey):
        return SIGNATURE_URIS["ecdsa", _CURVE_HASHES[key.key.curve.name]().name]
    return SIGNATURE_URIS["rsa-pss" if key.rsa_pss else "rsa-pkcs1v15", "sha256"]


def _value(key: SigningKey, data: bytes) -> bytes:
    private = key.key
    if isinstance(private, ec.EllipticCurvePrivateKey):
        # XML Signature 1.1 clause 6.4.3: r and s side by side, each as long as the field, not DER.
        r, s = decode_dss_signature(private.sign(data, ec.ECDSA(_CURVE_HASHES[private.curve.name]())))
        width = (private.curve.key_size + 7) // 8
        return r.to_bytes(width) + s.to_bytes(width)
    digest = hashes.SHA256()
    if key.rsa_pss:
        return private.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    return private.sign(data, padding.PKCS1v15(), digest)


def _add_timestamp(qualifying: etree._Element, token: bytes) -> None:
    unsigned = etree.SubElement(qualifying, xades("UnsignedProperties"))
    properties = etree.SubElement(unsigned, xades("UnsignedSignatureProperties"))
    stamp = etree.SubElement(properties, xades("SignatureTimeStamp"))
    etree.SubElement(stamp, ds("CanonicalizationMethod"), Algorithm=EXCLUSIVE)
    etree.SubElement(stamp, xades("EncapsulatedTimeStamp")).text = b64encode(token).decode()


def _only(parent: etree._Element, tag: str) -> etree._Element:
    return next(parent.iter(tag))
