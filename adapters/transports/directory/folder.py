# SPDX-License-Identifier: EUPL-1.2
"""One directory held open by its descriptor. Everything below goes through that descriptor and follows no link.

Attack: whoever may write into the exchange directory swaps a sub-directory for a link to somewhere else between two
steps of ours. A path would follow it, a descriptor opened with ``O_NOFOLLOW`` cannot (THREAT_MODEL, Delivery).
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Readable and removable for the authority's import account by group, for nobody else. Given at birth and never changed:
# the group and its set-group-id bit come from the parent, and a chmod would drop the bit where the deliver role is not of
# that group, or fail where the unit forbids to set it (RestrictSUIDSGID). So the role's umask must leave the group alone.
_FILE_MODE = 0o660
_DIRECTORY_MODE = 0o770


def safe_name(name: str) -> str:
    """``name`` if it can only mean an entry of one directory. Raises ``ValueError``."""
    if not _SAFE_NAME.fullmatch(name):
        raise ValueError(f"expected a plain file name, got {name[:60]!r}")
    return name


class Folder:
    """An open directory; owns the descriptor. Methods raise ``OSError`` as the system gives it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        """Open ``path``; refuses a link in its last component."""
        folder = cls(os.open(path, _DIRECTORY))
        try:
            yield folder
        finally:
            os.close(folder.descriptor)

    @contextmanager
    def inside(self, name: str, *, hidden: bool = False) -> Iterator["Folder"]:
        """A sub-directory, made if it is not there. ``hidden`` puts a dot before its name."""
        entry = ("." if hidden else "") + safe_name(name)
        made = True
        try:
            os.mkdir(entry, _DIRECTORY_MODE, dir_fd=self.descriptor)
        except FileExistsError:
            made = False
        descriptor = os.open(entry, _DIRECTORY, dir_fd=self.descriptor)
        try:
            if made:
                self.sync()
            yield Folder(descriptor)
        finally:
            os.close(descriptor)

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """A new file, durable when this returns except for its name (``sync``). Raises ``FileExistsError``."""
        descriptor = os.open(safe_name(name), _NEW_FILE, _FILE_MODE, dir_fd=self.descriptor)
        try:
            for chunk in chunks:
                _write_all(descriptor, chunk)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self, name: str, limit: int) -> bytes:
        """A regular file's bytes, at most ``limit`` of them. Raises ``OSError`` for anything but a regular file."""
        # O_NONBLOCK: a FIFO with the right name must not hold us for ever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(safe_name(name), flags, dir_fd=self.descriptor)
        try:
            # Before fdopen: given a directory, that raises and leaves the descriptor open, one more at each look.
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(f"expected a regular file, got {name}")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(limit)
        finally:
            os.close(descriptor)

    def names(self) -> tuple[str, ...]:
        """Entries with plain names, sorted; others are not ours and stay untouched."""
        found = os.listdir(self.descriptor)  # noqa: PTH208 - pathlib knows no descriptors
        return tuple(sorted(name for name in found if _SAFE_NAME.fullmatch(name)))

    def has(self, name: str) -> bool:
        """Is there an entry of this name, of whatever kind?"""
        try:
            os.stat(safe_name(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def changed_ns(self, name: str) -> int:
        """When the entry was last written, in nanoseconds of the file system's clock."""
        return os.stat(safe_name(name), dir_fd=self.descriptor, follow_symlinks=False).st_mtime_ns

    def rename(self, name: str, to: "Folder", new_name: str) -> None:
        """Move an entry; atomic on one file system, durable after both folders' ``sync``."""
        os.rename(safe_name(name), safe_name(new_name), src_dir_fd=self.descriptor, dst_dir_fd=to.descriptor)

    def sync(self) -> None:
        """Make the names durable."""
        os.fsync(self.descriptor)

    def remove(self, name: str) -> None:
        """Remove an entry with everything in it; one that is not there is removed already. Follows no link."""
        _remove(self.descriptor, safe_name(name))


def _remove(parent: int, name: str) -> None:
    try:
        entry = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(entry.st_mode):
        os.unlink(name, dir_fd=parent)
        return
    descriptor = os.open(name, _DIRECTORY, dir_fd=parent)
    try:
        for inner in os.listdir(descriptor):  # noqa: PTH208 - pathlib knows no descriptors
            _remove(descriptor, inner)
    finally:
        os.close(descriptor)
    os.rmdir(name, dir_fd=parent)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
