# SPDX-License-Identifier: EUPL-1.2
"""Full audit of a log: every bundle and tile re-derived from the entries, the root compared with what was signed.

Reads through a callable, so a directory, a web server or a test can be audited alike. One pass, flat memory.
Trusts nothing but the verifier's key. All findings: where a bundle is bad, the pass goes on with the tile's hashes,
so one damaged file does not hide another.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, blocking
from gateway.tlog.checkpoint import Checkpoint, open_checkpoint
from gateway.tlog.entry import is_entry
from gateway.tlog.note import NoteVerifier
from gateway.tlog.tiles import WIDTH, GrowingTree, TileId, read_bundle, read_tile, tiles_of, write_tile
from gateway.tlog.tree import leaf_hash

Fetch = Callable[[str], bytes | None]  # path below the log's prefix -> bytes, None where there is nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something the log said earlier: at ``size`` the root was ``root``; with ``index``: leaf ``index`` was ``leaf``."""

    place: str
    size: int
    root: bytes
    index: int | None = None
    leaf: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What the audit saw. ``entries`` is how many were re-hashed."""

    checkpoint: Checkpoint | None
    entries: int
    findings: tuple[Finding, ...]

    @property
    def proven(self) -> bool:
        """The whole log is what was signed, and every claim is part of it."""
        return self.checkpoint is not None and not blocking(self.findings)


def claim_of(note: bytes, verifier: NoteVerifier, *, place: str) -> Claim:
    """An earlier checkpoint as a claim. Raises ``Rejected``."""
    checkpoint = open_checkpoint(note, verifier, place=place)
    return Claim(place=place, size=checkpoint.size, root=checkpoint.root)


def audit(
    fetch: Fetch,
    verifier: NoteVerifier,
    *,
    claims: Iterable[Claim] = (),
    progress: Callable[[int, int], None] | None = None,
) -> AuditReport:
    """Audit the whole log behind ``fetch``. Never raises for anything the log holds."""
    note = fetch("checkpoint")
    if note is None:
        return AuditReport(checkpoint=None, entries=0, findings=(_missing("checkpoint"),))
    try:
        checkpoint = open_checkpoint(note, verifier)
    except Rejected as rejected:
        return AuditReport(checkpoint=None, entries=0, findings=rejected.findings)
    walk = _Walk(fetch, checkpoint.size, claims)
    entries = walk.run(progress or _silent)
    findings = [*walk.findings]
    computed = walk.tree.edge().root
    if computed != checkpoint.root:
        findings.append(_unequal(Code.LOG_ROOT_MISMATCH, "checkpoint", checkpoint.root, computed))
    return AuditReport(checkpoint=checkpoint, entries=entries, findings=tuple(findings))


class _Walk:
    """One pass over the leaves; ``tree`` grows with them. Owned by one call of ``audit``."""

    def __init__(self, fetch: Fetch, size: int, claims: Iterable[Claim]) -> None:
        self.tree = GrowingTree()
        self.findings: list[Finding] = []
        self._fetch = fetch
        self._size = size
        self._roots: dict[int, list[Claim]] = defaultdict(list)
        self._leaves: dict[int, list[Claim]] = defaultdict(list)
        for claim in claims:
            self._take(claim)

    def run(self, progress: Callable[[int, int], None]) -> int:
        """Walk to the end; returns how many entries were hashed."""
        entries = 0
        self._check_root(0)
        full, width = tiles_of(0, self._size)
        for index in range(full + bool(width)):
            tile = TileId(level=0, index=index, width=width if index == full else WIDTH)
            hashes = self._bundle(tile)
            entries += len(hashes or ())
            # A missing leaf would shift all that follow; any 32 bytes in its place keep the rest comparable.
            self._add(hashes or self._stored(tile) or (b"\x00" * 32,) * tile.width, tile)
            progress(min((index + 1) * WIDTH, self._size), self._size)
        for tile, partial in self.tree.partials():
            self._compare(tile, partial)
        return entries

    def _take(self, claim: Claim) -> None:
        if claim.size > self._size:
            self.findings.append(
                Finding(
                    code=Code.LOG_INCONSISTENT,
                    place=claim.place,
                    expected=f"a log of at least {claim.size} entries",
                    got=f"{self._size} entries",
                )
            )
            return
        self._roots[claim.size].append(claim)
        if claim.index is not None:
            self._leaves[claim.index].append(claim)

    def _add(self, hashes: Sequence[bytes], tile: TileId) -> None:
        start = tile.index * WIDTH
        for index in self._leaves.keys() & range(start, start + len(hashes)):
            for claim in self._leaves[index]:
                if claim.leaf != hashes[index - start]:
                    self.findings.append(
                        _unequal(Code.LOG_INCONSISTENT, claim.place, claim.leaf or b"", hashes[index - start])
                    )
        at = start
        claimed = self._roots.keys() & range(start + 1, start + len(hashes))
        for size in (*sorted(claimed), start + len(hashes)):
            for full, row in self.tree.add(hashes[at - start : size - start]):
                self._compare(full, row)
            self._check_root(size)
            at = size

    def _check_root(self, size: int) -> None:
        claims = self._roots.get(size)
        if claims:
            root = self.tree.edge().root
            for claim in claims:
                if claim.root != root:
                    self.findings.append(_unequal(Code.LOG_INCONSISTENT, claim.place, claim.root, root))

    def _bundle(self, tile: TileId) -> tuple[bytes, ...] | None:
        """Leaf hashes of one bundle, each entry read; ``None`` where there is no such bundle."""
        bundle = TileId(level=-1, index=tile.index, width=tile.width)
        data = self._fetch(bundle.path)
        if data is None:
            self.findings.append(_missing(bundle.path))
            return None
        try:
            entries = read_bundle(data, bundle)
        except Rejected as rejected:
            self.findings += rejected.findings
            return None
        for offset, entry in enumerate(entries):
            if not is_entry(entry):
                place = f"entry {tile.index * WIDTH + offset}"
                self.findings.append(
                    Finding(code=Code.LOG_ENTRY_MALFORMED, place=place, expected="JCS entry of version 1")
                )
        return tuple(map(leaf_hash, entries))

    def _stored(self, tile: TileId) -> tuple[bytes, ...] | None:
        """The level 0 tile as the log has it; its absence is found when it is compared."""
        data = self._fetch(tile.path)
        try:
            return None if data is None else read_tile(data, tile)
        except Rejected:
            return None

    def _compare(self, tile: TileId, derived: Sequence[bytes]) -> None:
        data = self._fetch(tile.path)
        if data is None:
            self.findings.append(_missing(tile.path))
        elif data != write_tile(derived):
            try:
                stored = read_tile(data, tile)
            except Rejected as rejected:
                self.findings += rejected.findings
                return
            wrong = next(i for i in range(len(stored)) if stored[i] != derived[i])
            place = f"{tile.path} hash {wrong}"
            self.findings.append(_unequal(Code.LOG_TILE_MISMATCH, place, derived[wrong], stored[wrong]))


def _silent(_done: int, _total: int) -> None:
    """No progress asked for."""


def _missing(path: str) -> Finding:
    return Finding(code=Code.LOG_TILE_MISSING, place=path)


def _unequal(code: Code, place: str, expected: bytes, got: bytes) -> Finding:
    return Finding(code=code, place=place, expected=expected.hex(), got=got.hex())
