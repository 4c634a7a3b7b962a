# SPDX-License-Identifier: EUPL-1.2
"""Random access to one encrypted spool file, in flat memory."""

import os
from types import TracebackType
from typing import Self

from gateway.errors import JournalDamaged
from gateway.spool.stream import NONCE_BYTES, SEALED_BYTES, SEGMENT_BYTES, Opener, segment_offset


class SpoolReader:
    """A ``ByteSource`` over an encrypted file; owns its descriptor until ``close``.

    Opening authenticates the last segment, so a file that was cut or appended to is refused before anything is read.
    Every other segment is authenticated when it is read. For one thread at a time.
    """

    def __init__(self, descriptor: int, file_key: bytes) -> None:
        self._descriptor = descriptor
        # Not by its status: a confined worker may not ask for one. All reads name their offset, so none is disturbed.
        stored = os.lseek(descriptor, 0, os.SEEK_END)
        self._opener = Opener(file_key, os.pread(descriptor, NONCE_BYTES, 0), stored)
        self._index = -1  # segment in _segment
        self._segment = b""
        self._load(self._opener.segments - 1)

    @classmethod
    def from_descriptor(cls, descriptor: int, file_key: bytes) -> Self:
        """Take over an open descriptor. Raises ``JournalDamaged``; the descriptor is closed then."""
        try:
            return cls(descriptor, file_key)
        except BaseException:
            os.close(descriptor)
            raise

    @property
    def size(self) -> int:
        """Length of the plaintext in bytes."""
        return self._opener.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes ``offset .. offset+length``, fewer only at the end. Raises ``JournalDamaged``."""
        if offset < 0 or length < 0:
            raise ValueError(f"expected an offset and length of at least 0, got {offset} and {length}")
        end = min(offset + length, self.size)
        parts = []
        while offset < end:
            index, start = divmod(offset, SEGMENT_BYTES)
            self._load(index)
            part = self._segment[start : start + end - offset]
            parts.append(part)
            offset += len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the descriptor; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _load(self, index: int) -> None:
        if index == self._index:
            return
        self._segment = self._opener.open(index, self._stored(segment_offset(index), SEALED_BYTES))
        self._index = index

    def _stored(self, offset: int, length: int) -> bytes:
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise JournalDamaged(f"spool file cannot be read: {os.strerror(error.errno or 0)}") from error
