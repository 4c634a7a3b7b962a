# SPDX-License-Identifier: EUPL-1.2
"""RFC 6962 trees: public vectors, and every proof of small trees against a second, naive implementation."""

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.tlog import tree

SHARED = Path(os.environ.get("AMTSBOTE_SHARED", Path(__file__).parents[3] / "shared"))
VECTORS = SHARED / "vectors" / "merkle" / "testdata"

# RFC 6962 reference leaves and roots, as in transparency-dev/merkle testonly/constants.go.
LEAVES = [bytes.fromhex(h) for h in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [bytes.fromhex(h) for h in (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)]  # fmt: skip


def naive_root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256().digest()
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def nodes_over(hashes):
    return lambda level, index: naive_root(hashes[index << level : (index + 1) << level])


def some_hashes(size):
    return [tree.leaf_hash(str(i).encode()) for i in range(size)]


def read_vectors(kind):
    if not VECTORS.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"public vectors are not at {VECTORS}"))]
    return [
        pytest.param(json.loads(path.read_text()), id=str(path.relative_to(VECTORS)))
        for path in sorted((VECTORS / kind).rglob("*.json"))
    ]


def accepted(check, **arguments):
    try:
        check(**arguments)
    except Rejected:
        return False
    return True


def decode(text):
    return base64.b64decode(text or "")


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_rfc_leaves_are_the_published_ones(size):
    hashes = [tree.leaf_hash(leaf) for leaf in LEAVES[:size]]
    assert ROOTS[size] == tree.root(size, nodes_over(hashes)) == tree.fold(hashes)


@pytest.mark.parametrize("vector", read_vectors("inclusion"))
def test_inclusion_vectors_get_their_published_verdict(vector):
    verdict = accepted(
        tree.check_inclusion,
        index=vector["leafIdx"],
        size=vector["treeSize"],
        leaf=decode(vector["leafHash"]),
        proof=[decode(h) for h in vector["proof"] or ()],
        expected_root=decode(vector["root"]),
    )
    assert (not vector["wantErr"]) == verdict


@pytest.mark.parametrize("vector", read_vectors("consistency"))
def test_consistency_vectors_get_their_published_verdict(vector):
    verdict = accepted(
        tree.check_consistency,
        old=vector["size1"],
        new=vector["size2"],
        old_root=decode(vector["root1"]),
        new_root=decode(vector["root2"]),
        proof=[decode(h) for h in vector["proof"] or ()],
    )
    assert (not vector["wantErr"]) == verdict


def test_every_inclusion_proof_of_small_trees_proves_its_leaf_and_no_other():
    hashes = some_hashes(40)
    for size in range(1, 41):
        node = nodes_over(hashes[:size])
        root = naive_root(hashes[:size])
        for index in range(size):
            proof = tree.inclusion_proof(index, size, node)
            tree.check_inclusion(index=index, size=size, leaf=hashes[index], proof=proof, expected_root=root)
            others = {i for i in range(size) if i != index}
            wrong = [
                i
                for i in others
                if accepted(
                    tree.check_inclusion,
                    index=i,
                    size=size,
                    leaf=hashes[index],
                    proof=proof,
                    expected_root=root,
                )
            ]
            assert [] == wrong


def test_every_consistency_proof_of_small_trees_holds_and_fits_no_other_old_root():
    hashes = some_hashes(40)
    for new in range(1, 41):
        node = nodes_over(hashes[:new])
        for old in range(1, new + 1):
            arguments = {
                "old": old,
                "new": new,
                "new_root": naive_root(hashes[:new]),
                "proof": tree.consistency_proof(old, new, node),
            }
            tree.check_consistency(old_root=naive_root(hashes[:old]), **arguments)
            forged = naive_root([*hashes[: old - 1], b"x" * 32])
            assert not accepted(tree.check_consistency, old_root=forged, **arguments)


@given(st.data())
def test_any_changed_byte_of_an_inclusion_proof_is_refused(data):
    size = data.draw(st.integers(2, 600))
    index = data.draw(st.integers(0, size - 1))
    hashes = some_hashes(size)
    proof = list(tree.inclusion_proof(index, size, nodes_over(hashes)))
    at = data.draw(st.integers(0, len(proof) * 32 - 1))
    changed = bytearray(proof[at // 32])
    changed[at % 32] ^= data.draw(st.integers(1, 255))
    proof[at // 32] = bytes(changed)
    with pytest.raises(Rejected):
        tree.check_inclusion(
            index=index, size=size, leaf=hashes[index], proof=proof, expected_root=naive_root(hashes)
        )


@given(
    st.integers(-1, 2**64),
    st.integers(-1, 2**64),
    st.lists(st.binary(min_size=31, max_size=33), max_size=70),
    st.binary(min_size=32, max_size=32),
)
def test_any_numbers_and_hashes_give_an_answer_and_never_a_hang(first, second, proof, root):
    assert not accepted(
        tree.check_inclusion, index=first, size=second, leaf=b"l" * 32, proof=proof, expected_root=root
    )
    assert not accepted(
        tree.check_consistency, old=first, new=second, old_root=b"o" * 32, new_root=root, proof=proof
    )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_proof_outside_the_tree_cannot_be_asked_for(index, size):
    with pytest.raises(ValueError):
        tree.inclusion_proof(index, size, nodes_over([]))


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3)])
def test_a_consistency_proof_that_proves_nothing_cannot_be_asked_for(old, new):
    with pytest.raises(ValueError):
        tree.consistency_proof(old, new, nodes_over(some_hashes(3)))
