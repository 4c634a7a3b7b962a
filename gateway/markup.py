# SPDX-License-Identifier: EUPL-1.2
"""The one XML parser of the project.

Every byte of XML that came from outside passes ``parse``: UTF-8 only, no DOCTYPE, no entities, no network,
bounded size, depth, nodes and attributes. ``resolve_entities=False`` alone would keep an entity unresolved in the
tree (CVE family XXE), so a DOCTYPE is refused outright. ``huge_tree`` stays off: libxml2's own bounds hold as well.
"""

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.policy import XmlPolicy

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
    _check_encoding(data, place)
    if len(data) > limits.max_bytes:
        raise Rejected(
            [
                Finding(
                    code=Code.XML_LIMITS,
                    place=place,
                    expected=f"at most {limits.max_bytes} bytes",
                    got=f"{len(data)} bytes",
                )
            ]
        )
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
    depth = 0
    nodes = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "end":
            depth -= 1
            continue
        nodes += 1
        if nodes > limits.max_nodes:
            raise Rejected(
                [
                    Finding(
                        code=Code.XML_LIMITS,
                        place=place,
                        expected=f"at most {limits.max_nodes} nodes",
                        got="more",
                    )
                ]
            )
        if event == "start":
            depth += 1
            if depth > limits.max_depth:
                raise Rejected(
                    [
                        Finding(
                            code=Code.XML_LIMITS,
                            place=place,
                            expected=f"depth at most {limits.max_depth}",
                            got="deeper",
                        )
                    ]
                )
            if len(node.attrib) > limits.max_attributes:
                raise Rejected(
                    [
                        Finding(
                            code=Code.XML_LIMITS,
                            place=place,
                            expected=f"at most {limits.max_attributes} attributes",
                            got=str(len(node.attrib)),
                        )
                    ]
                )
