# SPDX-License-Identifier: EUPL-1.2
"""The bytes of one entry, held to what every header said about them: length, end of the deflate stream, CRC-32.

Inflating stops one byte past the declared size, whatever the stream has left: that is what bounds a bomb, and what
the standard library does not notice (it returns the declared bytes and is silent about the rest).
Receivers inflate with zlib. That zlib-ng, which is faster, takes the same streams for the same bytes is held by
``tests/stages/container/test_inflaters.py`` and by the fuzz target ``zip_container``.
"""

from collections.abc import Iterator

from zlib_ng import zlib_ng

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.bundle import ByteSource, Entry, Method

_WHOLE = 4 * 1024 * 1024  # bytes, packed and inflated: up to here an entry is read in one go
_CHUNK = 256 * 1024  # packed bytes read at once
_LARGEST_CHUNK = 1024 * 1024  # inflated bytes handed on at once
_Damaged: type[Exception] = zlib_ng.error  # type: ignore[assignment]  # its stub calls the class an instance
_RAW = -zlib_ng.MAX_WBITS  # a zip holds deflate streams without zlib's header


def read_entry(source: ByteSource, entry: Entry) -> Iterator[bytes]:
    """The entry's bytes in chunks. Raises ``Rejected`` at the end at the latest if they are not what was declared,

    so nothing read from here counts before the iterator is exhausted.
    """
    if max(entry.size, entry.compressed_size) <= _WHOLE:
        data = read_whole(source, entry)
        if data:
            yield data
        return
    crc = 0
    for chunk in _inflated(source, entry) if entry.method is Method.DEFLATED else _stored(source, entry):
        crc = zlib_ng.crc32(chunk, crc)
        yield chunk
    _check_crc(entry, crc)


def read_whole(source: ByteSource, entry: Entry) -> bytes:
    """All bytes of an entry whose declared size the caller has found small enough. Raises ``Rejected``."""
    packed = source.read_at(entry.data_offset, entry.compressed_size)
    if len(packed) != entry.compressed_size:
        raise _wrong_size(entry, "the file ends earlier")
    data = packed
    if entry.method is Method.DEFLATED:
        inflater = zlib_ng.decompressobj(_RAW)
        try:
            data = inflater.decompress(packed, entry.size + 1)
        except _Damaged as error:
            raise _damaged(entry) from error
        _check_end(entry, inflater, len(data), unread=len(inflater.unconsumed_tail))
    _check_crc(entry, zlib_ng.crc32(data))
    return data


def _stored(source: ByteSource, entry: Entry) -> Iterator[bytes]:
    at, end = entry.data_offset, entry.data_offset + entry.compressed_size
    while at < end:
        chunk = source.read_at(at, min(_CHUNK, end - at))
        if not chunk:
            raise _wrong_size(entry, "the file ends earlier")
        at += len(chunk)
        yield chunk


def _inflated(source: ByteSource, entry: Entry) -> Iterator[bytes]:
    inflater = zlib_ng.decompressobj(_RAW)
    produced = 0
    unread = entry.compressed_size
    for packed in _stored(source, entry):
        unread -= len(packed)
        rest = packed
        filled = True
        # A filled buffer may leave output behind even where no input is left, so only an unfilled one ends the round.
        while (rest or filled) and not inflater.eof:
            room = min(_LARGEST_CHUNK, entry.size + 1 - produced)
            try:
                data = inflater.decompress(rest, room)
            except _Damaged as error:
                raise _damaged(entry) from error
            rest = inflater.unconsumed_tail
            filled = len(data) == room
            produced += len(data)
            if produced > entry.size:
                raise _wrong_size(entry, "more")
            if data:
                yield data
        if inflater.eof:
            break
    _check_end(entry, inflater, produced, unread=unread)


def _check_end(entry: Entry, inflater: "zlib_ng._Decompress", produced: int, *, unread: int) -> None:
    """The stream must end exactly where the packed bytes end, and give exactly the declared number of bytes."""
    if produced > entry.size:
        raise _wrong_size(entry, "more")
    if not inflater.eof:
        raise _wrong_size(entry, f"{produced} bytes and no end of the deflate stream")
    if produced < entry.size:
        raise _wrong_size(entry, f"{produced} bytes")
    unread += len(inflater.unused_data)
    if unread:
        raise _wrong_size(entry, f"{unread} bytes behind the end of the deflate stream")


def _check_crc(entry: Entry, crc: int) -> None:
    if crc != entry.crc32:
        raise Rejected(
            [
                Finding(
                    code=Code.CONTAINER_CHECKSUM_MISMATCH,
                    place=entry.name,
                    expected=f"CRC {entry.crc32:08x}",
                    got=f"{crc:08x}",
                )
            ]
        )


def _wrong_size(entry: Entry, got: str) -> Rejected:
    expected = f"{entry.size} bytes from {entry.compressed_size}"
    return Rejected(
        [Finding(code=Code.CONTAINER_SIZE_MISMATCH, place=entry.name, expected=expected, got=got)]
    )


def _damaged(entry: Entry) -> Rejected:
    expected = "an undamaged deflate stream"
    return Rejected(
        [
            Finding(
                code=Code.CONTAINER_CHECKSUM_MISMATCH,
                place=entry.name,
                expected=expected,
                got="a damaged one",
            )
        ]
    )
