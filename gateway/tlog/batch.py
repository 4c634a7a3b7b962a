# SPDX-License-Identifier: EUPL-1.2
"""The log's next step: entries added to a published tree, and every file that is new in it. Pure.

Only the right edge and the unfinished bundle are needed to go on, and they hold every node the new proofs use:
a path from a new leaf to the root runs through tiles that change with it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.tlog.tiles import WIDTH, Edge, GrowingTree, TileId, TileNodes, tiles_of, write_bundle, write_tile
from gateway.tlog.tree import check_consistency, consistency_proof, leaf_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The log after the next checkpoint, before anything of it is written."""

    edge: Edge
    tail: tuple[bytes, ...]  # entries of the unfinished bundle
    files: tuple[tuple[str, bytes], ...]  # path below the log's prefix, content
    tiles: Mapping[tuple[int, int], tuple[bytes, ...]]  # (level, index) of each tile that changed

    def nodes(self) -> TileNodes:
        """Nodes for the proofs of what is new."""
        return TileNodes(lambda level, index: self.tiles[level, index])


def grow(edge: Edge, tail: Iterable[bytes], entries: Iterable[bytes]) -> Batch:
    """The tree of ``edge`` with ``entries`` added; ``tail`` are the entries of its unfinished bundle."""
    added = tuple(entries)
    growing = GrowingTree(edge)
    tiles = dict(growing.add(tuple(map(leaf_hash, added))))
    waiting = (*tail, *added)
    first = edge.size // WIDTH  # the bundle that ``tail`` begins
    files = []
    for start in range(0, len(waiting), WIDTH):
        bundle = waiting[start : start + WIDTH]
        place = TileId(level=-1, index=first + start // WIDTH, width=len(bundle))
        files.append((place.path, write_bundle(bundle)))
    unfinished_tiles = dict(growing.partials())
    # A partial tile of the same width as before lies there already; at a million entries that saves half the fsyncs.
    changed = (
        tile for tile in unfinished_tiles if tiles_of(tile.level, edge.size) != (tile.index, tile.width)
    )
    files += ((tile.path, write_tile(hashes)) for tile, hashes in tiles.items())
    files += ((tile.path, write_tile(unfinished_tiles[tile])) for tile in changed)
    tiles.update(unfinished_tiles)
    return Batch(
        edge=growing.edge(),
        tail=waiting[len(waiting) - len(waiting) % WIDTH :],
        files=tuple(files),
        tiles={(tile.level, tile.index): hashes for tile, hashes in tiles.items()},
    )


def check_prefix(old_size: int, old_root: bytes, batch: Batch) -> None:
    """What was signed before is a prefix of what will be signed, checked as a stranger would. Raises ``Rejected``."""
    if old_size:
        new = batch.edge
        check_consistency(
            old=old_size,
            new=new.size,
            old_root=old_root,
            new_root=new.root,
            proof=consistency_proof(old_size, new.size, batch.nodes()),
        )
