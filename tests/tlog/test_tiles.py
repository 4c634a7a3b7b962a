# SPDX-License-Identifier: EUPL-1.2
"""Tiles and bundles: paths, widths, and trees that grow in pieces give the same files as trees grown at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.tlog.batch import check_prefix, grow
from gateway.tlog.tiles import (
    Edge,
    GrowingTree,
    TileId,
    levels,
    outgrown,
    parse_path,
    read_bundle,
    read_tile,
    tiles_of,
    write_bundle,
    write_tile,
)
from gateway.tlog.tree import EMPTY_ROOT, check_inclusion, fold, inclusion_proof, leaf_hash


def entries(count):
    return [f"entry {i}".encode() for i in range(count)]


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (TileId(level=0, index=0), "tile/0/000"),
        (TileId(level=0, index=1234067), "tile/0/x001/x234/067"),
        (TileId(level=1, index=0, width=1), "tile/1/000.p/1"),
        (TileId(level=-1, index=5, width=255), "tile/entries/005.p/255"),
        (TileId(level=2, index=1000), "tile/2/x001/000"),
    ],
)
def test_paths_are_those_of_the_specification(tile, path):
    assert path == tile.path
    assert tile == parse_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "tile/64/000", "tile/00/000", "tile/0/0", "tile/0/x000/001", "tile/0/001.p/256", "tile/0/001.p/0",
        "tile/0/001.p/01", "tile/0/../000", "/tile/0/000", "tile/entries/000/", "tile/0/000\n", "tile/0/٠٠٠",
        "tile/0/001/x002", "checkpoint", "",
    ],
)  # fmt: skip
def test_any_other_spelling_of_a_path_is_refused(path):
    with pytest.raises(Rejected):
        parse_path(path)


@given(st.text(max_size=40))
def test_any_text_is_a_path_in_its_one_spelling_or_refused(text):
    try:
        tile = parse_path(text)
    except Rejected:
        return
    assert text == tile.path


def test_widths_of_the_worked_example():
    assert [(273, 112), (1, 17), (0, 1)] == [tiles_of(level, 70_000) for level in levels(70_000)]
    assert [(1, 0), (0, 1)] == [tiles_of(level, 256) for level in levels(256)]
    assert [] == list(levels(0))


def test_partials_are_outgrown_when_their_tile_is_full():
    assert () == outgrown(3, 200)
    assert (TileId(level=-1, index=0, width=3), TileId(level=0, index=0, width=3)) == outgrown(3, 256)
    assert TileId(level=1, index=0, width=255) in outgrown(255 * 256 + 1, 65_536)


def test_the_bundle_of_the_worked_example():
    data = write_bundle([b'{"e":0}', b'{"e":1}', b'{"e":2}'])
    assert "00077b2265223a307d00077b2265223a317d00077b2265223a327d" == data.hex()


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_reading_a_bundle_gives_what_was_written(written):
    tile = TileId(level=-1, index=0, width=len(written))
    assert tuple(written) == read_bundle(write_bundle(written), tile)


@given(st.binary(max_size=2000), st.integers(1, 256))
def test_any_bytes_are_a_bundle_in_its_one_spelling_or_refused(data, width):
    tile = TileId(level=-1, index=0, width=width)
    try:
        read = read_bundle(data, tile)
    except Rejected:
        return
    assert data == write_bundle(read)


@given(st.binary(max_size=2000), st.integers(1, 60))
def test_any_bytes_are_a_tile_in_its_one_spelling_or_refused(data, width):
    try:
        read = read_tile(data, TileId(level=0, index=0, width=width))
    except Rejected:
        return
    assert data == write_tile(read)


def test_an_entry_longer_than_a_bundle_can_say_is_refused():
    with pytest.raises(ValueError):
        write_bundle([b"x" * 65_536])


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537])
def test_the_right_edge_gives_the_root_of_the_whole_tree(size):
    growing = GrowingTree()
    hashes = [leaf_hash(entry) for entry in entries(size)]
    for value in hashes:
        growing.add([value])
    assert fold(hashes) == growing.edge().root
    assert size == growing.edge().size


@given(st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_growing_in_pieces_gives_the_same_log_as_growing_at_once(pieces):
    total = sum(pieces)
    everything = entries(total)
    edge, tail, files, start = Edge(), (), {}, 0
    for piece in pieces:
        batch = grow(edge, tail, everything[start : start + piece])
        check_prefix(edge.size, edge.root, batch)
        edge, tail, start = batch.edge, batch.tail, start + piece
        files |= dict(batch.files)
    at_once = grow(Edge(), (), everything)
    assert at_once.edge == edge
    assert dict(at_once.files) == {path: files[path] for path, _ in at_once.files}


@given(st.integers(0, 1500), st.integers(1, 700), st.data())
def test_a_batch_holds_every_node_the_proofs_of_its_entries_need(old, new, data):
    everything = entries(old + new)
    before = grow(Edge(), (), everything[:old])
    batch = grow(before.edge, before.tail, everything[old:])
    nodes = batch.nodes()
    index = data.draw(st.integers(old, old + new - 1))
    check_inclusion(
        index=index,
        size=old + new,
        leaf=leaf_hash(everything[index]),
        proof=inclusion_proof(index, old + new, nodes),
        expected_root=batch.edge.root,
    )


def test_a_batch_over_another_past_is_refused():
    before = grow(Edge(), (), entries(300))
    batch = grow(before.edge, before.tail, entries(5))
    with pytest.raises(Rejected):
        check_prefix(300, EMPTY_ROOT, batch)
