# SPDX-License-Identifier: EUPL-1.2
"""XAdES unsigned properties (EN 319 132-1 clauses 5.3 to 5.5): what was added after signing.

They have no standing of their own: certificates and revocation data are hints that have to prove themselves, time-stamps
and counter-signatures too.
"""

from dataclasses import dataclass
from itertools import takewhile

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.stages.signature.xades.stamp_properties import UNSIGNED_STAMPS, Stamp, read_stamp, unchecked
from gateway.stages.signature.xmldsig.names import XADES, XADES_141, xades
from gateway.stages.signature.xmldsig.structure import base64_of, elements

COUNTER_SIGNATURE = xades("CounterSignature")
_CERTIFICATE, _CRL, _OCSP = "EncapsulatedX509Certificate", "EncapsulatedCRLValue", "EncapsulatedOCSPValue"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedProperties:
    """Added after signing."""

    element: etree._Element | None = None
    stamps: tuple[Stamp, ...] = ()
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    counter_signatures: tuple[etree._Element, ...] = ()  # the properties, unread
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
    if len(node.findall(xades("UnsignedSignatureProperties"))) > 1:
        findings.append(
            Finding(code=Code.SIGNATURE_STRUCTURE, place=where, expected="one UnsignedSignatureProperties")
        )
    for child in elements(signature):
        kind = UNSIGNED_STAMPS.get(str(child.tag))
        if kind is not None:
            try:
                stamps.append(read_stamp(child, kind, where))
            except Rejected as rejected:
                findings += rejected.findings
    return UnsignedProperties(
        element=signature,
        stamps=tuple(stamps),
        certificates=_values(signature, _CERTIFICATE, where, findings),
        crls=_values(signature, _CRL, where, findings),
        ocsps=_values(signature, _OCSP, where, findings),
        counter_signatures=tuple(signature.findall(COUNTER_SIGNATURE)),
        findings=(*findings, *unchecked(signature, where)),
    )


def validation_data(node: etree._Element) -> tuple[bytes, ...]:
    """Certificates, CRLs and OCSP responses in one property; what cannot be read has its finding already."""
    return tuple(der for name in (_CERTIFICATE, _CRL, _OCSP) for der in _values(node, name, "", []))


def _values(node: etree._Element, name: str, place: str, findings: list[Finding]) -> tuple[bytes, ...]:
    values: dict[bytes, None] = {}
    for element in node.iter(f"{{{XADES}}}{name}", f"{{{XADES_141}}}{name}"):
        if _of_counter_signature(element, node):
            continue
        try:
            values[base64_of(element, place)] = None
        except Rejected as rejected:
            findings += rejected.findings
    return tuple(values)


def _of_counter_signature(value: etree._Element, node: etree._Element) -> bool:
    """It brings its own values, and its own faults."""
    above = takewhile(lambda ancestor: ancestor is not node, value.iterancestors())
    return any(ancestor.tag == COUNTER_SIGNATURE for ancestor in above)
