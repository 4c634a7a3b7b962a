# SPDX-License-Identifier: EUPL-1.2
"""The records of a zip file, byte for byte (PKWARE APPNOTE 6.3.10, section 4.3), and nothing about what they mean.

Every reader takes bytes and gives a value, or ``None`` where the bytes are no such record: judging is left to the
modules that know where a record ought to stand. Rules: fixed sizes are unpacked by one ``struct`` each, lengths
inside a record never reach beyond the bytes that were given. What is made for every entry is a ``NamedTuple``: a frozen
dataclass of this size takes seven times as long to make.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple, Self

LOCAL_SIGNATURE = b"PK\x03\x04"
CENTRAL_SIGNATURE = b"PK\x01\x02"
DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
END_SIGNATURE = b"PK\x05\x06"
END64_SIGNATURE = b"PK\x06\x06"
LOCATOR_SIGNATURE = b"PK\x06\x07"

SIGNATURES = (
    LOCAL_SIGNATURE,
    CENTRAL_SIGNATURE,
    DESCRIPTOR_SIGNATURE,
    END_SIGNATURE,
    END64_SIGNATURE,
    LOCATOR_SIGNATURE,
)

SENTINEL_16 = 0xFFFF
SENTINEL_32 = 0xFFFFFFFF  # "look into the ZIP64 record"

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
LOCAL_SIZE, CENTRAL_SIZE = _LOCAL.size, _CENTRAL.size  # 30, 46 bytes
_SHARED = 6  # from here a central header has the fields of a local one, in the same order
END_SIZE, END64_SIZE, LOCATOR_SIZE = _END.size, _END64.size, _LOCATOR.size  # 22, 56, 20 bytes
_DESCRIPTORS = {
    12: struct.Struct("<3L"),
    16: struct.Struct("<4x3L"),
    20: struct.Struct("<L2Q"),
    24: struct.Struct("<4xL2Q"),
}


class LocalHeader(NamedTuple):
    """4.3.7, the record before an entry's bytes."""

    version: int
    flags: int
    method: int
    modified: tuple[int, int]  # DOS time, DOS date: compared, never read
    crc32: int
    compressed_size: int
    size: int
    name_length: int
    extra_length: int

    @classmethod
    def read(cls, data: bytes) -> Self | None:
        """The fixed part; ``None`` if this is no local header."""
        if len(data) < LOCAL_SIZE or not data.startswith(LOCAL_SIGNATURE):
            return None
        _, version, flags, method, time, date, *numbers = _LOCAL.unpack_from(data)
        return cls(version, flags, method, (time, date), *numbers)


class CentralHeader(NamedTuple):
    """4.3.12, an entry as the central directory tells it."""

    version: int
    flags: int
    method: int
    modified: tuple[int, int]
    crc32: int
    compressed_size: int
    size: int
    disk: int
    external: int  # attributes: DOS in the low byte, Unix mode in the high half
    offset: int
    name: bytes
    extra: bytes
    comment: bytes
    twin: bytes  # the local header that says the same, up to its extra field

    @classmethod
    def read(cls, data: bytes, at: int) -> tuple[Self, int] | None:
        """The record at ``at`` and where the next one starts; ``None`` if none stands there whole."""
        if len(data) - at < CENTRAL_SIZE or not data.startswith(CENTRAL_SIGNATURE, at):
            return None
        fields = _CENTRAL.unpack_from(data, at)
        _, _, version, flags, method, time, date, crc, packed, size, *rest = fields
        name, extra, comment, disk, _, external, offset = rest
        name_end = at + CENTRAL_SIZE + name
        extra_end = name_end + extra
        end = extra_end + comment
        if end > len(data):
            return None
        called = data[name_end - name : name_end]
        twin = LOCAL_SIGNATURE + data[at + _SHARED : at + _SHARED + LOCAL_SIZE - 4] + called
        texts = called, data[name_end:extra_end], data[extra_end:end], twin
        return cls(
            version, flags, method, (time, date), crc, packed, size, disk, external, offset, *texts
        ), end


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRecord:
    """4.3.16, the end of the central directory."""

    disk: int
    directory_disk: int
    entries_here: int
    entries: int
    directory_size: int
    directory_offset: int
    comment_length: int

    @classmethod
    def read(cls, data: bytes, at: int) -> Self | None:
        """The fixed part; ``None`` if this is no end record."""
        if len(data) - at < END_SIZE or not data.startswith(END_SIGNATURE, at):
            return None
        _, disk, first, here, entries, size, offset, comment = _END.unpack_from(data, at)
        return cls(
            disk=disk,
            directory_disk=first,
            entries_here=here,
            entries=entries,
            directory_size=size,
            directory_offset=offset,
            comment_length=comment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class End64Record:
    """4.3.14, the ZIP64 end of the central directory, without an extensible data sector."""

    record_size: int
    disk: int
    directory_disk: int
    entries_here: int
    entries: int
    directory_size: int
    directory_offset: int

    @classmethod
    def read(cls, data: bytes) -> Self | None:
        """The record; ``None`` if this is none."""
        if len(data) < END64_SIZE or not data.startswith(END64_SIGNATURE):
            return None
        _, record_size, _, _, disk, first, here, entries, size, offset = _END64.unpack_from(data)
        return cls(
            record_size=record_size,
            disk=disk,
            directory_disk=first,
            entries_here=here,
            entries=entries,
            directory_size=size,
            directory_offset=offset,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Locator:
    """4.3.15, where the ZIP64 end record stands."""

    disk: int
    end64_offset: int
    disks: int

    @classmethod
    def read(cls, data: bytes) -> Self | None:
        """The record; ``None`` if this is none."""
        if len(data) < LOCATOR_SIZE or not data.startswith(LOCATOR_SIGNATURE):
            return None
        _, disk, offset, disks = _LOCATOR.unpack_from(data)
        return cls(disk=disk, end64_offset=offset, disks=disks)


def read_descriptor(data: bytes, length: int) -> tuple[int, int, int] | None:
    """CRC-32, compressed size and size of a data descriptor (4.3.9) of ``length`` 12, 16, 20 or 24 bytes.

    The signature is optional and the sizes have 4 or 8 bytes, so the length alone tells the variant.
    """
    shape = _DESCRIPTORS.get(length)
    if shape is None or len(data) < length:
        return None
    signed = data.startswith(DESCRIPTOR_SIGNATURE)
    if signed is not (length in {16, 24}):
        # Unsigned with a CRC that looks like the signature has two readings, so it counts as none.
        return None
    crc, packed, size = shape.unpack_from(data)
    return crc, packed, size


def read_extra(data: bytes) -> tuple[tuple[int, bytes], ...] | None:
    """The (id, bytes) pairs of an extra field (4.5.1); ``None`` unless they fill it exactly."""
    fields = []
    at = 0
    while at < len(data):
        if len(data) - at < 4:
            return None
        kind, length = struct.unpack_from("<2H", data, at)
        at += 4
        if len(data) - at < length:
            return None
        fields.append((kind, data[at : at + length]))
        at += length
    return tuple(fields)
