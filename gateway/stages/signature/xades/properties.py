# SPDX-License-Identifier: EUPL-1.2
"""XAdES signed properties (EN 319 132-1 clause 5.2): what the signer signed about the signature.

The caller passes the node it found by structure. Leaves out what was added after signing (``unsigned_properties``).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import new as new_digest

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.stages.signature.xades.stamp_properties import SIGNED_STAMPS, Stamp, read_stamp
from gateway.stages.signature.xmldsig.names import ds, xades
from gateway.stages.signature.xmldsig.references import Reference, read_digest_method
from gateway.stages.signature.xmldsig.structure import (
    base64_of,
    elements,
    first_named,
    named,
    only_child,
    refusal,
    text_of,
)

_MEDIA_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(\s*;.*)?"
)  # RFC 6838 clause 4.2
# xs:dateTime. Python reads other forms of ISO 8601 too, in which others would see another time or none.
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_DATA_FORMAT, _MIME_TYPE = xades("DataObjectFormat"), xades("MimeType")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateReference:
    """``Cert`` of SigningCertificate(V2)."""

    digest: str
    value: bytes
    issuer_serial: bytes | None = None  # IssuerSerialV2, DER
    issuer: str = ""  # X509IssuerName of the older form
    serial: int | None = None  # X509SerialNumber

    def names(self, der: bytes) -> bool:
        """Is it the digest of this certificate?"""
        return new_digest(self.digest, der).digest() == self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedProperties:
    """What the signer vouches for besides the data."""

    signing_time: datetime | None
    certificates: tuple[CertificateReference, ...]
    media_types: tuple[tuple[str, str], ...]  # (reference Id, MimeType)
    policy: str  # "" none, "implied", or the identifier
    stamps: tuple[Stamp, ...]  # over what was going to be signed
    findings: tuple[Finding, ...]


def read_signed(node: etree._Element, references: tuple[Reference, ...], place: str) -> SignedProperties:
    """Signed properties with everything missing or wrong as findings; raises only where the shape is broken."""
    where = f"{place}, SignedProperties"
    signature = only_child(node, xades("SignedSignatureProperties"), where)
    objects = named(node, xades("SignedDataObjectProperties"))
    if len(objects) > 1:
        raise refusal(Code.SIGNATURE_STRUCTURE, where, expected="one SignedDataObjectProperties")
    findings: list[Finding] = []
    media_types = _media_types(objects[0], references, where, findings) if objects else ()
    _check_formats(media_types, references, where, findings)
    return SignedProperties(
        signing_time=_signing_time(signature, where, findings),
        certificates=_certificates(signature, where, findings),
        media_types=media_types,
        policy=_policy(signature, where, findings),
        stamps=_stamps(objects[0], where, findings) if objects else (),
        findings=tuple(findings),
    )


def _stamps(node: etree._Element, place: str, findings: list[Finding]) -> tuple[Stamp, ...]:
    found: list[Stamp] = []
    for child in elements(node):
        kind = SIGNED_STAMPS.get(str(child.tag))
        if kind is not None:
            try:
                found.append(read_stamp(child, kind, place))
            except Rejected as rejected:
                findings += rejected.findings
    return tuple(found)


def _signing_time(node: etree._Element, place: str, findings: list[Finding]) -> datetime | None:
    found = named(node, xades("SigningTime"))
    if len(found) == 1:
        text = text_of(found[0], place)
        try:
            moment = datetime.fromisoformat(text) if _DATE_TIME.fullmatch(text) else None
        except ValueError:
            moment = None
        if moment is not None:
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    findings.append(
        Finding(
            code=Code.SIGNATURE_PROPERTIES,
            place=place,
            expected="one SigningTime with a date and a time",
            got=f"{len(found)} elements" if len(found) != 1 else (found[0].text or ""),
        )
    )
    return None


def _certificates(
    node: etree._Element, place: str, findings: list[Finding]
) -> tuple[CertificateReference, ...]:
    found = [child for child in elements(node) if child.tag in _BINDINGS]
    if len(found) != 1:
        findings.append(
            Finding(
                code=Code.SIGNER_BINDING,
                place=place,
                expected="exactly one SigningCertificateV2",
                got=str(len(found)),
            )
        )
        return ()
    return tuple(_certificate_reference(cert, place) for cert in named(found[0], xades("Cert")))


_BINDINGS = {xades("SigningCertificate"), xades("SigningCertificateV2")}


def _certificate_reference(cert: etree._Element, place: str) -> CertificateReference:
    digest = only_child(cert, xades("CertDigest"), place)
    serial_v2 = first_named(cert, xades("IssuerSerialV2"))
    named_issuer = first_named(cert, xades("IssuerSerial"))
    serial = None if named_issuer is None else first_named(named_issuer, ds("X509SerialNumber"))
    try:
        number = None if serial is None else int(text_of(serial, place))
    except ValueError as error:
        raise refusal(Code.SIGNER_BINDING, place, expected="a serial number") from error
    return CertificateReference(
        digest=read_digest_method(only_child(digest, ds("DigestMethod"), place), place),
        value=base64_of(only_child(digest, ds("DigestValue"), place), place),
        issuer_serial=None if serial_v2 is None else base64_of(serial_v2, place),
        issuer="" if named_issuer is None else named_issuer.findtext(ds("X509IssuerName"), ""),
        serial=number,
    )


def _media_types(
    node: etree._Element, references: tuple[Reference, ...], place: str, findings: list[Finding]
) -> tuple[tuple[str, str], ...]:
    known = {f"#{reference.id}" for reference in references if reference.id}
    result: dict[str, str] = {}
    for element in node.iterchildren(_DATA_FORMAT):
        target = element.get("ObjectReference", "")
        declared = first_named(element, _MIME_TYPE)
        media_type = "" if declared is None else (declared.text or "").strip()
        if target not in known or target[1:] in result:
            findings.append(
                Finding(
                    code=Code.SIGNATURE_PROPERTIES,
                    place=place,
                    expected="each DataObjectFormat names one reference of this signature",
                    got=target,
                )
            )
            continue
        if media_type and not _MEDIA_TYPE.fullmatch(media_type):
            findings.append(
                Finding(
                    code=Code.SIGNATURE_PROPERTIES,
                    place=place,
                    expected="a media type such as application/pdf",
                    got=media_type,
                )
            )
        result[target[1:]] = media_type
    return tuple(result.items())


def _check_formats(
    media_types: tuple[tuple[str, str], ...],
    references: tuple[Reference, ...],
    place: str,
    findings: list[Finding],
) -> None:
    described = {target for target, media_type in media_types if media_type}
    findings += [
        Finding(
            code=Code.SIGNATURE_PROPERTIES,
            place=place,
            expected="DataObjectFormat with MimeType for every signed file",
            got=f"none for {reference.uri}",
        )
        for reference in references
        if not reference.same_document and reference.id not in described
    ]


def _policy(node: etree._Element, place: str, findings: list[Finding]) -> str:
    found = named(node, xades("SignaturePolicyIdentifier"))
    if not found:
        return ""
    if len(found) > 1:
        raise refusal(Code.SIGNATURE_STRUCTURE, place, expected="one SignaturePolicyIdentifier")
    if found[0].find(xades("SignaturePolicyImplied")) is not None:
        name = "implied"
    else:
        path = "/".join(xades(step) for step in ("SignaturePolicyId", "SigPolicyId", "Identifier"))
        name = found[0].findtext(path, "").strip() or "unnamed"
    # We hold no policy documents, and the URL in the signature is never opened: the signature is judged by our own policy.
    findings.append(
        Finding(
            code=Code.SIGNATURE_POLICY,
            severity=Severity.WARNING,
            place=place,
            expected="no signature policy, or one the operator knows",
            got=name,
        )
    )
    return name
