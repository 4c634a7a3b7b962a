# SPDX-License-Identifier: EUPL-1.2
"""``ds:Reference``: what it points at, how that is digested, and the entry name behind a URI.

The allow-list of EN 319 132-1 for containers, made narrow: an entry name, or an Id inside the same signature; at most
one transform, and that a canonicalisation. XSLT, XPath, base64, decryption and enveloped signatures are refused, and so is
every URI with a scheme, unopened.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

from lxml import etree

from gateway.codes import Code
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE, METHODS, canonicalize
from gateway.stages.signature.xmldsig.identifiers import DIGESTS
from gateway.stages.signature.xmldsig.names import ds
from gateway.stages.signature.xmldsig.structure import (
    algorithm_of,
    base64_of,
    check_shape,
    elements,
    refusal,
)

_WITHOUT_TRANSFORMS = (ds("DigestMethod"), ds("DigestValue"))
_WITH_TRANSFORMS = (ds("Transforms"), *_WITHOUT_TRANSFORMS)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLAIN_NAME = re.compile(
    r"[A-Za-z0-9_-][A-Za-z0-9._-]*+(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*+)*+"
).fullmatch  # as it stands
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonicalization:
    """A C14N method with the PrefixList of exclusive C14N."""

    method: str
    prefixes: tuple[str, ...] = ()


class Reference(NamedTuple):
    """One reference. ``canonicalization`` is ``None`` where the octets themselves are digested."""

    id: str
    uri: str
    type: str
    digest: str  # hashlib name
    value: bytes
    canonicalization: Canonicalization | None
    place: str

    @property
    def same_document(self) -> bool:
        """Does it point into the signature file itself?"""
        return self.uri.startswith("#")


def read_reference(element: etree._Element, place: str) -> Reference:
    """One ``ds:Reference``. Raises ``Rejected`` for anything outside the allow-lists."""
    uri = element.get("URI")
    where = f"{place}, reference {uri}"
    shape = _WITH_TRANSFORMS if len(element) > len(_WITHOUT_TRANSFORMS) else _WITHOUT_TRANSFORMS
    *transforms, method, value = check_shape(element, required=shape, place=where)
    if not uri:
        raise refusal(Code.SIGNATURE_REFERENCE, where, expected="the name of an entry or an Id", got="none")
    canonicalization = _transform(transforms[0], where) if transforms else None
    if canonicalization is not None and not uri.startswith("#"):
        # Business data is read from the bytes of the entry, so these very bytes have to be what was digested.
        raise refusal(
            Code.SIGNATURE_TRANSFORM, where, expected="no transform on a file", got=canonicalization.method
        )
    return Reference(
        id=element.get("Id", ""),
        uri=uri,
        type=element.get("Type", ""),
        digest=read_digest_method(method, where),
        value=base64_of(value, where),
        canonicalization=canonicalization,
        place=where,
    )


def read_digest_method(method: etree._Element, place: str) -> str:
    """Name in hashlib of a ``ds:DigestMethod``."""
    name = DIGESTS.get(algorithm_of(method))
    if name is None or len(method):
        raise refusal(
            Code.SIGNATURE_ALGORITHM, place, expected="a known digest algorithm", got=algorithm_of(method)
        )
    return name


def read_canonicalization(element: etree._Element, place: str) -> Canonicalization:
    """A CanonicalizationMethod or a Transform that is one; any other algorithm is refused."""
    method = algorithm_of(element)
    if method not in METHODS:
        raise refusal(Code.SIGNATURE_TRANSFORM, place, expected="C14N 1.0, 1.1 or exclusive C14N", got=method)
    parameters = elements(element)
    tag = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
    if not parameters:
        return Canonicalization(method=method)
    if len(parameters) > 1 or parameters[0].tag != tag or not method.startswith(EXCLUSIVE):
        raise refusal(Code.SIGNATURE_TRANSFORM, place, expected="no parameters", got=method)
    return Canonicalization(method=method, prefixes=tuple(parameters[0].get("PrefixList", "").split()))


def canonical(element: etree._Element, method: Canonicalization | None, place: str) -> bytes:
    """Canonical bytes; without a transform XML Signature 1.1 clause 4.4.3.2 says inclusive C14N 1.0."""
    chosen = method or Canonicalization(method="http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    return canonicalize(element, chosen.method, prefixes=chosen.prefixes, place=place)


def _transform(transforms: etree._Element, place: str) -> Canonicalization | None:
    found = elements(transforms)
    if any(element.tag != ds("Transform") for element in found):
        raise refusal(Code.SIGNATURE_STRUCTURE, place, expected="only Transform in Transforms")
    if len(found) > 1:
        raise refusal(
            Code.SIGNATURE_TRANSFORM,
            place,
            expected="at most one transform",
            got=", ".join(algorithm_of(element) for element in found[:4]),
        )
    return read_canonicalization(found[0], place) if found else None


def entry_name(uri: str, place: str) -> str:
    """The entry name a URI means: percent-decoded once, "+" stays "+" (RFC 3986; forms encode spaces so, URIs never)."""
    if _PLAIN_NAME(uri):
        return uri
    if _SCHEME.match(uri) or uri.startswith("/") or any(c in uri for c in "#?\\"):
        raise refusal(Code.SIGNATURE_REFERENCE, place, expected="the relative name of an entry", got=uri)
    if _BROKEN_ESCAPE.search(uri):
        raise refusal(Code.SIGNATURE_REFERENCE, place, expected="valid percent-encoding", got=uri)
    try:
        name = unquote_to_bytes(uri).decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal(Code.SIGNATURE_REFERENCE, place, expected="UTF-8", got=uri) from error
    if any(part in {"", ".", ".."} for part in name.split("/")):
        raise refusal(Code.SIGNATURE_REFERENCE, place, expected="a name without . and ..", got=uri)
    return name


@dataclass(frozen=True, slots=True)
class EntryNames:
    """Finds the one entry a name means. Names that differ only in Unicode normalisation meet if the match is unique."""

    exact: frozenset[str]
    normalized: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, names: Collection[str]) -> "EntryNames":
        """Index names once; a look-up costs the same for ten entries and ten thousand."""
        normalized: dict[str, tuple[str, ...]] = {}
        for name in names:
            key = normalize("NFC", name)
            normalized[key] = (*normalized.get(key, ()), name)
        return cls(frozenset(names), normalized)

    def find(self, name: str) -> str | None:
        """The entry's own name, or ``None`` if none or more than one fits."""
        if name in self.exact:
            return name
        candidates = self.normalized.get(normalize("NFC", name), ())
        return candidates[0] if len(candidates) == 1 else None

    def resembles(self, name: str) -> bool:
        """Is there any entry whose name looks the same?"""
        return normalize("NFC", name) in self.normalized
