# SPDX-License-Identifier: EUPL-1.2
"""XAdES signature files: bytes -> the signatures over files, each with the counter-signatures over its value.

A signature is a direct child of the file's root. One that countersigns another (``xades.countersignature``) is found
from that one only: what leads to no signature over files is refused. So is every other signature in the tree, wherever it
stands: nobody looks at it, and whoever reads the file might.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.markup import parse
from gateway.model.trust import SignaturePolicy
from gateway.policy import XmlPolicy
from gateway.stages.signature.xades.countersignature import standing_beside, too_many
from gateway.stages.signature.xades.reading import UnreadSignature, XadesSignature, read_signature
from gateway.stages.signature.xades.unsigned_properties import UnsignedProperties
from gateway.stages.signature.xmldsig.names import ASIC, ASIC_DRAFT, ODF_SIGNATURES, ds
from gateway.stages.signature.xmldsig.structure import (
    check_shape,
    elements,
    index_ids,
    local_name,
    only_child,
    refusal,
)

_ROOTS = {
    f"{{{ASIC}}}XAdESSignatures",
    f"{{{ASIC_DRAFT}}}XAdESSignatures",
    f"{{{ODF_SIGNATURES}}}document-signatures",
}
_SIGNATURES = (ds("Signature"), "{*}CounterSignature")


def read_xades(
    data: bytes, *, place: str, xml: XmlPolicy, policy: SignaturePolicy
) -> tuple[XadesSignature | UnreadSignature, ...]:
    """Every signature of one file. Raises ``Rejected`` where the file as a whole cannot be read in one way."""
    root = parse(data, place=place, limits=xml)
    if root.tag not in _ROOTS:
        raise refusal(Code.SIGNATURE_STRUCTURE, place, expected="XAdESSignatures", got=local_name(root.tag))
    signatures = elements(root)
    if not signatures or any(child.tag != ds("Signature") for child in signatures):
        raise refusal(
            Code.SIGNATURE_STRUCTURE,
            place,
            expected="nothing but signatures, and at least one",
            got=", ".join(local_name(child.tag) for child in signatures[:12]),
        )
    if len(signatures) > policy.max_signatures:
        raise refusal(
            Code.SIGNATURE_STRUCTURE,
            place,
            expected=f"at most {policy.max_signatures} signatures",
            got=str(len(signatures)),
        )
    ids = index_ids(root, place)
    beside = standing_beside(signatures, ids) if len(signatures) > 1 else {}
    return tuple(_File(place=place, ids=ids, policy=policy, beside=beside).read(signatures))


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """One file. Whoever is reached is taken out of ``beside``, so nobody is read twice and no circle is followed."""

    place: str
    ids: Mapping[str, etree._Element]
    policy: SignaturePolicy
    beside: dict[etree._Element, list[etree._Element]]

    def read(self, signatures: Sequence[etree._Element]) -> Iterator[XadesSignature | UnreadSignature]:
        countersigning = {element for found in self.beside.values() for element in found}
        for element in signatures:
            if element not in countersigning:
                yield self._signature(element)
        unreached = [element for found in self.beside.values() for element in found]
        for element in unreached:
            # As a signature over files it cannot be read, because of the reference that says it countersigns.
            yield read_signature(element, self.place, self.ids, self.policy)

    def _signature(
        self, element: etree._Element, below: XadesSignature | None = None, depth: int = 0
    ) -> XadesSignature | UnreadSignature:
        """``below`` is what it countersigns."""
        value = None if below is None else only_child(below.element, ds("SignatureValue"), self.place)
        signature = read_signature(element, self.place, self.ids, self.policy, value)
        if isinstance(signature, UnreadSignature):
            return signature
        signature = signature if below is None else _with_hints(signature, below)
        found = tuple(self._counter_signatures(signature, self.beside.pop(element, []), depth))
        return replace(signature, counter_signatures=found) if found else signature

    def _counter_signatures(
        self, signature: XadesSignature, beside: Sequence[etree._Element], depth: int
    ) -> Iterator[XadesSignature | UnreadSignature]:
        unsigned = signature.unsigned
        any_to_read = beside or unsigned.counter_signatures
        excess = too_many(unsigned, len(beside), depth, signature.where) if any_to_read else None
        if excess is not None:
            yield UnreadSignature(id="", place=self.place, findings=(excess,))
            return
        for counter in (*self._inside(unsigned, signature.where), *beside):
            if isinstance(counter, UnreadSignature):
                yield counter
            else:
                yield self._signature(counter, signature, depth + 1)
        displaced = _displaced(signature)
        if displaced is not None:
            yield UnreadSignature(id="", place=self.place, findings=(displaced,))

    def _inside(self, unsigned: UnsignedProperties, place: str) -> Iterator[etree._Element | UnreadSignature]:
        for number, counter in enumerate(unsigned.counter_signatures, 1):
            try:
                yield check_shape(
                    counter, required=(ds("Signature"),), place=f"{place}, CounterSignature {number}"
                )[0]
            except Rejected as rejected:
                yield UnreadSignature(id="", place=self.place, findings=rejected.findings)


def _displaced(signature: XadesSignature) -> Finding | None:
    """Signatures in this one that stand where none is looked for; each counter-signature answers for what is in itself."""
    read = {node for counter in signature.unsigned.counter_signatures for node in counter.iter(*_SIGNATURES)}
    found = (
        f"{local_name(node.tag)} in {local_name(parent.tag)}"
        for node in signature.element.iterdescendants(*_SIGNATURES)
        if (parent := node.getparent()) is not None and node not in read
    )
    places = ", ".join(dict.fromkeys(islice(found, 12)))
    if not places:
        return None
    return Finding(
        code=Code.SIGNATURE_COUNTERSIGNED,
        severity=Severity.UNKNOWN,
        place=signature.where,
        expected="counter-signatures only in the property that is meant for them, or beside the signature",
        got=places,
    )


def _with_hints(counter: XadesSignature, countersigned: XadesSignature) -> XadesSignature:
    """What came with the countersigned signature may help: certificates and revocation data prove themselves."""
    own, other = counter.unsigned, countersigned.unsigned
    certificates = (*own.certificates, *countersigned.certificates, *other.certificates)
    unsigned = replace(
        own,
        certificates=tuple(dict.fromkeys(certificates)),
        crls=tuple(dict.fromkeys((*own.crls, *other.crls))),
        ocsps=tuple(dict.fromkeys((*own.ocsps, *other.ocsps))),
    )
    return replace(counter, unsigned=unsigned)
