# SPDX-License-Identifier: EUPL-1.2
"""What an archive time-stamp stamps (EN 319 132-1 clause 5.5.2.2, the form that is not distributed).

In this order: the data of every reference, SignedInfo, SignatureValue, KeyInfo, the unsigned properties before the
time-stamp, every Object but the one with the properties. Files are streamed, so memory stays flat for large bundles.
"""

from collections.abc import Callable, Iterator
from hashlib import new as new_digest

from lxml import etree

from gateway.codes import Code
from gateway.stages.signature.coverage import Contents
from gateway.stages.signature.xades.reading import XadesSignature
from gateway.stages.signature.xades.unsigned_properties import Stamp
from gateway.stages.signature.xmldsig.names import ds, xades
from gateway.stages.signature.xmldsig.references import canonical, entry_name
from gateway.stages.signature.xmldsig.structure import elements, index_ids, refusal


def archive_imprint(stamp: Stamp, signature: XadesSignature, contents: Contents) -> Callable[[str], bytes]:
    """The digest of the stamped data by hashlib name. Calling it may raise ``Rejected``."""

    def imprint(algorithm: str) -> bytes:
        digest = new_digest(algorithm)
        for chunk in _stamped(stamp, signature, contents):
            digest.update(chunk)
        return digest.digest()

    return imprint


def _stamped(stamp: Stamp, signature: XadesSignature, contents: Contents) -> Iterator[bytes]:
    yield from _referenced(stamp, signature, contents)
    for tag in (ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")):
        element = signature.element.find(tag)
        if element is not None:
            yield canonical(element, stamp.canonicalization, stamp.place)
    parent = stamp.element.getparent()
    for unsigned in elements(parent) if parent is not None else ():
        if unsigned is stamp.element:
            break
        yield canonical(unsigned, stamp.canonicalization, stamp.place)
    for element in signature.element.findall(ds("Object")):
        if element.find(xades("QualifyingProperties")) is None:
            yield canonical(element, stamp.canonicalization, stamp.place)


def _referenced(stamp: Stamp, signature: XadesSignature, contents: Contents) -> Iterator[bytes]:
    ids: dict[str, etree._Element] | None = None
    for reference in signature.references:
        if reference.same_document:
            ids = ids or index_ids(signature.element.getroottree().getroot(), stamp.place)
            method = reference.canonicalization or stamp.canonicalization
            yield canonical(ids[reference.uri[1:]], method, stamp.place)
            continue
        name = contents.names.find(entry_name(reference.uri, stamp.place))
        if name is None:
            raise refusal(
                Code.TIMESTAMP_INVALID, stamp.place, expected="every signed file", got=reference.uri
            )
        yield from contents.stream(name)
