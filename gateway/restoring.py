# SPDX-License-Identifier: EUPL-1.2
"""A gateway's state from a backup, into empty places, and only where its log can go on without contradicting itself.

What was signed after the backup is known outside of it: by the guard file, if the machine survived, and by whoever
keeps a checkpoint. One of the two has to be asked; where it knows more than the backup, nothing is restored, because
the next signature would tell another history under the same key. The log's files are built anew from the journal's
entries and must give the very roots that were signed. The journal comes last: a restoring that broke off leaves no
gateway that would start. It is opened in a private place only, because SQLite goes by names, and where it is put the
roles may write.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from gateway.backup import JOURNAL, SPOOL, BackedUp
from gateway.errors import ConfigInvalid, JournalDamaged, LogRolledBack, Rejected, TrustStateMissing
from gateway.guestdisk import GuestDisk, open_plain
from gateway.journal import Journal, dossiers, log
from gateway.journal.log import SignedRoot
from gateway.spool import whole_files
from gateway.tilestore import CHECKPOINT, TileStore, lock_publisher, replace_file
from gateway.tlog.batch import Batch, grow
from gateway.tlog.checkpoint import Checkpoint, open_checkpoint
from gateway.tlog.note import NoteVerifier
from gateway.tlog.tiles import Edge

_STEP = 4096  # entries at a time
_BESIDE = ("", "-wal", "-shm", "-journal")  # SQLite reads each of them as part of the journal
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

    Raises ``ConfigInvalid``, ``TrustStateMissing``, ``LogRolledBack``, ``JournalDamaged``; no journal is in place then,
    but where a role that was not stopped put something beside it.
    """
    with closing(GuestDisk(places.journal.parent, places.spool, places.log, places.guard.parent)) as disk:
        _require_empty(places, disk)
        unlock = lock_publisher(disk, places.guard)
        try:
            guard = disk.read(places.guard)
            marks = _marks(guard, known, verifier)
            with TemporaryDirectory(prefix="amtsbote-restore-") as room:
                private = Path(room) / JOURNAL
                with open_plain(backup / JOURNAL) as source, private.open("xb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                with closing(Journal.open(private)) as journal:
                    journal.check()
                    signed = _compared(journal, marks)
                    bundles = _restore_spool(journal, backup / SPOOL, places.spool, disk)
                    _restore_log(journal, signed, TileStore(places.log, disk))
                    journal.flush()
                if guard is None:
                    replace_file(disk, places.guard, signed.note)
                for path in _of_guard(places.guard):  # brought back by root, or left by an older restore
                    disk.give(path)
                _put(private, places.journal, disk)
        finally:
            unlock()
    return BackedUp(bundles=bundles, published=signed.size)


def _require_empty(places: Places, disk: GuestDisk) -> None:
    lying = [places.journal.parent / name for name in _of_journal(places.journal, disk)]
    staged = places.guard.with_name(f".{places.guard.name}.staged")
    around = set(disk.names(places.guard.parent))
    if staged.name in around and places.guard.name not in around:
        lying.append(staged)
    problems = [f"{path} is there already; nothing is overwritten" for path in lying]
    problems += [
        f"{directory} is not empty; nothing is overwritten"
        for directory in (places.log, places.spool)
        if disk.names(directory)
    ]
    for path in _of_guard(places.guard):
        try:
            disk.read(path)
        except JournalDamaged as damaged:
            problems.append(damaged.detail)
    if problems:
        raise ConfigInvalid(
            problems,
            hint="stop the gateway and put aside what lies there: its old state, or what a restore left that broke off",
        )


def _of_journal(journal: Path, disk: GuestDisk) -> list[str]:
    """What SQLite would take for the journal or a part of it, and what a restoring that broke off left."""
    own = {f"{journal.name}{suffix}" for suffix in _BESIDE}
    return [
        name
        for name in disk.names(journal.parent)
        if name in own or name.startswith(f".{journal.name}.restoring")
    ]


def _of_guard(guard: Path) -> tuple[Path, Path]:
    return guard, guard.with_name(f"{guard.name}.lock")


def _put(private: Path, journal: Path, disk: GuestDisk) -> None:
    """The journal in its place, durable, and alone there: a log beside it from another life would change it unseen."""
    disturbed = JournalDamaged(
        f"{journal} is not as it was restored: something was at work there meanwhile",
        hint="stop every role, put aside what lies there, and restore again",
    )
    if _of_journal(journal, disk):
        raise disturbed
    staged = journal.with_name(f".{journal.name}.restoring-{token_hex(8)}")
    disk.copy(private, staged, mode=0o660)
    disk.rename(staged, journal)
    disk.sync_directory(journal.parent)
    with private.open("rb") as ours, disk.open(journal) as there:
        same = file_digest(ours, "sha256").digest() == file_digest(there, "sha256").digest()
    if not same or _of_journal(journal, disk) != [journal.name]:
        # Not taken away again: a role that was started too early would go on in a file that has no name.
        raise disturbed


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


def _restore_spool(journal: Journal, source: Path, target: Path, disk: GuestDisk) -> int:
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
        disk.copy(source / name, target / name, mode=0o640)
    disk.sync_directory(target)
    return len(named)
