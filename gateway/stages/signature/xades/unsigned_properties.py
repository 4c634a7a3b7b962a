# SPDX-License-Identifier: EUPL-1.2
"""XAdES unsigned properties (EN 319 132-1 clauses 5.3 to 5.5): what was added after signing.

They have no standing of their own: certificates and revocation data are hints that have to prove themselves, time-stamps
too, and counter-signatures are counted only.
"""

from dataclasses import dataclass

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.stages.signature.xmldsig.names import XADES, XADES_141, ds, xades, xades141
from gateway.stages.signature.xmldsig.references import Canonicalization, read_canonicalization
from gateway.stages.signature.xmldsig.structure import base64_of, elements, local_name

_DEFAULT_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"  # EN 319 132-1 clause 5.1.4.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time-stamp property: its token and how its input is canonicalised."""

    element: etree._Element
    canonicalization: Canonicalization
    token: bytes
    archive: bool
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedProperties:
    """Added after signing."""

    element: etree._Element | None = None
    stamps: tuple[Stamp, ...] = ()
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    has_validation_data: bool = False
    counter_signatures: int = 0
    findings: tuple[Finding, ...] = ()


def read_unsigned(node: etree._Element | None, place: str) -> UnsignedProperties:
    """Unsigned properties. What cannot be read becomes a finding: it is not signed, so anyone may have put it there."""
    if node is None:
        return UnsignedProperties()
    where = f"{place}, UnsignedProperties"
    signature = node.find(xades("UnsignedSignatureProperties"))
    if signature is None:
        return UnsignedProperties(element=node)
    stamps: list[Stamp] = []
    findings: list[Finding] = []
    for child in elements(signature):
        if child.tag in _STAMPS:
            try:
                stamps.append(_stamp(child, where))
            except Rejected as rejected:
                findings += rejected.findings
    return UnsignedProperties(
        element=signature,
        stamps=tuple(stamps),
        certificates=_values(signature, "EncapsulatedX509Certificate", where, findings),
        crls=_values(signature, "EncapsulatedCRLValue", where, findings),
        ocsps=_values(signature, "EncapsulatedOCSPValue", where, findings),
        has_validation_data=any(signature.find(tag) is not None for tag in _VALIDATION_DATA),
        counter_signatures=len(signature.findall(xades("CounterSignature"))),
        findings=tuple(findings),
    )


_STAMPS = {
    xades("SignatureTimeStamp"): False,
    xades141("ArchiveTimeStamp"): True,
}
_VALIDATION_DATA = (xades("RevocationValues"), xades141("TimeStampValidationData"))


def _stamp(element: etree._Element, place: str) -> Stamp:
    where = f"{place}, {local_name(element.tag)}"
    method = element.find(ds("CanonicalizationMethod"))
    tokens = element.findall(xades("EncapsulatedTimeStamp"))
    if len(tokens) != 1 or any(child.tag == xades("Include") for child in elements(element)):
        raise Rejected(
            [
                Finding(
                    code=Code.TIMESTAMP_INVALID,
                    place=where,
                    expected="one EncapsulatedTimeStamp, no Include",
                    got=f"{len(tokens)} tokens",
                )
            ]
        )
    return Stamp(
        element=element,
        canonicalization=Canonicalization(method=_DEFAULT_C14N)
        if method is None
        else read_canonicalization(method, where),
        token=base64_of(tokens[0], where),
        archive=_STAMPS[str(element.tag)],
        place=where,
    )


def _values(node: etree._Element, name: str, place: str, findings: list[Finding]) -> tuple[bytes, ...]:
    values: dict[bytes, None] = {}
    for element in node.iter(f"{{{XADES}}}{name}", f"{{{XADES_141}}}{name}"):
        try:
            values[base64_of(element, place)] = None
        except Rejected as rejected:
            findings += rejected.findings
    return tuple(values)
