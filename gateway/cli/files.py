# SPDX-License-Identifier: EUPL-1.2
"""Files on disk: one as a ``ByteSource``, one read whole, one to be written."""

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.cli.terminal import WrongUse

_STANDARD_INPUT = "-"


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet. Raises ``WrongUse`` where it is, and with the system's reason."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise WrongUse(
            [f"{path} exists already"], hint="choose another name; nothing is overwritten"
        ) from error
    except OSError as error:
        raise WrongUse([f"{path}: {os.strerror(error.errno or 0)}"]) from error


def read_file(path: Path) -> bytes:
    """All of it. Raises ``WrongUse`` as ``FileSource`` does."""
    with FileSource(path) as source:
        return source.read_at(0, source.size)


class FileSource:
    """Random access to a file that the caller may read."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises ``WrongUse`` with the system's reason, or where it is no regular file."""
        try:
            # Without O_NONBLOCK a FIFO that nobody writes to would be waited for, for ever.
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            if str(path) == _STANDARD_INPUT or error.errno == errno.ENXIO:  # the latter is a socket
                raise _not_regular(path) from error
            raise WrongUse([f"{path}: {os.strerror(error.errno or 0)}"]) from error
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(self._descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise WrongUse([f"{path} is not a file"])
            raise _not_regular(path)
        self._size = status.st_size

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

    def fileno(self) -> int:
        """The descriptor, for a process that can open nothing itself."""
        return self._descriptor

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes ``offset .. offset+length``."""
        parts = bytearray()
        while len(parts) < length:
            part = os.pread(self._descriptor, length - len(parts), offset + len(parts))
            if not part:
                break
            parts += part
        return bytes(parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)


def _not_regular(path: Path) -> WrongUse:
    """A signature is judged at many places of a file, a pipe is read once."""
    return WrongUse([f"{path}: not a regular file; save its content to a file first"])
