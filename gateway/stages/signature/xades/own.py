# SPDX-License-Identifier: EUPL-1.2
"""The parts of a XAdES signature that it signs itself: SignedProperties, KeyInfo, Objects. Here wrapping attacks die.

The properties are found by structure; the reference marked as theirs has to resolve to that very node; every other
reference into the file has to stay inside its own signature.
"""

from collections.abc import Mapping
from hashlib import new as new_digest
from hmac import compare_digest

from lxml import etree

from gateway.codes import Code
from gateway.findings import Finding
from gateway.stages.signature.xmldsig.names import COUNTER_SIGNATURE_TYPE, SIGNED_PROPERTIES_TYPE, ds, xades
from gateway.stages.signature.xmldsig.references import Reference, canonical
from gateway.stages.signature.xmldsig.structure import named, refusal

_PLACE = xades("UnsignedSignatureProperties")


def qualifying_properties(signature: etree._Element, own_id: str, place: str) -> etree._Element | None:
    """By structure: Signature / Object / QualifyingProperties, once, and no second one hidden anywhere below."""
    found = [q for obj in named(signature, ds("Object")) for q in named(obj, xades("QualifyingProperties"))]
    if not found:
        return None
    tags = ("QualifyingProperties", "SignedProperties", "QualifyingPropertiesReference")
    counts = {tag: _own_descendants(signature, xades(tag)) for tag in tags}
    if len(found) != 1 or counts["QualifyingProperties"] != 1 or counts["SignedProperties"] > 1:
        raise refusal(
            Code.SIGNATURE_STRUCTURE, place, expected="one QualifyingProperties with one SignedProperties"
        )
    if counts["QualifyingPropertiesReference"]:
        raise refusal(Code.SIGNATURE_REFERENCE, place, expected="no QualifyingPropertiesReference")
    if not own_id or found[0].get("Target") != f"#{own_id}":
        raise refusal(
            Code.SIGNATURE_STRUCTURE,
            place,
            expected="QualifyingProperties whose Target is this signature",
            got=found[0].get("Target", "no Target"),
        )
    return found[0]


def _own_descendants(signature: etree._Element, tag: str) -> int:
    """How often a name occurs below, counter-signatures (which have properties of their own) left out."""
    return sum(1 for node in signature.iter(tag) if not _countersigning(node, signature))


def _countersigning(node: etree._Element, signature: etree._Element) -> bool:
    """Does it belong to a counter-signature below? Only one in the place of one counts: elsewhere things could hide in it."""
    for ancestor in node.iterancestors(xades("CounterSignature"), ds("Signature")):
        if ancestor is signature:
            return False
        parent = ancestor.getparent()
        if ancestor.tag == xades("CounterSignature") and parent is not None and parent.tag == _PLACE:
            return True
    return False


def check_properties_reference(
    properties: etree._Element | None,
    references: tuple[Reference, ...],
    ids: Mapping[str, etree._Element],
    place: str,
) -> None:
    """The reference marked as that of the signed properties has to resolve to the very node found by structure."""
    marked = [reference for reference in references if reference.type == SIGNED_PROPERTIES_TYPE]
    if properties is None and not marked:
        return
    if properties is None or len(marked) != 1 or ids.get(marked[0].uri.removeprefix("#")) is not properties:
        raise refusal(
            Code.SIGNATURE_REFERENCE,
            place,
            expected="one reference to the SignedProperties of this signature",
            got=", ".join(reference.uri for reference in marked[:4]) or "none",
        )


def own_digest_findings(
    signature: etree._Element,
    references: tuple[Reference, ...],
    ids: Mapping[str, etree._Element],
    place: str,
    countersigned: etree._Element | None = None,
) -> list[Finding]:
    """Digests of the references into the signature file itself; each has to stay inside its own signature.

    Only a counter-signature reaches out, to the one value it is known to sign (EN 319 132-1 clause 5.2.7).
    """
    findings: list[Finding] = []
    for reference in references:
        typed = reference.type == COUNTER_SIGNATURE_TYPE
        if not (reference.same_document or typed):
            continue
        target = ids.get(reference.uri[1:]) if reference.same_document else None
        if typed and (countersigned is None or target is not countersigned):
            expected = "the value of the signature that is countersigned"
            raise refusal(Code.SIGNATURE_REFERENCE, place, expected=expected, got=reference.uri)
        if target is None or not (target is countersigned or _inside(target, signature)):
            raise refusal(
                Code.SIGNATURE_REFERENCE, place, expected="an Id inside this signature", got=reference.uri
            )
        data = canonical(target, reference.canonicalization, reference.place)
        if not compare_digest(new_digest(reference.digest, data).digest(), reference.value):
            findings.append(
                Finding(
                    code=Code.SIGNATURE_DIGEST_MISMATCH,
                    place=place,
                    expected="the digest that was signed",
                    got=f"another digest of {reference.uri}",
                )
            )
    return findings


def _inside(target: etree._Element, signature: etree._Element) -> bool:
    """SignedInfo and SignatureValue cannot sign themselves, so only KeyInfo and Object count."""
    node: etree._Element | None = target
    while node is not None and node.getparent() is not signature:
        node = node.getparent()
    return node is not None and node.tag in {ds("KeyInfo"), ds("Object")}
