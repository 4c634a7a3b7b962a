# SPDX-License-Identifier: EUPL-1.2
"""The signature on a trusted list: ETSI TS 119 612 clause 5.7 and annex B, an enveloped XAdES signature over all of it.

What is read is what was signed: the content comes back as parsed anew from the very bytes that were digested, so
neither a second element with the right name nor anything beside the signature can be taken for the list.
KeyInfo is not looked at. The value has to verify under one of the certificates that the caller trusts for this list,
and nothing in the file can add to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected, own_words
from gateway.findings import Finding
from gateway.markup import parse
from gateway.model.trust import AlgorithmRule
from gateway.policy import XmlPolicy
from gateway.stages.signature.algorithms import DIGEST, check_algorithm
from gateway.stages.signature.certificates.certificate import digest_of
from gateway.stages.signature.certificates.strength import check_key
from gateway.stages.signature.qualified.lists.keyholder import Keyholder
from gateway.stages.signature.qualified.lists.names import ENVELOPED
from gateway.stages.signature.xades.value import check_signature_value
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE
from gateway.stages.signature.xmldsig.identifiers import SIGNATURES, SignatureMethod
from gateway.stages.signature.xmldsig.names import SIGNED_PROPERTIES_TYPE, ds
from gateway.stages.signature.xmldsig.references import (
    canonical,
    read_canonicalization,
    read_digest_method,
    read_reference,
)
from gateway.stages.signature.xmldsig.structure import (
    algorithm_of,
    base64_of,
    check_shape,
    elements,
    index_ids,
    only_child,
    refusal,
    refuse_comments,
)

_MAX_REFERENCES = 8
_METHODS = (ds("CanonicalizationMethod"), ds("SignatureMethod"))
_PARTS = (ds("Transforms"), ds("DigestMethod"), ds("DigestValue"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Envelope:
    """A list with its signature taken apart. Digests hold; whose value it is was not asked yet."""

    where: str
    method: SignatureMethod
    signed_info: bytes  # canonical
    value: bytes
    digests: frozenset[str]


def open_envelope(data: bytes, *, place: str, limits: XmlPolicy) -> tuple[Envelope, etree._Element]:
    """Take the signature off and check every digest; the list as parsed from the digested bytes. Raises ``Rejected``."""
    root = parse(data, place=place, limits=limits)
    signature = only_child(root, ds("Signature"), place)
    refuse_comments(signature, place)
    info = only_child(signature, ds("SignedInfo"), place)
    method = SIGNATURES.get(algorithm_of(only_child(info, _METHODS[1], place)))
    if method is None:
        raise refusal(Code.SIGNATURE_ALGORITHM, place, expected="a known signature algorithm")
    references = check_shape(info, required=_METHODS, optional=ds("Reference"), place=place)[2:]
    # All that is taken from inside the signature comes first: taking it off loses the namespaces around it.
    signed_info = canonical(info, read_canonicalization(only_child(info, _METHODS[0], place), place), place)
    value = base64_of(only_child(signature, ds("SignatureValue"), place), place)
    whole, digests = _check_own_parts(signature, references, root, place)
    if method.digest:
        digests.add(method.digest)
    digests.add(read_digest_method(only_child(whole, _PARTS[1], place), place))
    content = _whole_document(root, signature, whole, place)
    envelope = Envelope(
        where=place,
        method=method,
        signed_info=signed_info,
        value=value,
        digests=frozenset(digests),
    )
    return envelope, parse(content, place=place, limits=limits)


def signer_of(
    envelope: Envelope, trusted: Sequence[Keyholder], *, rules: Sequence[AlgorithmRule], issued: datetime
) -> Keyholder:
    """The one of ``trusted`` who signed, valid when the list was issued. Raises ``Rejected``.

    A renewed certificate keeps its key now and then, so one that is out of date does not end the search.
    """
    findings: list[Finding] = []
    for holder in trusted:
        fault = check_signature_value(envelope, holder.key)
        found = _rule_findings(envelope, holder, rules, issued) if fault is None else [fault]
        if not found:
            return holder
        findings = found if fault is None else findings or found
    if not findings:
        raise refusal(Code.SIGNER_BINDING, envelope.where, expected="certificates for this list", got="none")
    raise Rejected(findings)


def _rule_findings(
    envelope: Envelope, holder: Keyholder, rules: Sequence[AlgorithmRule], issued: datetime
) -> list[Finding]:
    place = envelope.where
    found = [
        check_algorithm(rules, name, DIGEST, 0, issued, place=place) for name in sorted(envelope.digests)
    ]
    found.append(check_key(rules, envelope.method.algorithm, holder.key, issued, place=place))
    if not holder.not_before <= issued <= holder.not_after:
        expected = f"within the signer's {holder.not_before.isoformat()} to {holder.not_after.isoformat()}"
        got = issued.isoformat()
        found.append(Finding(code=Code.SIGNER_BINDING, place=place, expected=expected, got=got))
    return [finding for finding in found if finding is not None]


def _check_own_parts(
    signature: etree._Element, references: Sequence[etree._Element], root: etree._Element, place: str
) -> tuple[etree._Element, set[str]]:
    """The reference to the whole list, and the digests of the others, which have to point into the signature."""
    whole = [r for r in references if r.get("URI") in {"", *_own_address(root)}]
    others = [r for r in references if r not in whole]
    typed = [r for r in others if r.get("Type") == SIGNED_PROPERTIES_TYPE]
    if len(whole) != 1 or len(typed) != 1 or len(references) > _MAX_REFERENCES:
        raise refusal(
            Code.SIGNATURE_STRUCTURE,
            place,
            expected="one reference to the whole list and one to the signed properties",
            got=f"{len(whole)} and {len(typed)}",
        )
    ids, digests = index_ids(root, place), set()
    for element in others:
        reference = read_reference(element, place)
        target = ids.get(reference.uri.removeprefix("#"))
        if not reference.same_document or target is None or signature not in target.iterancestors():
            raise refusal(
                Code.SIGNATURE_REFERENCE, place, expected="a part of the signature", got=reference.uri
            )
        found = digest_of(reference.digest, canonical(target, reference.canonicalization, place))
        _check_digest(reference.value, found, reference.place)
        digests.add(reference.digest)
    return whole[0], digests


def _own_address(root: etree._Element) -> set[str]:
    return {f"#{root.get(name)}" for name in ("Id", "ID", "id") if root.get(name)}


def _whole_document(
    root: etree._Element, signature: etree._Element, reference: etree._Element, place: str
) -> bytes:
    """The canonical bytes of everything but the signature, digested. The only place with an enveloped transform."""
    transforms, method, value = check_shape(reference, required=_PARTS, place=place)
    steps = [step for step in elements(transforms) if step.tag == ds("Transform")]
    if len(steps) != 2 or len(transforms) != 2 or algorithm_of(steps[0]) != ENVELOPED or len(steps[0]):
        raise refusal(Code.SIGNATURE_TRANSFORM, place, expected="enveloped-signature, then one C14N")
    canonicalization = read_canonicalization(steps[1], place)
    digest, expected = read_digest_method(method, place), base64_of(value, place)
    _take_off(root, signature)
    # Of the document for URI="", so that what stands outside of the root element is digested with it.
    node = root.getroottree() if reference.get("URI") == "" else root
    try:
        content = etree.tostring(
            node,
            method="c14n",
            exclusive=canonicalization.method.startswith(EXCLUSIVE),
            with_comments=False,  # "" and "#id" leave them out, whatever the method says (clause 4.4.3.3)
            inclusive_ns_prefixes=list(canonicalization.prefixes) or None,
        )
    except (etree.LxmlError, ValueError) as error:
        raise refusal(
            Code.SIGNATURE_TRANSFORM, place, expected="XML to canonicalise", got=own_words(error)
        ) from error
    _check_digest(expected, digest_of(digest, content), place)
    return content


def _take_off(root: etree._Element, signature: etree._Element) -> None:
    """Remove the signature and nothing else: lxml would take the text behind it along, which is the list's."""
    before = signature.getprevious()
    if before is None:
        root.text = (root.text or "") + (signature.tail or "")
    else:
        before.tail = (before.tail or "") + (signature.tail or "")
    root.remove(signature)


def _check_digest(expected: bytes, got: bytes, place: str) -> None:
    if expected != got:
        wanted = "the list as it was signed"
        raise refusal(Code.SIGNATURE_DIGEST_MISMATCH, place, expected=wanted, got="another digest")
