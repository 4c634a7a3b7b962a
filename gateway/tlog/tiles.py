# SPDX-License-Identifier: EUPL-1.2
"""C2SP tlog-tiles: paths, tiles of hashes, bundles of entries, and the growing right edge of a tree.

A tile of level L holds up to 256 roots of complete subtrees of 256**L leaves; a full tile is never changed again.
The right edge (one unfinished tile a level) is all a writer needs to go on.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.tlog.entry import MAX_ENTRY_BYTES
from gateway.tlog.tree import HASH_BYTES, fold, node_hash

WIDTH = 256

_PATH = re.compile(
    r"tile/(entries|0|[1-9]|[1-5]\d|6[0-3])/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TileId:
    """Where a tile stands; ``level`` -1 is the level of entry bundles. ``width`` 256 is full."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """``tile/<L>/<N>[.p/<W>]``."""
        digits = f"{self.index % 1000:03d}"
        rest = self.index // 1000
        while rest:
            digits = f"x{rest % 1000:03d}/{digits}"
            rest //= 1000
        level = "entries" if self.level < 0 else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{digits}{partial}"


def parse_path(path: str) -> TileId:
    """The only spelling of a tile's path. Raises ``Rejected``: a web server asks this before it opens a file."""
    match = _PATH.fullmatch(path)
    if match is not None:
        level = -1 if match[1] == "entries" else int(match[1])
        tile = TileId(level=level, index=int(re.sub(r"[x/]", "", match[2])), width=int(match[3] or WIDTH))
        if tile.path == path and (match[3] is None or tile.width < WIDTH):
            return tile
    raise Rejected([Finding(code=Code.NOT_FOUND, place=path, expected="path of a tile")])


def tiles_of(level: int, size: int) -> tuple[int, int]:
    """How many full tiles ``level`` has at tree size ``size``, and the width of the partial one (0 = none)."""
    nodes = size >> (8 * max(level, 0))
    return nodes // WIDTH, nodes % WIDTH


def levels(size: int) -> range:
    """Tile levels that exist at tree size ``size``."""
    return range(max(1, -(-size.bit_length() // 8)) if size else 0)


def tiles_in(size: int) -> Iterator[TileId]:
    """Every tile and bundle of a tree of ``size`` entries: what a mirror has to hold."""
    for level in (-1, *levels(size)):
        full, width = tiles_of(level, size)
        yield from (TileId(level=level, index=index) for index in range(full))
        if width:
            yield TileId(level=level, index=full, width=width)


def outgrown(old: int, new: int) -> tuple[TileId, ...]:
    """Partial tiles of a tree of ``old`` that are full in ``new``: what may be deleted after publishing ``new``."""
    gone = []
    for level in (-1, *levels(old)):
        index, width = tiles_of(level, old)
        if width and tiles_of(level, new)[0] > index:
            gone.append(TileId(level=level, index=index, width=width))
    return tuple(gone)


def write_tile(hashes: Sequence[bytes]) -> bytes:
    """Bytes of a tile."""
    return b"".join(hashes)


def read_tile(data: bytes, tile: TileId) -> tuple[bytes, ...]:
    """The hashes of a tile. Raises ``Rejected`` if the length is not that of ``tile``."""
    if len(data) != tile.width * HASH_BYTES:
        raise _mismatch(tile, f"{tile.width * HASH_BYTES} bytes", f"{len(data)} bytes")
    return tuple(data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES))


def write_bundle(entries: Iterable[bytes]) -> bytes:
    """Bytes of an entry bundle."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"expected an entry of at most {MAX_ENTRY_BYTES} bytes, got {len(entry)}")
        parts += (len(entry).to_bytes(2), entry)
    return b"".join(parts)


def read_bundle(data: bytes, tile: TileId) -> tuple[bytes, ...]:
    """The entries of a bundle. Raises ``Rejected`` unless it holds exactly ``tile.width`` of them."""
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) <= tile.width:
        start = at + 2
        at = start + int.from_bytes(data[start - 2 : start])
        entries.append(data[start:at])
    if at != len(data) or len(entries) != tile.width:
        raise _mismatch(tile, f"{tile.width} entries", f"{len(entries)} entries in {len(data)} bytes")
    return tuple(entries)


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tree: per tile level the hashes of its unfinished tile."""

    size: int = 0
    rows: tuple[tuple[bytes, ...], ...] = ()

    @property
    def root(self) -> bytes:
        """Root of the tree."""
        below: tuple[bytes, ...] = ()
        for row in self.rows:
            items = row + below
            below = (fold(items),) if items else ()
        return fold(below)


class GrowingTree:
    """Takes leaf hashes and hands out each tile when it is full. Owned by one writer or one auditor."""

    def __init__(self, edge: Edge | None = None) -> None:
        edge = edge or Edge()
        self._size = edge.size
        self._rows = [list(row) for row in edge.rows]

    def add(self, leaves: Sequence[bytes]) -> list[tuple[TileId, tuple[bytes, ...]]]:
        """Add leaf hashes; returns the tiles they complete, each after those below it."""
        full: list[tuple[TileId, tuple[bytes, ...]]] = []
        at = 0
        while at < len(leaves):
            room = WIDTH - self._size % WIDTH
            taken = leaves[at : at + room]
            at += len(taken)
            self._size += len(taken)
            self._extend(0, taken, full)
        return full

    def _extend(
        self, level: int, hashes: Sequence[bytes], full: list[tuple[TileId, tuple[bytes, ...]]]
    ) -> None:
        """Put ``hashes``, no more than there is room for, into the unfinished tile of ``level``."""
        if level == len(self._rows):
            self._rows.append([])
        row = self._rows[level]
        row += hashes
        if len(row) == WIDTH:
            full.append((TileId(level=level, index=(self._size - 1) >> (8 * (level + 1))), tuple(row)))
            self._extend(level + 1, [fold(row)], full)
            row.clear()

    def edge(self) -> Edge:
        """The right edge as it is now."""
        return Edge(self._size, tuple(tuple(row) for row in self._rows))

    def partials(self) -> Iterator[tuple[TileId, tuple[bytes, ...]]]:
        """The unfinished tiles, lowest first."""
        for level, row in enumerate(self._rows):
            if row:
                index, width = tiles_of(level, self._size)
                yield TileId(level=level, index=index, width=width), tuple(row)


class TileNodes:
    """``node(level, index)`` over tiles, each node hashed once. Holds what it has seen: make one for each batch."""

    def __init__(self, hashes: Callable[[int, int], Sequence[bytes]]) -> None:
        self._hashes = hashes  # (tile level, tile index) -> hashes, full or partial
        self._known: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Root of a complete subtree."""
        tile_level, height = divmod(level, 8)
        if height == 0:
            return self._hashes(tile_level, index // WIDTH)[index % WIDTH]
        found = self._known.get((level, index))
        if found is None:
            found = node_hash(self(level - 1, 2 * index), self(level - 1, 2 * index + 1))
            self._known[level, index] = found
        return found


def _mismatch(tile: TileId, expected: str, got: str) -> Rejected:
    return Rejected([Finding(code=Code.LOG_TILE_MISMATCH, place=tile.path, expected=expected, got=got)])
