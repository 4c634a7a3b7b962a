# SPDX-License-Identifier: EUPL-1.2
"""Files of a container read once more: archive and content time-stamps are over whole files, one after the other.

Leaves out what else they are over (``xades.imprints``). A bundle can hold a hundred such time-stamps, and all of them
begin with the same files: the digest behind the files is kept, and what is read in all is bounded.
"""

from collections.abc import Callable, Iterator
from hashlib import new as new_digest
from typing import Protocol, Self

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.model.bundle import Digested, Entry

ReadEntry = Callable[[Entry], Iterator[bytes]]
# Files are read once for each digest algorithm and for each order in which signatures name them. More often than this
# only a bundle made to cost time wants it; small ones cost none.
_READINGS = 8
_FREE = 64 * 1024 * 1024  # bytes


class Digest(Protocol):
    """Hash object of hashlib."""

    def update(self, data: bytes, /) -> None:
        """Take in more."""

    def digest(self) -> bytes:
        """The digest so far."""

    def copy(self) -> Self:
        """Another one that has taken in the same."""


class Rereading:
    """Owned by one judgement."""

    def __init__(self, digested: Digested, read: ReadEntry) -> None:
        self._entries = {entry.name: entry for entry in digested.opened.entries}
        self._meta = digested.opened.meta
        self._read = read
        self._left = _FREE + _READINGS * sum(entry.size for entry in digested.opened.payload)
        self._runs: dict[tuple[str, tuple[str, ...]], Digest] = {}

    def stream(self, name: str, *, place: str) -> Iterator[bytes]:
        """The bytes of an entry. Raises ``Rejected`` where they are not what was declared, or too much has been read."""
        meta = self._meta.get(name)
        if meta is not None:
            yield meta
            return
        entry = self._entries[name]
        self._left -= entry.size
        if self._left < 0:
            raise Rejected([not_reread(place)])
        yield from self._read(entry)

    def digest_over(self, names: tuple[str, ...], algorithm: str, *, place: str) -> Digest:
        """A digest that has taken in these files; raises as ``stream`` does, ``ValueError`` for an unknown algorithm."""
        run = self._runs.get((algorithm, names))
        if run is None:
            run = new_digest(algorithm)
            for name in names:
                for chunk in self.stream(name, place=place):
                    run.update(chunk)
            self._runs[algorithm, names] = run
        return run.copy()


def not_reread(place: str) -> Finding:
    """Nothing speaks against the time-stamp, and nothing is concluded from it."""
    return Finding(
        code=Code.ARCHIVE_TIMESTAMP_UNCHECKED,
        severity=Severity.WARNING,
        place=place,
        got="its files cannot be read once more",
    )
