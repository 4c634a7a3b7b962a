# SPDX-License-Identifier: EUPL-1.2
"""Counter-signatures in XAdES files (EN 319 132-1 clause 5.2.7): which signature signs the value of which, and nothing else.

Two forms: inside the CounterSignature property of the countersigned signature, and beside it in the same file, told by
the Type of a reference. Leaves out what a counter-signature is worth: it is read and judged as any signature is.
"""

from collections.abc import Iterable, Mapping, Sequence

from lxml import etree

from gateway.codes import Code
from gateway.findings import Finding
from gateway.stages.signature.countersigned import excess
from gateway.stages.signature.xades.unsigned_properties import UnsignedProperties
from gateway.stages.signature.xmldsig.names import COUNTER_SIGNATURE_TYPE, ds, xades
from gateway.stages.signature.xmldsig.references import Reference

_MARKED = etree.XPath(
    "ds:SignedInfo/ds:Reference[@Type = $type]/@URI",
    namespaces={"ds": ds("")[1:-1]},
    smart_strings=False,
)


def value_findings(
    references: Sequence[Reference],
    ids: Mapping[str, etree._Element],
    countersigned: etree._Element,
    place: str,
) -> list[Finding]:
    """It signs the value, once, and no file: what it said of files would look like a second signature over them."""
    over = [r for r in references if r.same_document and ids.get(r.uri[1:]) is countersigned]
    findings = [
        Finding(
            code=Code.SIGNATURE_REFERENCE,
            place=place,
            expected="a counter-signature over a signature value, and over no file",
            got=reference.uri,
        )
        for reference in references
        if not reference.same_document
    ]
    if len(over) != 1:
        findings.append(
            Finding(
                code=Code.SIGNATURE_REFERENCE,
                place=place,
                expected="one reference to the value of the signature that is countersigned",
                got=str(len(over)),
            )
        )
    return findings


def standing_beside(
    signatures: Iterable[etree._Element], ids: Mapping[str, etree._Element]
) -> dict[etree._Element, list[etree._Element]]:
    """Counter-signatures that stand beside what they countersign, by the signature whose value they say they sign.

    Whether that signature leads to one over files, or only round in a circle, shows when the file is read from there.
    """
    found: dict[etree._Element, list[etree._Element]] = {}
    for signature in signatures:
        uris = _MARKED(signature, type=COUNTER_SIGNATURE_TYPE)
        target = ids.get(uris[0][1:]) if uris and uris[0].startswith("#") else None
        parent = None if target is None or target.tag != ds("SignatureValue") else target.getparent()
        if parent is not None and parent.tag == ds("Signature"):
            found.setdefault(parent, []).append(signature)
    return found


def too_many(unsigned: UnsignedProperties, beside: int, depth: int, place: str) -> Finding | None:
    """A bound before any of them is read, those inside one another included."""
    inside = () if unsigned.element is None else unsigned.element.iter(xades("CounterSignature"))
    return excess(beside + sum(1 for _ in inside), depth, place)
