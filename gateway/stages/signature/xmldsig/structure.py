# SPDX-License-Identifier: EUPL-1.2
"""Shape of signature XML: which children, in which order, which Ids. Everything is found by place, never by name.

Signature wrapping (XSW) lives on readers that search a tree by name or by Id and find another node than the one that
was digested. Here a node is reached by walking down from its ``ds:Signature``, and an Id has to be unique in the file.
"""

import re
from binascii import a2b_base64
from collections.abc import Sequence

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding

_ID_NAMES = frozenset({"Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id"})
_XML_SPACE = re.compile(r"[ \t\r\n]+")


def refusal(code: Code, place: str, *, expected: str = "", got: str = "") -> Rejected:
    """A rejection with one finding."""
    return Rejected([Finding(code=code, place=place, expected=expected, got=got)])


def elements(parent: etree._Element) -> list[etree._Element]:
    """Child elements in order."""
    return [child for child in parent if isinstance(child.tag, str)]


def named(parent: etree._Element, tag: str) -> list[etree._Element]:
    """Child elements of one name, in order."""
    return list(parent.iterchildren(tag))


def first_named(parent: etree._Element, *tags: str) -> etree._Element | None:
    """The first child of one of these names."""
    return next(parent.iterchildren(*tags), None)


def only_child(parent: etree._Element, tag: str, place: str) -> etree._Element:
    """The one child with this name; none or several are refused."""
    found = named(parent, tag)
    if len(found) != 1:
        raise refusal(
            Code.SIGNATURE_STRUCTURE,
            place,
            expected=f"exactly one {local_name(tag)} in {local_name(parent.tag)}",
            got=str(len(found)),
        )
    return found[0]


def optional_child(parent: etree._Element, tag: str, place: str) -> etree._Element | None:
    """The child with this name, if there is one; several are refused."""
    return only_child(parent, tag, place) if first_named(parent, tag) is not None else None


def local_name(tag: object) -> str:
    """A tag for a reader."""
    return etree.QName(tag).localname if isinstance(tag, str) else "comment"


def text_of(element: etree._Element, place: str) -> str:
    """Text of an element that may hold nothing else."""
    if len(element):
        raise refusal(Code.SIGNATURE_STRUCTURE, place, expected=f"only text in {local_name(element.tag)}")
    return (element.text or "").strip()


def base64_of(element: etree._Element, place: str) -> bytes:
    """Bytes of a base64Binary element; XML white space is allowed, nothing else outside the alphabet."""
    text = _XML_SPACE.sub("", text_of(element, place))
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise refusal(
            Code.SIGNATURE_STRUCTURE, place, expected=f"base64 in {local_name(element.tag)}"
        ) from error


def algorithm_of(element: etree._Element) -> str:
    """The ``Algorithm`` attribute, "" if missing (which is in no allow-list)."""
    return str(element.get("Algorithm", ""))


def check_shape(
    parent: etree._Element, *, required: Sequence[str], optional: str = "", place: str
) -> list[etree._Element]:
    """Required children (tags) once and in this order, then any number of ``optional``; no other child, no stray text."""
    children = elements(parent)
    found = [child.tag for child in children]
    rest = found[len(required) :]
    if found[: len(required)] != list(required) or rest.count(optional) != len(rest):
        raise refusal(
            Code.SIGNATURE_STRUCTURE,
            place,
            expected=f"{', '.join(map(local_name, required))} in {local_name(parent.tag)}",
            got=", ".join(local_name(tag) for tag in found[:12]),
        )
    texts = [parent.text, *[child.tail for child in parent]]
    if any(text and text.strip() for text in texts):
        raise refusal(Code.SIGNATURE_STRUCTURE, place, expected=f"no text in {local_name(parent.tag)}")
    return children


def refuse_comments(element: etree._Element, place: str) -> None:
    """A comment splits text for readers but not for C14N (CVE-2025-29775: a comment inside DigestValue)."""
    for node in element.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity):
        raise refusal(
            Code.XML_COMMENT,
            f"{place}, line {node.sourceline}",
            expected="no comment, processing instruction or entity inside a signature",
        )


def index_ids(root: etree._Element, place: str) -> dict[str, etree._Element]:
    """Every Id of the file -> its element. One value twice is refused, whatever the attribute is called."""
    found: dict[str, etree._Element] = {}
    for element in root.iter():
        names = element.keys()
        if _ID_NAMES.isdisjoint(names):
            continue
        for value in {element.get(name, "") for name in _ID_NAMES.intersection(names)}:
            if value in found:
                raise refusal(Code.SIGNATURE_REFERENCE, place, expected="Ids used once", got=value)
            found[value] = element
    return found
