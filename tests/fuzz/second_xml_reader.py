# SPDX-License-Identifier: EUPL-1.2
"""The same XML as expat reads it: a parser that shares no code with libxml2. For bytes without DOCTYPE only."""

from xml.etree import ElementTree as ET
from xml.parsers.expat import errors

from lxml import etree

from fuzz.contract import Broken, must

# Names: expat goes by the fourth edition of XML 1.0, libxml2 by the fifth, which has more letters.
_OLDER_EDITION = {errors.codes[errors.XML_ERROR_INVALID_TOKEN]}


def second_reading(data: bytes) -> ET.Element | None:
    """The root as expat sees it, ``None`` for letters it is too old for; what our parser accepted, it must accept too."""
    try:
        return ET.fromstring(data)
    except ET.ParseError as error:
        if error.code in _OLDER_EDITION and not data.isascii():
            return None
        raise Broken(f"libxml2 reads what expat refuses: {error}") from error


def same_reading(ours: etree._Element, data: bytes) -> None:
    """Every name, attribute and text, in order."""
    theirs = second_reading(data)
    must(
        theirs is None or _flat_lxml(ours) == _flat_expat(theirs),
        "libxml2 and expat read different documents",
    )


def _flat_lxml(root: etree._Element) -> list[tuple]:
    """Comments and instructions aside, as expat's tree builder leaves them aside: their tails join the text before."""
    flat: list[list] = []
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            flat.append([str(node.tag), dict(node.attrib), node.text or ""])
        elif event == "end" and node is not root:
            flat.append(["end", {}, node.tail or ""])
        elif event in {"comment", "pi"}:
            flat[-1][2] += node.tail or ""
    return [tuple(part) for part in flat]


def _flat_expat(root: ET.Element) -> list[tuple]:
    flat = [(root.tag, root.attrib, root.text or "")]
    for child in root:
        flat += [*_flat_expat(child), ("end", {}, child.tail or "")]
    return flat
