# SPDX-License-Identifier: EUPL-1.2
"""Which certificates a qualifier of a trusted list speaks of: TS 119 612 clause 5.5.9.2, criteria read and applied.

A criterion that is not understood makes the whole entry unusable, for it may be the one that says "not this one".
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from gateway.codes import Code
from gateway.stages.signature.certificates.certificate import Certificate
from gateway.stages.signature.qualified.lists.names import extension, extra
from gateway.stages.signature.xmldsig.names import xades
from gateway.stages.signature.xmldsig.structure import elements, local_name, refusal, text_of

_MAX_DEPTH = 8
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_USAGES = {  # ASN.1 name in the list -> asn1crypto's
    "digitalSignature": "digital_signature",
    "nonRepudiation": "non_repudiation",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "crlSign": "crl_sign",
    "encipherOnly": "encipher_only",
    "decipherOnly": "decipher_only",
}


class Combination(StrEnum):
    """How the criteria of one list stand together."""

    ALL = "all"
    AT_LEAST_ONE = "atLeastOne"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """Every named bit has the named value; a certificate without the extension has none set."""

    wanted: frozenset[str]
    unwanted: frozenset[str]

    def matches(self, certificate: Certificate) -> bool:
        """Does the certificate meet it?"""
        value = certificate.asn1.key_usage_value
        found = set() if value is None else value.native
        return self.wanted <= found and not self.unwanted & found


@dataclass(frozen=True, slots=True)
class Names:
    """All of these identifiers stand in one place of the certificate: its policies, key purposes or subject."""

    where: str  # policies, purposes, subject
    oids: frozenset[str]

    def matches(self, certificate: Certificate) -> bool:
        """Does the certificate meet it?"""
        return self.oids <= _identifiers(certificate, self.where)


@dataclass(frozen=True, slots=True)
class Criteria:
    """Criteria and how they stand together."""

    combination: Combination
    parts: "tuple[KeyUsage | Names | Criteria, ...]"

    def matches(self, certificate: Certificate) -> bool:
        """Does the certificate meet them?"""
        met = [part.matches(certificate) for part in self.parts]
        if self.combination is Combination.ALL:
            return all(met)
        return any(met) is (self.combination is Combination.AT_LEAST_ONE)


def read_criteria(element: etree._Element, place: str, *, depth: int = 0) -> Criteria:
    """A ``CriteriaList``. Raises ``Rejected`` for anything that is not understood."""
    try:
        combination = Combination(element.get("assert", ""))
    except ValueError:
        combination = None
    parts = tuple(
        part
        for child in elements(element)
        if child.tag != extension("Description")
        for part in _parts(child, place, depth)
    )
    if combination is None or not parts or depth > _MAX_DEPTH:
        raise refusal(Code.TRUSTED_LIST_INVALID, place, expected="criteria and how they stand together")
    return Criteria(combination, parts)


def _parts(element: etree._Element, place: str, depth: int) -> list[KeyUsage | Names | Criteria]:
    if element.tag == extension("KeyUsage"):
        return [_key_usage(element, place)]
    if element.tag == extension("PolicySet"):
        return [Names("policies", _oids(element, extension("PolicyIdentifier"), place))]
    if element.tag == extension("CriteriaList"):
        return [read_criteria(element, place, depth=depth + 1)]
    if element.tag == extension("otherCriteriaList"):
        return [_other(child, place) for child in elements(element)]
    raise _not_understood(element, place)


def _other(element: etree._Element, place: str) -> Names:
    if element.tag == extra("CertSubjectDNAttribute"):
        return Names("subject", _oids(element, extra("AttributeOID"), place))
    if element.tag == extra("ExtendedKeyUsage"):
        return Names("purposes", _oids(element, extra("KeyPurposeId"), place))
    raise _not_understood(element, place)


def _key_usage(element: etree._Element, place: str) -> KeyUsage:
    values: dict[bool, set[str]] = {True: set(), False: set()}
    for bit in elements(element):
        name = _USAGES.get(bit.get("name", ""))
        value = {"true": True, "1": True, "false": False, "0": False}.get(text_of(bit, place))
        if bit.tag != extension("KeyUsageBit") or name is None or value is None:
            raise _not_understood(element, place)
        values[value].add(name)
    if not values[True] and not values[False]:
        raise _not_understood(element, place)
    return KeyUsage(frozenset(values[True]), frozenset(values[False]))


def _oids(element: etree._Element, tag: str, place: str) -> frozenset[str]:
    """Identifiers, which real lists write with and without ``urn:oid:``."""
    found = set()
    for child in elements(element):
        identifier = child.find(xades("Identifier"))
        text = "" if identifier is None else text_of(identifier, place)
        oid = text[8:] if text.lower().startswith("urn:oid:") else text
        if child.tag != tag or not _OID.fullmatch(oid):
            raise _not_understood(element, place)
        found.add(oid)
    if not found:
        raise _not_understood(element, place)
    return frozenset(found)


def _identifiers(certificate: Certificate, where: str) -> set[str]:
    asn1 = certificate.asn1
    if where == "policies":
        return {policy["policy_identifier"].dotted for policy in asn1.certificate_policies_value or ()}
    if where == "purposes":
        return {purpose.dotted for purpose in asn1.extended_key_usage_value or ()}
    return {pair["type"].dotted for name in asn1.subject.chosen for pair in name}


def _not_understood(element: etree._Element, place: str) -> Exception:
    return refusal(
        Code.TRUSTED_LIST_INVALID, place, expected="a known criterion", got=local_name(element.tag)
    )
