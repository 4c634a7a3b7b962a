# SPDX-License-Identifier: EUPL-1.2
"""A gateway's state from a backup, into empty places, and only where its log can go on without contradicting itself.

What was signed after the backup is known outside of it: by the guard file, if the machine survived, and by whoever
keeps a checkpoint. One of the two has to be asked; where it knows more than the backup, nothing is restored, because
the next signature would tell another history under the same key. The log's files are built anew from the journal's
entries and must give the very roots that were signed. The journal comes last: a restoring that broke off leaves no
gateway that would start.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.backup import JOURNAL, SPOOL, BackedUp
from gateway.errors import ConfigInvalid, JournalDamaged, LogRolledBack, Rejected, TrustStateMissing
from gateway.journal import Journal, dossiers, log
from gateway.journal.log import SignedRoot
from gateway.spool import whole_files
from gateway.tilestore import CHECKPOINT, LocalDisk, TileStore, lock_publisher, replace_file
from gateway.tlog.batch import Batch, grow
from gateway.tlog.checkpoint import Checkpoint, open_checkpoint
from gateway.tlog.note import NoteVerifier
from gateway.tlog.tiles import Edge

_STEP = 4096  # entries at a time
_NEWER = (
    "find the journal of that time; if it is lost for good, SECURITY.md says how a new gateway takes over"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the state of a gateway lies. ``guard`` may be there; the others must be empty."""

    journal: Path
    spool: Path
    log: Path
    guard: Path


def restore(backup: Path, places: Places, verifier: NoteVerifier, known: bytes | None) -> BackedUp:
    """Put ``backup`` in place. ``known``: the newest checkpoint (a signed note) that somebody outside keeps.

    Raises ``ConfigInvalid``, ``TrustStateMissing``, ``LogRolledBack``, ``JournalDamaged``; nothing is in place then.
    """
    _require_empty(places)
    disk = LocalDisk()
    unlock = lock_publisher(disk, places.guard)
    staged = places.journal.with_name(f".{places.journal.name}.restoring")
    try:
        guard = disk.read(places.guard)
        marks = _marks(guard, known, verifier)
        shutil.copyfile(backup / JOURNAL, staged)
        staged.chmod(0o660)
        with closing(Journal.open(staged)) as journal:
            journal.check()
            signed = _compared(journal, marks)
            bundles = _restore_spool(journal, backup / SPOOL, places.spool)
            _restore_log(journal, signed, TileStore(places.log, disk))
            journal.flush()
        if guard is None:
            replace_file(disk, places.guard, signed.note)
        disk.rename(staged, places.journal)
        disk.sync_directory(places.journal.parent)
        _hand_over(places)
    finally:
        for left in staged.parent.glob(f"{staged.name}*"):
            left.unlink()
        unlock()
    return BackedUp(bundles=bundles, published=signed.size)


def _hand_over(places: Places) -> None:
    """What root restored belongs to whom its directory belongs to: under systemd each role has its own."""
    if os.geteuid() != 0:
        return
    for file in (
        places.journal,
        *places.guard.parent.glob(f"{places.guard.name}*"),
    ):  # the guard and its lock
        _give(file, file.parent)
    for directory in (places.spool, places.log):
        for path in directory.rglob("*"):
            _give(path, directory)


def _give(path: Path, directory: Path) -> None:
    owner = directory.stat()
    os.chown(path, owner.st_uid, owner.st_gid)


def _require_empty(places: Places) -> None:
    taken = [path for path in (places.journal, places.log / CHECKPOINT) if path.exists()]
    if any(places.spool.iterdir()):
        taken.append(places.spool)
    if taken:
        raise ConfigInvalid(
            [f"{path} is there already; nothing is overwritten" for path in taken],
            hint="stop the gateway and put its old state aside",
        )


def _marks(guard: bytes | None, known: bytes | None, verifier: NoteVerifier) -> Mapping[str, Checkpoint]:
    notes = {"guard file": guard, "checkpoint you named": known}
    marks = {name: _opened(name, note, verifier) for name, note in notes.items() if note is not None}
    if not marks:
        raise TrustStateMissing(
            "the guard file is not there, so nobody here knows what was signed after the backup",
            hint="ask an auditor or a chamber for the newest checkpoint of the log and name it with --checkpoint",
        )
    return marks


def _opened(name: str, note: bytes, verifier: NoteVerifier) -> Checkpoint:
    try:
        return open_checkpoint(note, verifier)
    except Rejected as rejected:
        raise ConfigInvalid([f"the {name} is not a checkpoint signed with this log's key"]) from rejected


def _compared(journal: Journal, marks: Mapping[str, Checkpoint]) -> SignedRoot:
    """The backup's newest checkpoint, which the journal's entries give, as they give every mark's root."""
    with journal.reading() as connection:
        signed = log.latest_checkpoint(connection)
    if signed is None:
        raise TrustStateMissing("the log was never opened", hint="make one with: amtsbote init")
    for name, mark in marks.items():
        if mark.size > signed.size:
            raise LogRolledBack(
                f"the {name} has {mark.size} entries, the backup {signed.size}: dossiers came in after it",
                hint=_NEWER,
            )
    roots = {
        b.edge.size: b.edge.root for b in _grown(journal, {m.size for m in marks.values()} | {signed.size})
    }
    if roots.get(signed.size, signed.root) != signed.root:
        raise JournalDamaged("the backup's entries do not give the root that was signed", hint=_NEWER)
    for name, mark in marks.items():
        if roots.get(mark.size, mark.root) != mark.root:
            raise LogRolledBack(
                f"the {name} has another root at size {mark.size} than the backup", hint=_NEWER
            )
    return signed


def _grown(journal: Journal, sizes: set[int]) -> Iterator[Batch]:
    """The tree from its first entry on, with a stop at each of ``sizes``."""
    edge, tail = Edge(), tuple[bytes, ...]()
    ends = sorted({*range(_STEP, max(sizes), _STEP), *sizes} - {0})
    for end in ends:
        with journal.reading() as connection:
            rows = log.entries(connection, edge.size, end)
        batch = grow(edge, tail, (row.entry for row in rows))
        edge, tail = batch.edge, batch.tail
        yield batch


def _restore_log(journal: Journal, signed: SignedRoot, tiles: TileStore) -> None:
    tiles.prepare()
    for batch in _grown(journal, {signed.size}):
        tiles.put(batch.files)
    tiles.put([(CHECKPOINT, signed.note)])


def _restore_spool(journal: Journal, source: Path, target: Path) -> int:
    with journal.reading() as connection:
        named = dict(dossiers.spooled(connection))
    there = whole_files(source)
    lost = [name for name, size in named.items() if there.get(name) != size]
    if lost:
        raise JournalDamaged(
            f"{len(lost)} bundles that the journal names are not whole in the backup, first {lost[0]}",
            hint="take another backup",
        )
    for name in named:
        shutil.copyfile(source / name, target / name)
        (target / name).chmod(0o640)
    return len(named)
