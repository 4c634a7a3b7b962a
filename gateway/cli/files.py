# SPDX-License-Identifier: EUPL-1.2
"""Files on disk: one as a ``ByteSource``, one to be written."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.cli.terminal import WrongUse


def write_file(path: Path, data: bytes) -> None:
    """Write what was asked for. Raises ``WrongUse`` with the system's reason."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise WrongUse([f"{path}: {os.strerror(error.errno or 0)}"]) from error


class FileSource:
    """Random access to a file that the caller may read."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises ``WrongUse`` with the system's reason."""
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self._size = os.fstat(self._descriptor).st_size
        except OSError as error:
            raise WrongUse([f"{path}: {os.strerror(error.errno or 0)}"]) from error

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

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
