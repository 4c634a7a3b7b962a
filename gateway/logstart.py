# SPDX-License-Identifier: EUPL-1.2
"""Where a log begins, and where it ends when its publisher starts: the guard against forks.

The journal says what was signed; the guard file and the public checkpoint remember it too, outside the journal's
backups. If one of them knows more, or something else, the journal was rolled back: signing from it would tell two
histories under one key. Nothing here mends trust state; it stops and says what a person must bring back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import JournalDamaged, LogRolledBack, Rejected, TrustStateMissing
from gateway.journal import Journal, log
from gateway.journal.log import SignedRoot
from gateway.model.evidence import Clock, Entropy, Fact, LogEvent
from gateway.tilestore import CHECKPOINT, Disk, LocalDisk, TileStore, replace_file
from gateway.tlog import tree
from gateway.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from gateway.tlog.note import NoteSigner, NoteVerifier
from gateway.tlog.tiles import Edge, TileId, TileNodes, tiles_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where the log ends: what the next batch is built on."""

    signed: SignedRoot
    edge: Edge
    tail: tuple[bytes, ...]  # entries of the unfinished bundle


def open_log(
    journal: Journal,
    log_directory: Path,
    guard: Path,
    *,
    signer: NoteSigner,
    clock: Clock,
    entropy: Entropy,
    disk: Disk | None = None,
) -> None:
    """Begin a new log: its first entry, its first (empty) checkpoint and the guard file.

    Raises ``FileExistsError`` where there is a log or a guard already: trust state is never overwritten.
    """
    disk = disk or LocalDisk()
    tiles = TileStore(log_directory, disk)
    if disk.read(guard) is not None or tiles.read(CHECKPOINT) is not None:
        raise FileExistsError(f"a log was opened here already: {log_directory}, {guard}")
    disk.make_directory(log_directory)
    disk.sync_directory(log_directory.parent)
    note = sign_checkpoint(0, tree.EMPTY_ROOT, signer)
    opened = Fact(
        event=LogEvent.LOG_OPENED,
        id=entropy(16),
        salt=entropy(32),
        subject=entropy(16),
        moment=clock(),
        evidence={"vkey": signer.verifier.vkey},
    )
    with journal.transaction() as connection:
        first = SignedRoot(size=0, root=tree.EMPTY_ROOT, note=note)
        log.record_checkpoint(connection, first, after=None, moment=opened.moment)
        log.append(connection, opened)
    replace_file(disk, guard, note)
    tiles.prepare()
    tiles.put([(CHECKPOINT, note)])


def find_end(
    journal: Journal, tiles: TileStore, guard_note: bytes | None, verifier: NoteVerifier
) -> Published:
    """The end of the log, where journal, guard, public checkpoint and tiles agree on it.

    Raises ``TrustStateMissing``, ``LogRolledBack`` or ``JournalDamaged``; a guard or public checkpoint that is merely
    older is what a crash leaves, and is no fault.
    """
    with journal.reading() as connection:
        signed = log.latest_checkpoint(connection)
    if signed is None:
        raise TrustStateMissing("the log was never opened", hint="make one with: amtsbote init")
    row = _open(signed.note, "the newest checkpoint of the journal", verifier)
    if (row.size, row.root) != (signed.size, signed.root):
        raise JournalDamaged("the newest checkpoint row is not what its note says")
    marks = _marks(tiles, guard_note, verifier)
    for name, mark in marks.items():
        if mark.size > signed.size:
            raise _rolled_back(f"the {name} has {mark.size} entries, the journal {signed.size}")
        if mark.size == signed.size and mark.root != signed.root:
            raise _rolled_back(f"the {name} has another root at size {mark.size} than the journal")
    edge = _edge(tiles, signed)
    nodes = stored_nodes(tiles, signed.size)
    for name, mark in marks.items():
        if tree.root(mark.size, nodes) != mark.root:
            raise _rolled_back(f"the {name} has another root at size {mark.size} than the log")
    return Published(signed=signed, edge=edge, tail=_tail(journal, tiles, signed.size))


def stored_nodes(tiles: TileStore, size: int) -> TileNodes:
    """Nodes of the published tree of ``size`` as the tiles hold them."""
    known: dict[tuple[int, int], tuple[bytes, ...]] = {}

    def hashes(level: int, index: int) -> tuple[bytes, ...]:
        if (level, index) not in known:
            known[level, index] = tiles.stored(size, level, index)
        return known[level, index]

    return TileNodes(hashes)


def missing_guard() -> TrustStateMissing:
    """Nothing else can say what was signed last."""
    return TrustStateMissing(
        "the guard file is not there",
        hint="bring it back; without it nobody can tell whether the journal was rolled back",
    )


def _marks(tiles: TileStore, guard_note: bytes | None, verifier: NoteVerifier) -> Mapping[str, Checkpoint]:
    if guard_note is None:
        raise missing_guard()
    marks = {"guard file": _open(guard_note, "the guard file", verifier)}
    public = tiles.read(CHECKPOINT)
    if public is not None:
        marks["public checkpoint"] = _open(public, "the public checkpoint", verifier)
    return marks


def _open(note: bytes, name: str, verifier: NoteVerifier) -> Checkpoint:
    try:
        return open_checkpoint(note, verifier)
    except Rejected as rejected:
        raise JournalDamaged(
            f"{name} is not a checkpoint signed with this log's key: {rejected}",
            hint="check the log key and the file",
        ) from rejected


def _edge(tiles: TileStore, signed: SignedRoot) -> Edge:
    edge = tiles.edge(signed.size)
    if edge.root != signed.root:
        raise JournalDamaged(
            "the log's tiles do not give the root that was signed", hint="restore the log directory"
        )
    return edge


def _tail(journal: Journal, tiles: TileStore, size: int) -> tuple[bytes, ...]:
    """Entries of the unfinished bundle: the journal's, which must be the published ones."""
    index, width = tiles_of(-1, size)
    with journal.reading() as connection:
        entries = tuple(row.entry for row in log.entries(connection, size - width, size))
    if width:
        tile = TileId(level=0, index=index, width=width)
        if tuple(map(tree.leaf_hash, entries)) != tiles.hashes(tile):
            raise JournalDamaged("the newest entries of the journal are not those that were published")
    return entries


def _rolled_back(detail: str) -> LogRolledBack:
    return LogRolledBack(
        detail, hint="bring back the newest journal; signing from this one would fork the log"
    )
