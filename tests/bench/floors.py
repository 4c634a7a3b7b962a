# SPDX-License-Identifier: EUPL-1.2
"""The least that must be done with the same bytes: inflate, SHA-256, fsync. What no gateway can be faster than.

Knows where the deflate streams are beforehand, checks nothing, and imports nothing of ours.
"""

import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_LOCAL = 30  # bytes of a local header before the name
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stream:
    """Packed bytes of one entry."""

    start: int
    packed: int
    size: int
    deflated: bool


def streams(bundle: bytes) -> tuple[Stream, ...]:
    """Every entry of a container."""
    found = []
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        for entry in archive.infolist():
            name, extra = struct.unpack_from("<2H", bundle, entry.header_offset + 26)
            start = entry.header_offset + _LOCAL + name + extra
            deflated = entry.compress_type == zipfile.ZIP_DEFLATED
            found.append(Stream(start, entry.compress_size, entry.file_size, deflated))
    return tuple(found)


def inflate_and_hash(
    bundle: bytes, entries: tuple[Stream, ...], inflate: Callable[..., bytes] = zlib.decompress
) -> None:
    """Every entry, whole."""
    view = memoryview(bundle)
    for entry in entries:
        data = view[entry.start : entry.start + entry.packed]
        hashlib.sha256(inflate(data, -15, entry.size or 1) if entry.deflated else data).digest()


def take_in(job: tuple[str, tuple[Stream, ...], str]) -> None:
    """What must happen to a bundle that is accepted: read it, inflate, hash, make a copy of it durable."""
    source, entries, target = job
    bundle = Path(source).read_bytes()
    inflate_and_hash(bundle, entries)
    durable(Path(target), bundle)


def take_in_chunks(source: Path, target: Path) -> None:
    """The least for a bundle that memory cannot hold: hash it as it is, and make a copy of it durable."""
    digest = hashlib.sha256()
    with source.open("rb") as whole, target.open("wb") as copy:
        while chunk := whole.read(_CHUNK):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    target.unlink()


def durable(target: Path, data: bytes) -> None:
    """A new file, on disk with its name when this returns."""
    descriptor = os.open(target, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        for start in range(0, len(data), _CHUNK):
            os.write(descriptor, data[start : start + _CHUNK])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
