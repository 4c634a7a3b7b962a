# SPDX-License-Identifier: EUPL-1.2
"""The one XML parser of the project, and what text may become part of XML we write.

Every byte of XML that came from outside passes ``parse``: UTF-8 only, no DOCTYPE, no entities, no network,
bounded size, depth, nodes and attributes. ``resolve_entities=False`` alone would keep an entity unresolved in the
tree (CVE family XXE), so a DOCTYPE is refused outright. ``huge_tree`` stays off: libxml2's own bounds hold as well.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.policy import XmlPolicy
from gateway.xmlwords import is_declaration, is_echo, is_facet, is_limit, schema_words, syntax_words

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_MAX_FAULTS = 100  # a report must be readable, and bounded whatever is sent
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 clause 2.2
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s[^>]*?\bencoding\s*=\s*[\"']([^\"'>]*)")
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32"}


def xml_text(text: str) -> str:
    """``text`` as XML 1.0 can hold it: every other character becomes U+FFFD."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


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
        finding = Finding(code=Code.XML_MALFORMED, place=place, got="a character that XML does not allow")
        raise Rejected([finding]) from error
    tree = root.getroottree()
    if tree.docinfo.doctype:
        raise Rejected([Finding(code=Code.XML_DOCTYPE, place=place, expected="no document type declaration")])
    for declared in (tree.docinfo.encoding or "UTF-8", _declared_encoding(data)):
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


def _declared_encoding(data: bytes) -> str:
    """What the XML declaration itself says. libxml2 overlooks it behind a byte order mark, where others go by it: one
    file, signed once, in which they read other letters.
    """
    found = _DECLARATION.match(data)
    return found[1].decode("utf-8") if found else "UTF-8"


def _syntax_finding(error: etree.XMLSyntaxError, place: str) -> Finding:
    where = f"{place}, line {error.lineno}" if error.lineno else place
    if is_limit(error):
        return Finding(code=Code.XML_LIMITS, place=where, expected="XML within libxml2's bounds", got="more")
    got = syntax_words(error)
    if is_declaration(error):
        return Finding(code=Code.XML_DOCTYPE, place=where, expected="no document type declaration", got=got)
    return Finding(code=Code.XML_MALFORMED, place=where, expected="well-formed XML", got=got)


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
    expected: str
    got: str


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
        faults = (_readable_fault(root, entry) for entry in _told_once(self.xsd.error_log))
        return tuple(islice(faults, _MAX_FAULTS))


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


def _told_once(entries: Iterable[etree._LogEntry]) -> Iterator[etree._LogEntry]:
    refused: tuple[str | None, int] | None = None
    for entry in entries:
        place = (entry.path, entry.line)
        if is_echo(entry) and place == refused:
            continue
        refused = place if is_facet(entry) else None
        yield entry


def _readable_fault(root: etree._Element, entry: etree._LogEntry) -> SchemaFault:
    element = _element_at(root, entry.path)
    expected, got = schema_words(entry, "" if element is None else (element.text or "").strip())
    path = f"line {entry.line}" if element is None else readable_path(element)
    return SchemaFault(path=path, expected=expected, got=got)
