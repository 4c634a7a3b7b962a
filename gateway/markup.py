# SPDX-License-Identifier: EUPL-1.2
"""The one XML parser of the project.

Every byte of XML that came from outside passes ``parse``: UTF-8 only, no DOCTYPE, no entities, no network,
bounded size, depth, nodes and attributes. ``resolve_entities=False`` alone would keep an entity unresolved in the
tree (CVE family XXE), so a DOCTYPE is refused outright. ``huge_tree`` stays off: libxml2's own bounds hold as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.policy import XmlPolicy

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_MAX_FAULTS = 100  # a report must be readable, and bounded whatever is sent
_MAX_MESSAGE = 1_000  # characters
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32"}


def new_parser() -> etree.XMLParser:
    """A parser that cannot reach anything. The only call of ``XMLParser`` in the code base (guarded by a test)."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=False,
        remove_pis=False,
        remove_blank_text=False,
        strip_cdata=False,
    )


def parse(data: bytes, *, place: str, limits: XmlPolicy) -> etree._Element:
    """Bytes -> root element. Raises ``Rejected`` (``xml-*`` codes); ``place`` names the file in findings."""
    _check_size(data, place, limits)
    _check_encoding(data, place)
    try:
        root = etree.fromstring(data, new_parser())
    except etree.XMLSyntaxError as error:
        raise Rejected([_syntax_finding(error, place)]) from error
    except ValueError as error:
        raise Rejected([Finding(code=Code.XML_MALFORMED, place=place, got=str(error))]) from error
    tree = root.getroottree()
    if tree.docinfo.doctype:
        raise Rejected([Finding(code=Code.XML_DOCTYPE, place=place, expected="no document type declaration")])
    declared = tree.docinfo.encoding or "UTF-8"
    if declared.upper() not in {"UTF-8", "ASCII", "US-ASCII"}:
        raise Rejected([Finding(code=Code.XML_ENCODING, place=place, expected="UTF-8", got=declared)])
    _check_bounds(root, place, limits)
    return root


def _check_size(data: bytes, place: str, limits: XmlPolicy) -> None:
    tags = (
        2 * limits.max_nodes
    )  # a node is opened and closed; counted before libxml2 makes 20 bytes of every byte
    for what, bound, got in (("bytes", limits.max_bytes, len(data)), ("tags", tags, data.count(b"<"))):
        if got > bound:
            finding = Finding(
                code=Code.XML_LIMITS, place=place, expected=f"at most {bound} {what}", got=f"{got} {what}"
            )
            raise Rejected([finding])


def _check_encoding(data: bytes, place: str) -> None:
    for bom, name in _BOMS.items():
        if data.startswith(bom):
            raise Rejected([Finding(code=Code.XML_ENCODING, place=place, expected="UTF-8", got=name)])
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Rejected(
            [
                Finding(
                    code=Code.XML_ENCODING,
                    place=f"{place}, byte {error.start}",
                    expected="UTF-8",
                    got="other bytes",
                )
            ]
        ) from error


def _syntax_finding(error: etree.XMLSyntaxError, place: str) -> Finding:
    message = str(error.msg or error)
    where = f"{place}, line {error.lineno}" if error.lineno else place
    lowered = message.lower()
    if any(
        word in lowered
        for word in ("excessive depth", "too long", "amplification", "limit", "huge", "nesting")
    ):
        return Finding(code=Code.XML_LIMITS, place=where, expected="XML within libxml2's bounds", got=message)
    if any(word in lowered for word in ("entity", "doctype", "dtd", "internal subset")):
        return Finding(
            code=Code.XML_DOCTYPE, place=where, expected="no document type declaration", got=message
        )
    return Finding(code=Code.XML_MALFORMED, place=where, expected="well-formed XML", got=message)


def _check_bounds(root: etree._Element, place: str, limits: XmlPolicy) -> None:
    # Not `iterwalk`: it is quadratic in the number of comments that stand side by side.
    ancestors: list[etree._Element] = []
    for nodes, node in enumerate(root.iter(), start=1):
        parent = node.getparent()
        while ancestors and ancestors[-1] is not parent:
            ancestors.pop()
        ancestors.append(node)
        exceeded = _exceeded(nodes, len(ancestors), node, limits)
        if exceeded:
            raise Rejected([Finding(code=Code.XML_LIMITS, place=place, expected=exceeded, got="more")])


