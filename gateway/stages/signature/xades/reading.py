# SPDX-License-Identifier: EUPL-1.2
"""One XAdES signature: an element -> a signature with one possible reading.

Covers EN 319 132-1 and XML Signature 1.1 as far as containers need them. Leaves out the file around it
(``xades.file``), entries (``coverage``), values (``xades.value``), trust and time (``xades.verdict``). Its
SignedProperties are the ones in its own ``ds:Object``; the reference marked as theirs has to resolve to exactly that node.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.xades.countersignature import value_findings
from gateway.stages.signature.xades.own import (
    check_properties_reference,
    own_digest_findings,
    qualifying_properties,
)
from gateway.stages.signature.xades.properties import SignedProperties, read_signed
from gateway.stages.signature.xades.unsigned_properties import UnsignedProperties, read_unsigned
from gateway.stages.signature.xmldsig.c14n import canonicalize
from gateway.stages.signature.xmldsig.identifiers import SIGNATURES, SignatureMethod
from gateway.stages.signature.xmldsig.names import ds, xades
from gateway.stages.signature.xmldsig.references import (
    Canonicalization,
    Reference,
    read_canonicalization,
    read_reference,
)
from gateway.stages.signature.xmldsig.structure import (
    algorithm_of,
    base64_of,
    check_shape,
    elements,
    first_named,
    local_name,
    named,
    only_child,
    optional_child,
    refusal,
    refuse_comments,
)

_WITHOUT_KEY_INFO = (ds("SignedInfo"), ds("SignatureValue"))
_WITH_KEY_INFO = (*_WITHOUT_KEY_INFO, ds("KeyInfo"))
_METHODS = (ds("CanonicalizationMethod"), ds("SignatureMethod"))
_DEREFERENCING = {ds("RetrievalMethod"), "{http://www.w3.org/2009/xmldsig11#}KeyInfoReference"}
MAX_OWN_REFERENCES = 16  # into the signature file itself; each may digest all of it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class XadesSignature:
    """One ``ds:Signature``, read. ``findings`` are faults that leave it checkable."""

    id: str
    place: str
    element: etree._Element
    canonicalization: Canonicalization
    method: SignatureMethod
    signed_info: bytes  # canonical
    value: bytes
    references: tuple[Reference, ...]
    certificates: tuple[bytes, ...]  # of KeyInfo, in order
    signed: SignedProperties | None
    unsigned: UnsignedProperties
    findings: tuple[Finding, ...] = ()
    countersigns: bool = False  # it signs the value of another signature, and no files
    counter_signatures: "tuple[XadesSignature | UnreadSignature, ...]" = ()

    @property
    def where(self) -> str:
        """The signature, for findings about it."""
        return _where(self.place, self.id, countersigns=self.countersigns)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadSignature:
    """A signature that has no single reading, or uses what we do not support."""

    id: str
    place: str
    findings: tuple[Finding, ...]


def read_signature(
    element: etree._Element,
    place: str,
    ids: Mapping[str, etree._Element],
    policy: SignaturePolicy,
    countersigned: etree._Element | None = None,
) -> XadesSignature | UnreadSignature:
    """One ``ds:Signature`` of the file ``place``. ``countersigned``: the ``ds:SignatureValue`` that it signs instead of files."""
    try:
        return _read_signature(element, place, ids, policy, countersigned)
    except Rejected as rejected:
        return UnreadSignature(id=element.get("Id", ""), place=place, findings=rejected.findings)


def _where(place: str, own_id: str, *, countersigns: bool) -> str:
    return f"{place}, {'counter-signature' if countersigns else 'signature'} {own_id}".rstrip()


def _read_signature(
    element: etree._Element,
    file: str,
    ids: Mapping[str, etree._Element],
    policy: SignaturePolicy,
    countersigned: etree._Element | None,
) -> XadesSignature:
    own_id = element.get("Id", "")
    place = _where(file, own_id, countersigns=countersigned is not None)
    refuse_comments(element, place)
    key_info = first_named(element, ds("KeyInfo"))
    required = _WITHOUT_KEY_INFO if key_info is None else _WITH_KEY_INFO
    check_shape(element, required=required, optional=ds("Object"), place=place)
    info = only_child(element, ds("SignedInfo"), place)
    c14n, signing, *pointers = check_shape(info, required=_METHODS, optional=ds("Reference"), place=place)
    canonicalization = read_canonicalization(c14n, place)
    method = _method(signing, place)
    references = _references(pointers, place, policy)
    qualifying = qualifying_properties(element, own_id, place)
    properties = None if qualifying is None else only_child(qualifying, xades("SignedProperties"), place)
    check_properties_reference(properties, references, ids, place)
    findings = own_digest_findings(element, references, ids, place, countersigned)
    if countersigned is not None:
        findings += value_findings(references, ids, countersigned, place)
    unsigned = None if qualifying is None else optional_child(qualifying, xades("UnsignedProperties"), place)
    if properties is None:
        findings.append(
            Finding(
                code=Code.SIGNATURE_PROPERTIES, place=place, expected="XAdES signed properties", got="none"
            )
        )
    return XadesSignature(
        id=own_id,
        place=file,
        element=element,
        canonicalization=canonicalization,
        method=method,
        signed_info=canonicalize(
            info, canonicalization.method, prefixes=canonicalization.prefixes, place=place
        ),
        value=base64_of(only_child(element, ds("SignatureValue"), place), place),
        references=references,
        certificates=_key_info(key_info, place),
        signed=None if properties is None else read_signed(properties, references, place),
        unsigned=read_unsigned(unsigned, place),
        findings=tuple(findings),
        countersigns=countersigned is not None,
    )


def _method(element: etree._Element, place: str) -> SignatureMethod:
    method = SIGNATURES.get(algorithm_of(element))
    # No parameters: HMACOutputLength (CVE-2009-0217) and RSAPSSParams would change what the name means.
    if method is None or elements(element):
        raise refusal(
            Code.SIGNATURE_ALGORITHM,
            place,
            expected="a known public-key signature algorithm without parameters",
            got=algorithm_of(element),
        )
    return method


def _references(
    found: Sequence[etree._Element], place: str, policy: SignaturePolicy
) -> tuple[Reference, ...]:
    if not 1 <= len(found) <= policy.max_references:
        raise refusal(
            Code.SIGNATURE_REFERENCE,
            place,
            expected=f"1 to {policy.max_references} references",
            got=str(len(found)),
        )
    references = tuple(read_reference(element, place) for element in found)
    uris = [reference.uri for reference in references]
    if len(set(uris)) != len(uris):
        twice = next(uri for uri, count in Counter(uris).items() if count > 1)
        raise refusal(Code.SIGNATURE_REFERENCE, place, expected="each file referenced once", got=twice)
    if sum(reference.same_document for reference in references) > MAX_OWN_REFERENCES:
        raise refusal(
            Code.SIGNATURE_REFERENCE,
            place,
            expected=f"at most {MAX_OWN_REFERENCES} references into the signature",
        )
    return references


def _key_info(element: etree._Element | None, place: str) -> tuple[bytes, ...]:
    if element is None:
        return ()
    for node in element.iter(*_DEREFERENCING):
        raise refusal(
            Code.SIGNATURE_REFERENCE, place, expected="a certificate in KeyInfo", got=local_name(node.tag)
        )
    found = (c for data in named(element, ds("X509Data")) for c in named(data, ds("X509Certificate")))
    return tuple(dict.fromkeys(base64_of(certificate, place) for certificate in found))
