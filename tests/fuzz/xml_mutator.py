# SPDX-License-Identifier: EUPL-1.2
"""Changes of an XML tree that stay well-formed: what signature wrapping is made of, and bytes by chance hardly ever hit."""

from collections.abc import Callable
from copy import deepcopy
from random import Random

from lxml import etree

_CHANGES: list[Callable[[Random, list[etree._Element]], None]] = []


def mutated(data: bytes, random: Random) -> bytes | None:
    """One to three changes of the tree; ``None`` where there is no tree."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    for _ in range(random.randint(1, 3)):
        nodes = list(root.iter(etree.Element))
        random.choice(_CHANGES)(random, nodes)
    return etree.tostring(root.getroottree(), xml_declaration=random.random() < 0.5, encoding="UTF-8")


def _change(
    function: Callable[[Random, list[etree._Element]], None],
) -> Callable[[Random, list[etree._Element]], None]:
    _CHANGES.append(function)
    return function


@_change
def _copy(random: Random, nodes: list[etree._Element]) -> None:
    place = random.choice(nodes)
    place.insert(random.randint(0, len(place)), deepcopy(random.choice(nodes)))


@_change
def _move(random: Random, nodes: list[etree._Element]) -> None:
    node, place = random.choice(nodes), random.choice(nodes)
    if node.getparent() is not None and node not in {place, *place.iterancestors()}:
        place.insert(random.randint(0, len(place)), node)


@_change
def _remove(random: Random, nodes: list[etree._Element]) -> None:
    node = random.choice(nodes)
    if node.getparent() is not None:
        node.getparent().remove(node)


@_change
def _wrap(random: Random, nodes: list[etree._Element]) -> None:
    node, like = random.choice(nodes), random.choice(nodes)
    parent = node.getparent()
    if parent is not None:
        around = etree.Element(like.tag, dict(like.attrib), nsmap=like.nsmap)
        parent.replace(node, around)
        around.append(node)


@_change
def _rename(random: Random, nodes: list[etree._Element]) -> None:
    random.choice(nodes).tag = random.choice(nodes).tag


@_change
def _give_attributes(random: Random, nodes: list[etree._Element]) -> None:
    """An Id, a URI or an algorithm of one node on another one."""
    others = [node for node in nodes if node.attrib]
    if others:
        name, value = random.choice(list(random.choice(others).attrib.items()))
        random.choice(nodes).set(name, value)


@_change
def _give_text(random: Random, nodes: list[etree._Element]) -> None:
    random.choice(nodes).text = random.choice(nodes).text


@_change
def _comment(random: Random, nodes: list[etree._Element]) -> None:
    place = random.choice(nodes)
    made = etree.Comment("x") if random.random() < 0.5 else etree.ProcessingInstruction("x", "y")
    if place.text and random.random() < 0.5:
        cut = random.randint(0, len(place.text))
        made.tail, place.text = place.text[cut:], place.text[:cut]
    place.insert(0, made)
