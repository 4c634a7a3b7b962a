# SPDX-License-Identifier: EUPL-1.2
"""Files in directories that belong to somebody else: root backs up and restores what the roles own.

A role that was taken over may rename, replace and link in its own directory at any moment, and root would follow. So
each directory is opened once, every name is opened from the descriptor above it and follows no link, a new file is
made exclusively, and what was made, not what has its name, is given to the owner of the directory.
"""

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from gateway.errors import JournalDamaged

_SAFE = os.O_CLOEXEC | os.O_NOFOLLOW
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | _SAFE
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE
_NOT_PLAIN = {errno.ELOOP, errno.ENXIO}  # a link, a socket


def open_plain(path: Path, *, directory: int | None = None) -> BufferedReader:
    """Read a file that is one; ``directory`` is the open directory in which it lies.

    Raises ``FileNotFoundError``, ``JournalDamaged`` for a link, pipe or directory: the gateway makes none in its state.
    """
    name = path if directory is None else path.name
    try:
        # Not waiting: opening a pipe would, until somebody writes to it.
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _SAFE, dir_fd=directory)
    except OSError as error:
        if error.errno in _NOT_PLAIN:
            raise _not_plain(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_plain(path)
    return os.fdopen(descriptor, "rb")


class GuestDisk:
    """``tilestore.Disk`` below ``directories``, which stay open until ``close``. Replaces a file only by ``rename``."""

    def __init__(self, *directories: Path) -> None:
        self._roots: dict[Path, int] = {}
        try:
            for directory in directories:
                self._roots[directory] = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the directories."""
        for descriptor in self._roots.values():
            os.close(descriptor)

    def names(self, path: Path) -> list[str]:
        """What lies in a directory."""
        with self._opened(path) as directory, os.scandir(directory) as entries:
            return sorted(entry.name for entry in entries)

    def open(self, path: Path) -> BufferedReader:
        """As ``open_plain``."""
        with self._opened(path.parent) as directory:
            return open_plain(path, directory=directory)

    def read(self, path: Path) -> bytes | None:
        """See ``Disk``."""
        try:
            with self.open(path) as file:
                return file.read()
        except FileNotFoundError:
            return None

    def write(self, path: Path, data: bytes) -> None:
        """See ``Disk``."""
        with self._made(path) as file:
            file.write(data)

    def copy(self, source: Path, target: Path, *, mode: int) -> None:
        """Copy a plain file."""
        with open_plain(source) as content, self._made(target) as file:
            shutil.copyfileobj(content, file, 1 << 20)
            os.fchmod(file.fileno(), mode)

    def give(self, path: Path) -> None:
        """Give a plain file to the owner of its directory; one with a second name elsewhere stays whose it is."""
        with self._opened(path.parent) as directory, open_plain(path, directory=directory) as file:
            if os.fstat(file.fileno()).st_nlink == 1:
                _give(file.fileno(), directory)

    def rename(self, source: Path, target: Path) -> None:
        """See ``Disk``."""
        with self._opened(source.parent) as old, self._opened(target.parent) as new:
            os.rename(source.name, target.name, src_dir_fd=old, dst_dir_fd=new)

    def make_directory(self, path: Path) -> None:
        """See ``Disk``."""
        with self._opened(path.parent) as directory:
            try:
                os.mkdir(path.name, dir_fd=directory)
            except FileExistsError:
                return
            made = os.open(path.name, _DIRECTORY, dir_fd=directory)
            try:
                _give(made, directory)
            finally:
                os.close(made)

    def sync_directory(self, path: Path) -> None:
        """See ``Disk``."""
        with self._opened(path) as directory:
            os.fsync(directory)

    def remove_directory(self, path: Path) -> None:
        """See ``Disk``."""
        with self._opened(path.parent) as directory, suppress(FileNotFoundError):
            shutil.rmtree(path.name, dir_fd=directory)

    def lock(self, path: Path) -> Callable[[], None]:
        """See ``Disk``."""
        with self._opened(path.parent) as directory:
            try:
                descriptor = os.open(path.name, _NEW, 0o600, dir_fd=directory)
                _give(descriptor, directory)
            except FileExistsError:
                descriptor = os.open(path.name, os.O_RDWR | _SAFE, dir_fd=directory)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise
        return partial(os.close, descriptor)

    @contextmanager
    def _opened(self, path: Path) -> Iterator[int]:
        root = next(directory for directory in (path, *path.parents) if directory in self._roots)
        descriptor = os.dup(self._roots[root])
        try:
            for name in path.relative_to(root).parts:
                outer, descriptor = descriptor, os.open(name, _DIRECTORY, dir_fd=descriptor)
                os.close(outer)
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _made(self, path: Path) -> Iterator[BinaryIO]:
        """A new file; durable and its owner's when the block ends, gone if it breaks."""
        with (
            self._opened(path.parent) as directory,
            os.fdopen(os.open(path.name, _NEW, 0o644, dir_fd=directory), "wb") as file,
        ):
            try:
                yield file
                file.flush()
                _give(file.fileno(), directory)
                os.fsync(file.fileno())
            except BaseException:
                os.unlink(path.name, dir_fd=directory)
                raise


def _give(descriptor: int, directory: int) -> None:
    """What root made belongs to whom its directory belongs to: under systemd each role has its own."""
    if os.geteuid() == 0:
        owner = os.fstat(directory)
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _not_plain(path: Path) -> JournalDamaged:
    return JournalDamaged(
        f"{path} is not a plain file, and the gateway makes no other",
        hint="find out who put it there, and put it aside",
    )
