# SPDX-License-Identifier: EUPL-1.2
"""One bundle on its way to disk: hashed and encrypted while it comes in, durable after ``commit`` and not before."""

import errno
import fcntl
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from gateway.codes import Code
from gateway.errors import JournalDamaged, Rejected, Unavailable
from gateway.findings import Finding
from gateway.spool.stream import Sealer, stored_size

PART_SUFFIX = ".part"

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolFile:
    """A durable file of the spool and the only copy of the way to read it."""

    name: str
    wrapped_key: bytes = field(repr=False)
    sha256: str  # hex, of the plaintext
    size: int  # bytes of plaintext


class SpoolWriter:
    """Takes the plaintext of one file in order. Made by ``Spool.writer``.

    ``write`` may run in another thread than ``abort``: a caller that is cancelled aborts while its last write is still
    on the way, and a descriptor number must not be used after it was closed. ``_lock`` guards ``_descriptor``.
    """

    def __init__(
        self, directory: Path, name: str, *, file_key: bytes, wrapped_key: bytes, nonce: bytes, limit: int
    ) -> None:
        self._directory, self._name, self._limit = directory, name, limit
        self.file_key, self._wrapped_key = file_key, wrapped_key
        self._sealer, self._hash, self._size = Sealer(file_key, nonce), hashlib.sha256(), 0
        self._reserved: int | None = None
        self._sealed = False
        self._lock = Lock()
        self._descriptor = _create(self._part)
        try:
            self._put(nonce)
        except BaseException:
            self.abort()
            raise

    @property
    def size(self) -> int:
        """Plaintext bytes taken so far."""
        return self._size

    @property
    def sha256(self) -> str:
        """Hex digest of the plaintext taken so far."""
        return self._hash.hexdigest()

    def reserve(self, size: int) -> None:
        """Claim disk space for ``size`` bytes of plaintext, so a full disk shows before the upload and not after it.

        Raises ``Unavailable(INSUFFICIENT_STORAGE)`` and ``Rejected(BUNDLE_TOO_LARGE)``.
        """
        self._check_limit(size)
        self._reserved = size
        with self._lock:
            try:
                os.posix_fallocate(self._descriptor, 0, stored_size(size))
            except OSError as error:
                raise _storage_fault(error) from error

    def write(self, data: bytes) -> None:
        """Take the next bytes. Raises as ``reserve`` does; the writer can then only be aborted."""
        self._check_limit(self._size + len(data))
        self._hash.update(data)
        self._size += len(data)
        with self._lock:
            self._put(self._sealer.update(data))

    def seal(self) -> None:
        """The plaintext is whole. Raises ``Rejected(BUNDLE_INCOMPLETE)`` if another length was announced."""
        if self._reserved is not None and self._reserved != self._size:
            expected, got = f"{self._reserved} bytes", f"{self._size} bytes"
            raise Rejected([Finding(code=Code.BUNDLE_INCOMPLETE, expected=expected, got=got)])
        with self._lock:
            self._put(self._sealer.finish())
            self._sealed = True

    def open_descriptor(self) -> int:
        """A read-only descriptor of the sealed file, to be closed by the caller; survives ``commit`` and ``abort``."""
        if not self._sealed:
            raise ValueError("expected a sealed spool file, got an open one")
        return os.open(self._part, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)

    def commit(self) -> SpoolFile:
        """Make the file durable under its final name. Raises ``JournalDamaged``: the process has to end then."""
        if not self._sealed:
            self.seal()
        with self._lock:
            try:
                os.fsync(self._descriptor)
                # Invariant from here on: a file without ``.part`` is whole on disk.
                self._part.rename(self._directory / self._name)
                _sync_directory(self._directory)
            except OSError as error:
                raise JournalDamaged(
                    f"spool file cannot be made durable: {os.strerror(error.errno or 0)}",
                    hint="check the disk, then start the gateway again",
                ) from error
            self._close()
        return SpoolFile(name=self._name, wrapped_key=self._wrapped_key, sha256=self.sha256, size=self._size)

    def abort(self) -> None:
        """Drop what was written. Does nothing after ``commit``; what cannot be removed now is swept at start-up."""
        with self._lock:
            if self._descriptor >= 0:
                self._part.unlink(missing_ok=True)
                self._close()

    @property
    def _part(self) -> Path:
        return self._directory / f"{self._name}{PART_SUFFIX}"

    def _check_limit(self, size: int) -> None:
        if size > self._limit:
            expected = f"at most {self._limit} bytes"
            raise Rejected([Finding(code=Code.BUNDLE_TOO_LARGE, expected=expected, got="more")])

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if self._descriptor < 0:
                raise ValueError("expected an open spool file, got a closed one")
            try:
                view = view[os.write(self._descriptor, view) :]
            except OSError as error:
                raise _storage_fault(error) from error

    def _close(self) -> None:
        # Marked closed first: Linux frees the number even where close reports an error, a second close hits a stranger.
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)


def _create(part: Path) -> int:
    try:
        # Readable by the group: under systemd the deliverer is another user. Without the master key it is noise.
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    except OSError as error:
        raise _storage_fault(error) from error
    # Held until the descriptor closes, also by a crash: ``sweep`` leaves files of living writers alone.
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    if os.fstat(descriptor).st_nlink == 0:  # a sweep came between creation and lock
        os.close(descriptor)
        raise Unavailable(Code.SERVICE_UNAVAILABLE, "the spool is being cleaned up", retry_after=1)
    return descriptor


def _storage_fault(error: OSError) -> Unavailable:
    """Before ``commit`` nothing was promised, so every fault of the disk is only "not now"."""
    if error.errno in _NO_SPACE:
        return Unavailable(Code.INSUFFICIENT_STORAGE, "the spool has no space left", retry_after=300)
    return Unavailable(
        Code.SERVICE_UNAVAILABLE, f"the spool cannot be written: {os.strerror(error.errno or 0)}"
    )


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
