# SPDX-License-Identifier: EUPL-1.2
"""Changes of a DER tree whose lengths stay right: what a hostile signer writes, and bytes by chance hardly ever hit."""

from dataclasses import dataclass, field
from random import Random

_MAX_DEPTH = 12


@dataclass(slots=True)
class Node:
    """A tag with its content: other nodes, or bytes."""

    tag: int
    content: bytes = b""
    children: list["Node"] = field(default_factory=list)

    def dump(self) -> bytes:
        body = b"".join(child.dump() for child in self.children) if self.children else self.content
        size = len(body)
        if size < 0x80:
            return bytes([self.tag, size]) + body
        digits = size.to_bytes((size.bit_length() + 7) // 8)
        return bytes([self.tag, 0x80 | len(digits)]) + digits + body


def mutated(data: bytes, random: Random) -> bytes | None:
    """One to three changes of the tree; ``None`` where there is no tree."""
    roots = _parse(data, 0)
    if not roots:
        return None
    for _ in range(random.randint(1, 3)):
        _change_one(random, roots)
    return b"".join(root.dump() for root in roots)


def _parse(data: bytes, depth: int) -> list[Node] | None:
    """All of the bytes as nodes; ``None`` where they are not. Strings that hold DER are opened too."""
    nodes, at = [], 0
    while at < len(data):
        if len(data) - at < 2 or data[at] & 0x1F == 0x1F or data[at] == 0:
            return None
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 3 or len(data) - at < count:
                return None
            size = int.from_bytes(data[at : at + count])
            at += count
        if len(data) - at < size:
            return None
        content = data[at : at + size]
        at += size
        opened = _parse(content, depth + 1) if depth < _MAX_DEPTH and (tag & 0x20 or tag == 4) else None
        nodes.append(Node(tag, content, opened or []))
    return nodes


def _all(nodes: list[Node]) -> list[list[Node]]:
    """Every list of siblings."""
    return [nodes, *(found for node in nodes if node.children for found in _all(node.children))]


def _change_one(random: Random, roots: list[Node]) -> None:
    lists = [siblings for siblings in _all(roots) if siblings]
    if not lists:
        return
    siblings, others = random.choice(lists), random.choice(lists)
    at, other = random.randrange(len(siblings)), random.choice(others)
    kind = random.randrange(6)
    if kind == 0 and len(siblings) > 1:
        del siblings[at]
    elif kind == 1:
        siblings.insert(at, _copy(siblings[at]))
    elif kind == 2:
        siblings[at] = _copy(other)
    elif kind == 3:
        siblings[at], siblings[-1] = siblings[-1], siblings[at]
    elif kind == 4:
        siblings[at].tag = random.choice([other.tag, siblings[at].tag ^ 0x20, random.randrange(1, 255)])
    else:
        node = siblings[at]
        content = bytearray(b"" if node.children else node.content) or bytearray(b"\0")
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
        node.children, node.content = [], bytes(content)


def _copy(node: Node) -> Node:
    return Node(node.tag, node.content, [_copy(child) for child in node.children])
