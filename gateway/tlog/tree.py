# SPDX-License-Identifier: EUPL-1.2
"""RFC 6962 section 2.1 Merkle trees over SHA-256: roots, proofs and the RFC 9162 section 2.1 verification of both.

Hashes come from outside: ``node(level, index)`` gives the root of the complete subtree over leaves
``index * 2**level`` to ``(index + 1) * 2**level``. So the same mathematics serves a list, tiles and a database.
"""

import hashlib
from collections.abc import Callable, Sequence

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_SIZE = 2**63 - 1  # C2SP: sizes travel as int64 in most implementations

Node = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry; the 0x00 keeps a leaf from being passed off as a node."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root over subtree roots in a row; all but the last must be complete and of one height."""
    row = list(hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        # An odd one out rises unchanged: that is the split at the largest power of two, seen from below.
        odd = [row[-1]] if len(row) % 2 else []
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)] + odd
    return row[0]


def root(size: int, node: Node) -> bytes:
    """Root of the tree of the first ``size`` leaves."""
    return EMPTY_ROOT if size == 0 else _range_root(0, size, node)


def inclusion_proof(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """PATH(index, D[size]) of RFC 6962, sibling of the leaf first. Raises ``ValueError`` outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"expected an index below {size}, got {index}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    return tuple(reversed(path))


def consistency_proof(old: int, new: int, node: Node) -> tuple[bytes, ...]:
    """PROOF(old, D[new]) of RFC 6962. Raises ``ValueError`` unless 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError(f"expected 0 < old <= {new}, got {old}")
    path = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    if start > 0:
        path.append(_range_root(start, end, node))
    return tuple(reversed(path))


def check_inclusion(
    *, index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected_root: bytes, place: str = "proof"
) -> None:
    """RFC 9162 section 2.1.3.2. Raises ``Rejected`` unless ``leaf`` is leaf ``index`` of the tree."""
    if not 0 <= index < size <= MAX_SIZE:
        raise _invalid(place, f"an index below the tree size {size}", str(index))
    _check_hashes(place, [leaf, expected_root, *proof])
    position, last = index, size - 1
    computed = leaf
    for sibling in proof:
        if last == 0:
            raise _invalid(place, "a proof as long as the path", f"{len(proof)} hashes")
        if position % 2 or position == last:
            computed = node_hash(sibling, computed)
            while position % 2 == 0 and position != 0:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise _invalid(place, "a proof as long as the path", f"{len(proof)} hashes")
    if computed != expected_root:
        raise _invalid(place, expected_root.hex(), computed.hex())


def check_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes], place: str = "proof"
) -> None:
    """RFC 9162 section 2.1.4.2. Raises ``Rejected`` unless the old tree is a prefix of the new one.

    An old size of 0 is refused: everything is consistent with the empty tree, so such a proof proves nothing.
    """
    if not 0 < old <= new <= MAX_SIZE:
        raise _invalid(place, f"an old size from 1 to {new}", str(old))
    if old == new:
        if proof or old_root != new_root:
            raise _invalid(place, "equal roots and no proof", f"{len(proof)} hashes")
        return
    _check_hashes(place, [old_root, new_root, *proof])
    position, last = old - 1, new - 1
    while position % 2:
        position, last = position >> 1, last >> 1
    # An old tree of 2**n leaves is itself a node of the new tree, so the prover leaves its root out.
    path = list(proof) if position else [old_root, *proof]
    if not path:
        raise _invalid(place, "a proof", "no hashes")
    old_computed = new_computed = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise _invalid(place, "a proof as long as the path", f"{len(proof)} hashes")
        if position % 2 or position == last:
            old_computed = node_hash(sibling, old_computed)
            new_computed = node_hash(sibling, new_computed)
            while position % 2 == 0 and position != 0:
                position, last = position >> 1, last >> 1
        else:
            new_computed = node_hash(new_computed, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise _invalid(place, "a proof as long as the path", f"{len(proof)} hashes")
    if old_computed != old_root:
        raise _invalid(place, old_root.hex(), old_computed.hex())
    if new_computed != new_root:
        raise _invalid(place, new_root.hex(), new_computed.hex())


def _range_root(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) for the ranges proofs are made of: ``start`` is a multiple of a power of two >= the width."""
    complete = []
    while start < end:
        level = min((start & -start).bit_length() - 1 if start else 63, (end - start).bit_length() - 1)
        complete.append(node(level, start >> level))
        start += 1 << level
    # Widths fall strictly from left to right, so the right edge is folded from its small end.
    acc = complete.pop()
    while complete:
        acc = node_hash(complete.pop(), acc)
    return acc


def _split(width: int) -> int:
    """Largest power of two below ``width``."""
    return 1 << (width - 1).bit_length() - 1


def _check_hashes(place: str, hashes: Sequence[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise _invalid(place, f"hashes of {HASH_BYTES} bytes", f"{len(value)} bytes")


def _invalid(place: str, expected: str, got: str) -> Rejected:
    return Rejected([Finding(code=Code.LOG_PROOF_INVALID, place=place, expected=expected, got=got)])
