# SPDX-License-Identifier: EUPL-1.2
"""The directory of all spool files: makes writers and readers, removes files, finds what a crash left."""

import fcntl
import os
import re
import stat
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from gateway.errors import JournalDamaged, TrustStateMissing
from gateway.model.evidence import Entropy
from gateway.spool.reader import SpoolReader
from gateway.spool.stream import FILE_KEY_BYTES, NONCE_BYTES, plain_size
from gateway.spool.writer import PART_SUFFIX, SpoolWriter

_NAME = re.compile(r"[0-9a-f]{32}")
_CONTEXT = (
    b"amtsbote-spool-v1:"  # separates wrapped file keys from anything else the master key may ever wrap
)

ORPHAN_AGE = timedelta(hours=1)  # a commit lies between rename and transaction for milliseconds


class KeyWrap(Protocol):
    """**Protocol:** the master key, as far as the spool needs it. ``context`` is authenticated and not stored.

    ``unwrap`` raises ``JournalDamaged`` where the wrapped key is not what ``wrap`` gave for this context.
    """

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """Encrypt a key."""
        ...

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """Decrypt a key."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What ``sweep`` removed: unfinished uploads, and files no row speaks of."""

    parts: int
    orphans: int


def require_spool(directory: Path) -> None:
    """Raises ``TrustStateMissing``: a spool that is made anew would hide that the old one is gone."""
    if not directory.is_dir():
        raise TrustStateMissing(f"no spool directory at {directory}", hint="make one with: amtsbote init")


class Spool:
    """The files below ``directory``. Safe for concurrent use by threads and processes."""

    def __init__(self, directory: Path, master: KeyWrap, entropy: Entropy) -> None:
        require_spool(directory)
        self._directory, self._master, self._entropy = directory, master, entropy

    def writer(self, limit: int) -> SpoolWriter:
        """A new file of at most ``limit`` bytes of plaintext. Raises ``Unavailable``."""
        name = self._entropy(16).hex()
        file_key = self._entropy(FILE_KEY_BYTES)
        return SpoolWriter(
            self._directory,
            name,
            file_key=file_key,
            wrapped_key=self._master.wrap(file_key, context=_context(name)),
            nonce=self._entropy(NONCE_BYTES),
            limit=limit,
        )

    def open(self, name: str, wrapped_key: bytes) -> SpoolReader:
        """Read a file. Raises ``JournalDamaged`` where it is missing, cut, changed or belongs to another key."""
        file_key = self.unwrap(name, wrapped_key)  # before the descriptor, which a failure here would leak
        return SpoolReader.from_descriptor(self.open_descriptor(name), file_key)

    def open_descriptor(self, name: str) -> int:
        """A read-only descriptor of the encrypted file, to be closed by the caller. Raises ``JournalDamaged``."""
        try:
            return os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise JournalDamaged(
                f"spool file {name} cannot be opened: {os.strerror(error.errno or 0)}"
            ) from error

    def holds(self, name: str) -> bool:
        """Is the file still there? Erasing a dossier destroys its key and then removes the file."""
        return self._path(name).exists()

    def unwrap(self, name: str, wrapped_key: bytes) -> bytes:
        """The file key. The name is part of what is authenticated: a row cannot be pointed at another row's file."""
        return self._master.unwrap(wrapped_key, context=_context(name))

    def remove(self, name: str) -> None:
        """Unlink a file whose wrapped key is gone from the journal; no error if it is not there any more."""
        self._path(name).unlink(missing_ok=True)

    def sizes(self) -> dict[str, int]:
        """Plaintext size of every finished file by name; -1 where the length shows that the file is not whole."""
        return whole_files(self._directory)

    def sweep(self, known: Collection[str], *, moment: datetime) -> Swept:
        """Remove unfinished files nobody is writing, and files older than ``ORPHAN_AGE`` that are not ``known``.

        Take ``known`` from the journal no earlier than ``ORPHAN_AGE`` before ``moment``.
        """
        parts = orphans = 0
        for path in list(self._directory.iterdir()):
            if path.name.endswith(PART_SUFFIX):
                parts += _remove_abandoned(path)
            elif _NAME.fullmatch(path.name) and path.name not in known and _is_older(path, moment):
                path.unlink(missing_ok=True)
                orphans += 1
        return Swept(parts=parts, orphans=orphans)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise JournalDamaged(f"expected the name of a spool file, got {name!r}")
        return self._directory / name


def whole_files(directory: Path) -> dict[str, int]:
    """As ``Spool.sizes``, for who has no key."""
    return {path.name: _plain_size(path) for path in directory.iterdir() if _NAME.fullmatch(path.name)}


def _context(name: str) -> bytes:
    return _CONTEXT + name.encode()


def _plain_size(path: Path) -> int:
    try:
        status = path.lstat()  # a link would show the size of what it leads to, which is no file of ours
        return plain_size(status.st_size) if stat.S_ISREG(status.st_mode) else -1
    except (FileNotFoundError, JournalDamaged):
        return -1


def _is_older(path: Path, moment: datetime) -> bool:
    try:
        # The change time: the rename of the commit sets it, while the last write may be long ago.
        return moment.timestamp() - path.stat().st_ctime > ORPHAN_AGE.total_seconds()
    except FileNotFoundError:
        return False


def _remove_abandoned(part: Path) -> int:
    with suppress(FileNotFoundError):
        descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
        except BlockingIOError:
            return 0
        finally:
            os.close(descriptor)
        return 1
    return 0
