# SPDX-License-Identifier: EUPL-1.2
"""Byte sources that need no file: bytes in memory, for small bundles and for tests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemorySource:
    """A ``ByteSource`` over bytes."""

    data: bytes

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes ``offset .. offset+length``."""
        return self.data[offset : offset + length]
