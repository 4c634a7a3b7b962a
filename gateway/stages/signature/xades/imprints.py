# SPDX-License-Identifier: EUPL-1.2
"""What the time-stamps of XAdES stamp (EN 319 132-1 clauses 5.2.8, 5.3 and 5.5.2.2, the form that is not distributed).

Content: the data of all references but that of the signed properties, or of those it includes. Signature: the value.
Archive, in this order: the data of every reference, SignedInfo, SignatureValue, KeyInfo, the unsigned properties before
the time-stamp, every Object but the one with the properties. Files are read once more
(``rereading``), in flat memory.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import new as new_digest
from itertools import takewhile

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.model.signature import StampKind
from gateway.stages.signature.coverage import Contents
from gateway.stages.signature.rereading import Digest, Rereading, not_reread
from gateway.stages.signature.xades.reading import XadesSignature
from gateway.stages.signature.xades.stamp_properties import Stamp
from gateway.stages.signature.xmldsig.names import SIGNED_PROPERTIES_TYPE, ds, xades
from gateway.stages.signature.xmldsig.references import Reference, canonical, entry_name
from gateway.stages.signature.xmldsig.structure import elements, index_ids, refusal


def imprint_of(stamp: Stamp, signature: XadesSignature, contents: Contents) -> Callable[[str], bytes]:
    """The digest of the stamped data by hashlib name. Calling it may raise ``Rejected``."""

    def imprint(algorithm: str) -> bytes:
        references = _stamped_references(stamp, signature)
        files = tuple(takewhile(lambda reference: not reference.same_document, references))
        digest: Digest = new_digest(algorithm)
        if files:
            names = tuple(_name(reference, stamp, contents) for reference in files)
            digest = _again(contents, stamp).digest_over(names, algorithm, place=stamp.place)
        for chunk in _referenced(references[len(files) :], stamp, signature, contents):
            digest.update(chunk)
        for element in _elements(stamp, signature):
            digest.update(canonical(element, stamp.canonicalization, stamp.place))
        return digest.digest()

    return imprint


def needs_files(stamp: Stamp, signature: XadesSignature) -> bool:
    """Are files to be read once more?"""
    over_files = any(not reference.same_document for reference in signature.references)
    return over_files and stamp.kind is not StampKind.SIGNATURE


def _stamped_references(stamp: Stamp, signature: XadesSignature) -> Sequence[Reference]:
    """Those whose data are stamped, in this order."""
    references = signature.references
    if stamp.kind is StampKind.SIGNATURE:
        return ()
    if stamp.kind is StampKind.ARCHIVE:
        return references
    if stamp.references is None:
        return [r for r in references if r.type != SIGNED_PROPERTIES_TYPE]
    known = {reference.id: reference for reference in references if reference.id}
    unknown = [own_id for own_id in stamp.references if own_id not in known]
    if unknown:
        expected = "references of this signature"
        raise refusal(Code.TIMESTAMP_INVALID, stamp.place, expected=expected, got=unknown[0])
    return [known[own_id] for own_id in dict.fromkeys(stamp.references)]


def _elements(stamp: Stamp, signature: XadesSignature) -> Iterator[etree._Element]:
    """The elements that are stamped behind the data of references."""
    if stamp.kind is StampKind.SIGNATURE:
        yield next(signature.element.iterchildren(ds("SignatureValue")))
    if stamp.kind is not StampKind.ARCHIVE:
        return
    for tag in (ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")):
        element = signature.element.find(tag)
        if element is not None:
            yield element
    parent = stamp.element.getparent()
    yield from takewhile(lambda e: e is not stamp.element, elements(parent) if parent is not None else ())
    for element in signature.element.findall(ds("Object")):
        if element.find(xades("QualifyingProperties")) is None:
            yield element


def _referenced(
    references: Iterable[Reference], stamp: Stamp, signature: XadesSignature, contents: Contents
) -> Iterator[bytes]:
    ids: dict[str, etree._Element] | None = None
    for reference in references:
        if reference.same_document:
            ids = ids or index_ids(signature.element.getroottree().getroot(), stamp.place)
            method = reference.canonicalization or stamp.canonicalization
            yield canonical(ids[reference.uri[1:]], method, stamp.place)
        else:
            name = _name(reference, stamp, contents)
            yield from _again(contents, stamp).stream(name, place=stamp.place)


def _name(reference: Reference, stamp: Stamp, contents: Contents) -> str:
    name = contents.names.find(entry_name(reference.uri, stamp.place))
    if name is None:
        raise refusal(Code.TIMESTAMP_INVALID, stamp.place, expected="every signed file", got=reference.uri)
    return name


def _again(contents: Contents, stamp: Stamp) -> Rereading:
    if contents.again is None:
        raise Rejected([not_reread(stamp.place)])
    return contents.again
