# SPDX-License-Identifier: EUPL-1.2
"""A zip writer that can lie: every field of every record can be given another value than the true one."""

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

from gateway.model.source import MemorySource
from gateway.policy import ContainerPolicy
from gateway.stages.container import read_archive, read_entry

DESCRIPTOR = 1 << 3
UTF8 = 1 << 11
ASIC_E = b"application/vnd.etsi.asic-e+zip"
ASIC_S = b"application/vnd.etsi.asic-s+zip"


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@dataclass
class File:
    """One entry, true unless told otherwise. ``local`` and ``central`` override fields of one header by name."""

    name: str | bytes
    data: bytes = b"content"
    method: int = 8
    flags: int = 0
    packed: bytes | None = None
    descriptor: int = 0  # its length, 0 for none; then the local sizes are zero
    descriptor_bytes: bytes | None = None
    extra: bytes = b""
    local_extra: bytes | None = None
    comment: bytes = b""
    external: int = 0
    local: dict[str, Any] = field(default_factory=dict)
    central: dict[str, Any] = field(default_factory=dict)
    before: bytes = b""  # bytes before the local header
    after: bytes = b""  # bytes after data and descriptor
    listed: bool = True  # in the central directory?
    written: bool = True  # has it bytes of its own?

    def __post_init__(self):
        if isinstance(self.name, str):
            if not self.name.isascii():
                self.flags |= UTF8
            self.name = self.name.encode()
        if self.packed is None:
            self.packed = deflate(self.data) if self.method == 8 else self.data
        if self.descriptor:
            self.flags |= DESCRIPTOR

    def fields(self):
        return {
            "version": 20,
            "flags": self.flags,
            "method": self.method,
            "time": 0x6000,
            "date": 0x5A21,
            "crc": zlib.crc32(self.data),
            "packed": len(self.packed),
            "size": len(self.data),
            "name": self.name,
        }

    def local_record(self):
        fields = self.fields()
        if self.descriptor:
            fields |= {"crc": 0, "packed": 0, "size": 0}
        extra = self.extra if self.local_extra is None else self.local_extra
        fields |= {"extra": extra, "signature": b"PK\3\4"} | self.local
        return (
            struct.pack(
                "<4s5H3L2H",
                *(fields[key] for key in ("signature", "version", "flags", "method", "time", "date")),
                *(fields[key] for key in ("crc", "packed", "size")),
                len(fields["name"]),
                len(fields["extra"]),
            )
            + fields["name"]
            + fields["extra"]
        )

    def descriptor_record(self):
        if self.descriptor_bytes is not None or not self.descriptor:
            return self.descriptor_bytes or b""
        shape = {12: "<3L", 16: "<3L", 20: "<L2Q", 24: "<L2Q"}[self.descriptor]
        numbers = struct.pack(shape, zlib.crc32(self.data), len(self.packed), len(self.data))
        return (b"PK\7\x08" if self.descriptor in {16, 24} else b"") + numbers

    def central_record(self, offset):
        fields = self.fields() | {"extra": self.extra, "comment": self.comment, "external": self.external}
        fields |= {"offset": offset, "disk": 0, "made_by": 20} | self.central
        return (
            struct.pack(
                "<4s6H3L5H2L",
                b"PK\1\2",
                *(fields[key] for key in ("made_by", "version", "flags", "method", "time", "date")),
                *(fields[key] for key in ("crc", "packed", "size")),
                *(len(fields[key]) for key in ("name", "extra", "comment")),
                fields["disk"],
                0,
                fields["external"],
                fields["offset"],
            )
            + fields["name"]
            + fields["extra"]
            + fields["comment"]
        )


def forge(
    files=(),
    *,
    prefix=b"",
    before_directory=b"",
    in_directory=b"",
    after_directory=b"",
    comment=b"",
    suffix=b"",
    shift=0,
    end=None,
    end64=None,
    locator=None,
):
    """The archive. ``end``, ``end64`` and ``locator`` override fields; the ZIP64 records stand only if one is given."""
    body = bytearray(prefix)
    directory = bytearray()
    offsets = {}
    for file in files:
        body += file.before if file.written else b""
        offsets.setdefault(file.name, len(body) + shift)
        offset = len(body) + shift if file.written else offsets[file.name]
        if file.written:
            body += file.local_record() + file.packed + file.descriptor_record() + file.after
        if file.listed:
            directory += file.central_record(offset)
    body += before_directory
    directory += in_directory
    count = sum(file.listed for file in files)
    true = {"here": count, "entries": count, "size": len(directory), "offset": len(body) + shift}
    body += directory + after_directory
    if end64 is not None or locator is not None:
        body += _end64(true, len(body) + shift, end64 or {}, locator or {})
    fields = true | {"disk": 0, "first": 0, "comment_length": len(comment)} | (end or {})
    body += struct.pack(
        "<4s4H2LH",
        b"PK\5\6",
        *(fields[key] for key in ("disk", "first", "here", "entries", "size", "offset", "comment_length")),
    )
    return bytes(body) + comment + suffix


def _end64(true, place, end64, locator):
    fields = true | {"record": 44, "disk": 0, "first": 0} | end64
    record = struct.pack(
        "<4sQ2H2L4Q",
        b"PK\6\6",
        fields["record"],
        45,
        45,
        *(fields[key] for key in ("disk", "first", "here", "entries", "size", "offset")),
    )
    where = {"disk": 0, "place": place, "disks": 1} | locator
    return record + struct.pack("<4sLQL", b"PK\6\7", where["disk"], where["place"], where["disks"])


def mimetype(value=ASIC_E, **lies):
    return File(**({"name": "mimetype", "data": value, "method": 0} | lies))


def asic(*files, value=ASIC_E):
    """A container in good order: mimetype first, a signature file, and ``files``."""
    signature = File(name="META-INF/signatures0.xml", data=b"<asic/>")
    return [mimetype(value), *(files or (File(name="dossier.xml"),)), signature]


def files_of(data, policy=None):
    """Name -> bytes as the strict reader gives them; raises ``Rejected``."""
    source = MemorySource(data)
    archive = read_archive(source, policy=policy or ContainerPolicy())
    return {entry.name: b"".join(read_entry(source, entry)) for entry in archive.entries}
