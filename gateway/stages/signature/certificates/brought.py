# SPDX-License-Identifier: EUPL-1.2
"""Revocation data that came with signatures, parsed once: every certificate of a file is judged with all of it.

Leaves out whether anything in it is to be believed. Owned by one thread, bounded by the number of what is kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Generic, TypeVar

from gateway.errors import Rejected

Parsed = TypeVar("Parsed")


class Brought(Generic[Parsed]):
    """What ``read`` makes of bytes, by their digest; the least recently used goes first."""

    def __init__(self, read: Callable[[bytes], Parsed], *, limit: int) -> None:
        self._read, self._limit = read, limit
        self._kept: OrderedDict[bytes, Parsed | None] = OrderedDict()  # None: nobody can read it

    def readable(self, ders: Iterable[bytes]) -> tuple[Parsed, ...]:
        """Those that can be read: the others prove nothing, and what is missing is named where it is missed."""
        parsed = (self._known(der) for der in ders)
        return tuple(one for one in parsed if one is not None)

    def _known(self, der: bytes) -> Parsed | None:
        digest = sha256(der).digest()
        if digest in self._kept:
            self._kept.move_to_end(digest)
            return self._kept[digest]
        parsed = None
        try:
            parsed = self._read(der)
        except Rejected as refusal:
            if isinstance(refusal.__cause__, MemoryError):
                return None  # that passes, so it must not be remembered of these bytes
        self._kept[digest] = parsed
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return parsed
