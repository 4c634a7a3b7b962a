# SPDX-License-Identifier: EUPL-1.2
"""The log as files: exactly the paths of C2SP tlog-tiles below one directory, fit to be served as they are.

Trusted: no (readers verify every hash). May be lost: only with a stop; the journal holds all entries. A file is either
not there or whole: written under ``.staging``, fsynced, renamed, its directory fsynced. ``Disk`` is the short list of
operations this rests on, so tests can cut the power after each of them.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Protocol

from gateway.codes import Code
from gateway.errors import JournalDamaged, Rejected, Unavailable
from gateway.tlog.tiles import WIDTH, Edge, TileId, levels, read_tile, tiles_of

CHECKPOINT = "checkpoint"
_STAGING = ".staging"


class Disk(Protocol):
    """**Protocol:** the operations of a file system that durable writing needs. Each raises ``OSError``."""

    def read(self, path: Path) -> bytes | None:
        """Whole content, ``None`` if there is no such file."""
        ...

    def write(self, path: Path, data: bytes) -> None:
        """Create or replace the file and fsync its content."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Atomically put ``source`` in the place of ``target``."""
        ...

    def make_directory(self, path: Path) -> None:
        """Make one directory; one that is there is no error."""
        ...

    def sync_directory(self, path: Path) -> None:
        """Make creations, renames and removals in it durable."""
        ...

    def remove_directory(self, path: Path) -> None:
        """Remove a directory with its files; one that is not there is no error."""
        ...

    def lock(self, path: Path) -> Callable[[], None]:
        """Hold an exclusive lock until the process ends or the result is called. Raises ``BlockingIOError``."""
        ...


class LocalDisk:
    """``Disk`` on the operating system."""

    def read(self, path: Path) -> bytes | None:
        """See ``Disk``."""
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, path: Path, data: bytes) -> None:
        """See ``Disk``."""
        # No link is followed: whoever may write here must not choose what a stronger user writes to.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, source: Path, target: Path) -> None:
        """See ``Disk``."""
        source.replace(target)

    def make_directory(self, path: Path) -> None:
        """See ``Disk``."""
        path.mkdir(exist_ok=True)

    def sync_directory(self, path: Path) -> None:
        """See ``Disk``."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove_directory(self, path: Path) -> None:
        """See ``Disk``."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(path)

    def lock(self, path: Path) -> Callable[[], None]:
        """See ``Disk``."""
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise
        return partial(os.close, descriptor)


class TileStore:
    """Reads and writes the files of one log. Owned by the publisher; others only read the directory."""

    def __init__(self, root: Path, disk: Disk) -> None:
        self._root = root
        self._disk = disk
        self._made: set[Path] = {root}  # directories known to be durable

    def prepare(self) -> None:
        """Make the staging place anew; what a crash left in it was never part of the log."""
        self._disk.remove_directory(self._root / _STAGING)
        self._disk.make_directory(self._root / _STAGING)

    def read(self, path: str) -> bytes | None:
        """A file of the log."""
        return self._disk.read(self._root / path)

    def put(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Write files and return when all of them are durable: one fsync a file, one a directory."""
        made: set[Path] = set()
        touched: dict[Path, None] = {}
        for path, data in files:
            target = self._root / path
            self._make_parents(target.parent, made, touched)
            staged = self._root / _STAGING / "tile"
            self._disk.write(staged, data)
            self._disk.rename(staged, target)
            touched[target.parent] = None
        for directory in touched:
            self._disk.sync_directory(directory)
        self._made |= made

    def remove_partials(self, tiles: Iterable[TileId]) -> None:
        """Delete the partial versions of tiles that are full now. Not fsynced: coming back does no harm."""
        for tile in tiles:
            directory = (self._root / tile.path).parent
            self._disk.remove_directory(directory)
            self._made.discard(directory)

    def edge(self, size: int) -> Edge:
        """The right edge of the tree of ``size`` as the files say it. Raises ``JournalDamaged``."""
        rows = []
        for level in levels(size):
            index, width = tiles_of(level, size)
            rows.append(self.hashes(TileId(level=level, index=index, width=width)) if width else ())
        return Edge(size, tuple(rows))

    def hashes(self, tile: TileId) -> tuple[bytes, ...]:
        """A tile. Raises ``JournalDamaged``."""
        try:
            return read_tile(self._needed(tile), tile)
        except Rejected as rejected:
            raise _damaged(tile) from rejected

    def stored(self, size: int, level: int, index: int) -> tuple[bytes, ...]:
        """Tile ``index`` of ``level`` as wide as it is in the tree of ``size``. Raises ``JournalDamaged``."""
        full, width = tiles_of(level, size)
        return self.hashes(TileId(level=level, index=index, width=WIDTH if index < full else width))

    def _needed(self, tile: TileId) -> bytes:
        data = self.read(tile.path)
        if data is None:
            raise _damaged(tile)
        return data

    def _make_parents(self, directory: Path, made: set[Path], touched: dict[Path, None]) -> None:
        if directory in self._made or directory in made:
            return
        self._make_parents(directory.parent, made, touched)
        self._disk.make_directory(directory)
        touched[directory.parent] = None
        made.add(directory)


def replace_file(disk: Disk, path: Path, data: bytes) -> None:
    """Durably put a new content in the place of a file that is not part of the tiles."""
    staged = path.with_name(f".{path.name}.staged")
    disk.write(staged, data)
    disk.rename(staged, path)
    disk.sync_directory(path.parent)


def lock_publisher(disk: Disk, guard: Path) -> Callable[[], None]:
    """Be the only publisher on this machine until the result is called. Raises ``Unavailable``."""
    try:
        return disk.lock(guard.with_name(f"{guard.name}.lock"))
    except BlockingIOError as error:
        raise Unavailable(
            Code.SERVICE_UNAVAILABLE, "another publisher holds the log", hint="run one publisher only"
        ) from error


def _damaged(tile: TileId) -> JournalDamaged:
    return JournalDamaged(
        f"the log's file {tile.path} is missing or not what was written", hint="restore the log directory"
    )