def _exceeded(nodes: int, depth: int, node: etree._Element, limits: XmlPolicy) -> str:
    if nodes > limits.max_nodes:
        return f"at most {limits.max_nodes} nodes"
    if depth > limits.max_depth:
        return f"depth at most {limits.max_depth}"
    if len(node.attrib) > limits.max_attributes:
        return f"at most {limits.max_attributes} attributes"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFault:
    """One place where a document does not obey its schema."""

    path: str  # /dossier/employer/establishmentAgs, /dossier/documents/document[3]/type
    message: str  # libxml2's, without namespaces
    expected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSchema:
    """An XSD ready for use, made from pinned bytes by ``gateway.catalogue``. Validation itself is libxml2's.

    libxml2's regular expressions stay linear where backtracking engines explode; its only known memory bugs sit in
    identity constraints, which our schemas do not use.
    """

    name: str
    namespace: str
    xsd: etree.XMLSchema

    def faults(self, root: etree._Element) -> tuple[SchemaFault, ...]:
        """Every fault of a document that came from ``parse``; empty if it is valid."""
        # Hints where to find schemas are requests to fetch something; they are dropped before anyone can follow them.
        etree.strip_attributes(root, f"{{{_XSI}}}schemaLocation", f"{{{_XSI}}}noNamespaceSchemaLocation")
        if self.xsd.validate(root):
            return ()
        return tuple(_readable_fault(root, entry) for entry in islice(self.xsd.error_log, _MAX_FAULTS))


def comments_and_instructions(root: etree._Element) -> Iterator[etree._Element]:
    """Every comment and processing instruction, those outside the root element included.

    A comment splits text: ``<a>admin<!-- -->@evil</a>`` reads ``admin`` through ``.text`` and ``admin@evil`` after
    canonicalisation, so business XML with one has two readings.
    """
    outside = [*root.itersiblings(preceding=True), *root.itersiblings()]
    yield from outside
    yield from root.iter(etree.Comment, etree.ProcessingInstruction)


def readable_path(node: etree._Element) -> str:
    """Local names from the root, with a number only where siblings share a name."""
    steps: list[str] = []
    current: etree._Element | None = node
    while current is not None:
        name = etree.QName(current).localname
        number = _number_among_twins(current)
        steps.append(f"{name}[{number}]" if number else name)
        current = current.getparent()
    return "/" + "/".join(reversed(steps))


def _number_among_twins(node: etree._Element) -> int:
    """Place among the siblings of the same name, from 1; 0 where there is no such sibling."""
    name = str(node.tag)
    before = sum(1 for _ in node.itersiblings(name, preceding=True))
    alone = before == 0 and next(node.itersiblings(name), None) is None
    return 0 if alone else before + 1


def _element_at(root: etree._Element, path: str | None) -> etree._Element | None:
    """The element behind a path that libxml2 wrote; None where it used prefixes only the sender knows."""
    try:
        found = root.getroottree().xpath(path) if path else []
    except etree.XPathError:
        return None
    element = found[0] if isinstance(found, list) and found else None
    return element if etree.iselement(element) else None


def _readable_fault(root: etree._Element, entry: etree._LogEntry) -> SchemaFault:
    # Cut before any pattern sees it: the message repeats the sender's value, which may be ten megabytes long.
    message = re.sub(r"\{[^{}\s]*:[^{}\s]*\}(?=\w)", "", entry.message[:_MAX_MESSAGE])
    expected = re.search(r"Expected is (?:one of )?\( ?(.*?) ?\)\.?$", message)
    facet = re.search(r"\[facet '(\w+)'\] .*?'([^']*)'\.$", message)
    element = _element_at(root, entry.path)
    return SchemaFault(
        path=f"line {entry.line}" if element is None else readable_path(element),
        message=message,
        expected=expected[1] if expected else f"{facet[1]} {facet[2]}" if facet else "",
    )
