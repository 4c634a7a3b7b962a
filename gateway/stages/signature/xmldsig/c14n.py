# SPDX-License-Identifier: EUPL-1.2
"""Canonical XML of one element: the bytes that XML signatures are computed over.

Every caller gets them here, so that one known fault of lxml is mended once: ``tostring(method="c14n")`` of an element
inside a tree writes a spurious ``xmlns=""`` two levels down when an ancestor declares the default namespace. The element
is therefore serialised and parsed again before it is canonicalised.
Leaves out which method is acceptable where; unknown methods raise.
"""

from xml.parsers import expat

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected, own_words
from gateway.findings import Finding
from gateway.markup import new_parser

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_INCLUSIVE = frozenset(
    {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11"}
)
# Comments and processing instructions are refused inside ds:Signature, so both families give the same bytes there.
_WITH_COMMENTS = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments": "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments": EXCLUSIVE,
}
METHODS = frozenset({*_INCLUSIVE, *_WITH_COMMENTS, EXCLUSIVE})
_XML_ATTRIBUTE = "{http://www.w3.org/XML/1998/namespace}"
# libxml2's C14N takes, for every node, the square of the declarations it stands under: 25 KB held a worker for minutes.
# Signatures of eight products have at most 5.
_MOST_DECLARATIONS = 24


def canonicalize(
    element: etree._Element, method: str, *, prefixes: tuple[str, ...] = (), place: str = ""
) -> bytes:
    """Canonical form of ``element``. ``prefixes`` is the PrefixList of exclusive C14N.

    Raises ``Rejected`` where libxml2 cannot do it (relative namespace names: the "void canonicalisation" attacks), where
    lxml would do it wrong (xml:* attributes inherited from ancestors under inclusive C14N) or where it would take minutes.
    """
    base = _WITH_COMMENTS.get(method, method)
    if base not in METHODS:
        raise Rejected([Finding(code=Code.SIGNATURE_TRANSFORM, place=place, expected="C14N", got=method)])
    if base in _INCLUSIVE and _inherits_xml_attributes(element):
        raise Rejected(
            [
                Finding(
                    code=Code.SIGNATURE_TRANSFORM,
                    place=place,
                    expected="no xml:* attributes above the signed element",
                    got=method,
                )
            ]
        )
    try:
        serialized = etree.tostring(element, with_tail=False, encoding="UTF-8")
        _check_declarations(serialized, place)
        alone = etree.fromstring(serialized, new_parser())
        if base == EXCLUSIVE:
            return etree.tostring(
                alone,
                method="c14n",
                exclusive=True,
                with_comments=False,
                inclusive_ns_prefixes=list(prefixes) or None,
            )
        return etree.tostring(alone, method="c14n", exclusive=False, with_comments=False)
    except (etree.LxmlError, expat.ExpatError, ValueError) as error:
        raise Rejected(
            [
                Finding(
                    code=Code.SIGNATURE_TRANSFORM,
                    place=place,
                    expected="XML that can be canonicalised",
                    got=own_words(error),
                )
            ]
        ) from error


def _check_declarations(serialized: bytes, place: str) -> None:
    if serialized.count(b"xmlns") <= _MOST_DECLARATIONS:
        return
    most = _most_declarations(serialized)
    if most > _MOST_DECLARATIONS:
        expected = f"at most {_MOST_DECLARATIONS} namespace declarations above one element"
        raise Rejected([Finding(code=Code.XML_LIMITS, place=place, expected=expected, got=str(most))])


def _most_declarations(serialized: bytes) -> int:
    """The most namespace declarations that any element stands under, its own and repeated ones included."""
    open_now = most = 0

    def opened(_prefix: str | None, _uri: str | None) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)

    def closed(_prefix: str | None) -> None:
        nonlocal open_now
        open_now -= 1

    counter = expat.ParserCreate(namespace_separator=" ")
    counter.StartNamespaceDeclHandler = opened
    counter.EndNamespaceDeclHandler = closed
    counter.Parse(serialized, True)
    return most


def _inherits_xml_attributes(element: etree._Element) -> bool:
    return any(
        str(name).startswith(_XML_ATTRIBUTE)
        for ancestor in element.iterancestors()
        for name in ancestor.attrib
    )
