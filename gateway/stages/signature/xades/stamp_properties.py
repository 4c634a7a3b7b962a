# SPDX-License-Identifier: EUPL-1.2
"""Time-stamp properties of XAdES (EN 319 132-1 clauses 5.1.4, 5.2.8, 5.3 and 5.5), read: whose token, over what.

Leaves out the digest of what is stamped (``imprints``) and every judgement (``stamps``).
"""

from dataclasses import dataclass

from lxml import etree

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.signature import StampKind
from gateway.stages.signature.xmldsig.names import ds, xades, xades141
from gateway.stages.signature.xmldsig.references import Canonicalization, read_canonicalization
from gateway.stages.signature.xmldsig.structure import base64_of, elements, local_name, named, refusal

_DEFAULT_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"  # EN 319 132-1 clause 5.1.4.4
_INDIVIDUAL = xades("IndividualDataObjectsTimeStamp")
SIGNED_STAMPS = {xades("AllDataObjectsTimeStamp"): StampKind.CONTENT, _INDIVIDUAL: StampKind.CONTENT}
UNSIGNED_STAMPS = {
    xades("SignatureTimeStamp"): StampKind.SIGNATURE,
    xades141("ArchiveTimeStamp"): StampKind.ARCHIVE,
}
_UNCHECKED = {  # forms of the past, and records of RFC 4998 and RFC 6283
    xades("ArchiveTimeStamp"): Code.ARCHIVE_TIMESTAMP_UNCHECKED,
    xades("SigAndRefsTimeStamp"): Code.ARCHIVE_TIMESTAMP_UNCHECKED,
    xades("RefsOnlyTimeStamp"): Code.ARCHIVE_TIMESTAMP_UNCHECKED,
    xades141("SigAndRefsTimeStampV2"): Code.ARCHIVE_TIMESTAMP_UNCHECKED,
    xades141("RefsOnlyTimeStampV2"): Code.ARCHIVE_TIMESTAMP_UNCHECKED,
    "{http://uri.etsi.org/19132/v1.1.1#}SealingEvidenceRecords": Code.EVIDENCE_RECORD_UNCHECKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time-stamp property: its token and how its input is canonicalised."""

    element: etree._Element
    kind: StampKind
    canonicalization: Canonicalization
    token: bytes
    place: str
    references: tuple[str, ...] | None = (
        None  # a content time-stamp over some: their Ids, in order; None: over all
    )


def read_stamp(element: etree._Element, kind: StampKind, place: str) -> Stamp:
    """One property. Raises ``Rejected`` where its shape leaves open what it stamps."""
    where = f"{place}, {local_name(element.tag)}"
    method = element.find(ds("CanonicalizationMethod"))
    tokens = named(element, xades("EncapsulatedTimeStamp"))
    includes = named(element, xades("Include"))
    individual = element.tag == _INDIVIDUAL
    if len(tokens) != 1 or bool(includes) is not individual:
        expected = "one EncapsulatedTimeStamp, Include only where it belongs"
        raise refusal(Code.TIMESTAMP_INVALID, where, expected=expected, got=f"{len(tokens)} tokens")
    return Stamp(
        element=element,
        kind=kind,
        canonicalization=Canonicalization(method=_DEFAULT_C14N)
        if method is None
        else read_canonicalization(method, where),
        token=base64_of(tokens[0], where),
        place=where,
        references=tuple(_included(include, where) for include in includes) if individual else None,
    )


def unchecked(parent: etree._Element, place: str) -> list[Finding]:
    """Forms that are named and not judged; nothing is concluded from them."""
    return [
        Finding(
            code=_UNCHECKED[str(child.tag)],
            severity=Severity.WARNING,
            place=place,
            got=local_name(child.tag),
        )
        for child in elements(parent)
        if child.tag in _UNCHECKED
    ]


def _included(include: etree._Element, place: str) -> str:
    """The Id of a reference whose data is stamped (clause 5.2.8.2)."""
    uri = include.get("URI", "")
    if not uri.startswith("#") or include.get("referencedData") not in {"true", "1"}:
        raise refusal(Code.TIMESTAMP_INVALID, place, expected="Include of the data of a reference", got=uri)
    return uri[1:]
