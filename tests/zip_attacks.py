# SPDX-License-Identifier: EUPL-1.2
"""Every way we know to make a zip file mean two things, and the code it is refused with: cases for several tests."""

import hashlib
import struct
import zlib

from zip_forge import UTF8, File, deflate, forge

from gateway.codes import Code
from gateway.policy import KIB, MIB, ContainerPolicy

A, B = File(name="a.xml", data=b"<a/>" * 20), File(name="b.xml", data=b"<b/>" * 20)
FIFO, SYMLINK, DEVICE, REGULAR, FOLDER = (kind << 28 for kind in (1, 10, 6, 8, 4))
ZIP64 = b"\x01\x00"


def file(name="a.xml", **lies):
    return File(**({"name": name, "data": b"<a/>" * 20} | lies))


def unicode_path(name, original):
    data = struct.pack("<BL", 1, zlib.crc32(original)) + name
    return struct.pack("<2H", 0x7075, len(data)) + data


def zip64(*numbers):
    return struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


def quoted_overlap_bomb(count):
    """Fifield 2019: the deflate stream of each file quotes the local header of the next, all share one kernel."""
    kernel = deflate(b"A" * 50_000)
    tail, members = b"", []
    data = b"A" * 50_000
    packed = kernel
    for number in reversed(range(count)):
        if members:
            quoted = tail[:33]  # header and name of the file that follows, as a stored block of this one
            packed = struct.pack("<BHH", 0, 33, 0xFFFF ^ 33) + tail
            data = quoted + data
        member = File(name=b"f%02d" % number, data=data, packed=packed)
        tail = member.local_record() + packed
        members.insert(0, member)
    offsets = [(33 + 5) * number for number in range(count)]
    directory = b"".join(m.central_record(o) for m, o in zip(members, offsets, strict=True))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(tail), 0)
    return tail + directory + end


ATTACKS = {
    # -- overlap and sizes
    "one local header for fifty entries": (
        forge([A, *(file(written=False) for _ in range(49))]),
        Code.CONTAINER_OVERLAPPING_ENTRIES,
    ),
    "quoted overlap bomb": (quoted_overlap_bomb(10), Code.CONTAINER_OVERLAPPING_ENTRIES),
    "packed size reaches into the next entry": (
        forge([file(local={"packed": 200}, central={"packed": 200}), B]),
        Code.CONTAINER_OVERLAPPING_ENTRIES,
    ),
    "packed size reaches into the directory": (
        forge([A, file("b.xml", local={"packed": 90}, central={"packed": 90})]),
        Code.CONTAINER_OVERLAPPING_ENTRIES,
    ),
    "stream yields more than declared": (
        forge([file(data=b"0123456789", packed=deflate(b"0123456789" + b"x" * 100_000))]),
        Code.CONTAINER_SIZE_MISMATCH,
    ),
    "stream yields less than declared": (
        forge([file(packed=deflate(b"<a/>"))]),
        Code.CONTAINER_SIZE_MISMATCH,
    ),
    "bytes behind the end of the deflate stream": (
        forge([file(packed=deflate(b"<a/>" * 20) + b"hidden")]),
        Code.CONTAINER_SIZE_MISMATCH,
    ),
    "deflate stream without an end": (
        forge([file(packed=deflate(b"<a/>" * 20)[:-2])]),
        Code.CONTAINER_SIZE_MISMATCH,
    ),
    "stored entry with two sizes": (
        forge([file(method=0, local={"size": 4}, central={"size": 4})]),
        Code.CONTAINER_SIZE_MISMATCH,
    ),
    "no deflate stream at all": (forge([file(packed=b"\xff" * 20)]), Code.CONTAINER_CHECKSUM_MISMATCH),
    "wrong checksum": (
        forge([file(local={"crc": 1}, central={"crc": 1})]),
        Code.CONTAINER_CHECKSUM_MISMATCH,
    ),
    # -- names that are one
    "two entries of one name": (forge([A, file(data=b"other")]), Code.CONTAINER_DUPLICATE_NAME),
    "names equal but for case": (forge([A, file("A.XML")]), Code.CONTAINER_DUPLICATE_NAME),
    "names equal but for case, beyond ASCII": (
        forge([file("\u00e4.xml"), file("\u00c4.xml")]),
        Code.CONTAINER_DUPLICATE_NAME,
    ),
    "names equal in NFC": (forge([file("\u00e4.xml"), file("a\u0308.xml")]), Code.CONTAINER_DUPLICATE_NAME),
    "names equal after case folding": (
        forge([file("stra\u00dfe.xml"), file("STRASSE.xml")]),
        Code.CONTAINER_DUPLICATE_NAME,
    ),
    "file and folder of one name": (forge([file("a"), file("a/b.xml")]), Code.CONTAINER_DUPLICATE_NAME),
    "file and folder entry of one name": (
        forge([file("a"), file("A/", data=b"", method=0)]),
        Code.CONTAINER_DUPLICATE_NAME,
    ),
    # -- local header against directory
    "local name differs": (forge([file(local={"name": b"b.xml"})]), Code.CONTAINER_HEADER_MISMATCH),
    "local name shorter": (
        forge([file("a.xmlx", local={"name": b"a.xml", "extra": b""})]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "local method deflated, central stored": (
        forge([file(method=0, local={"method": 8})]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "local checksum differs": (forge([file(local={"crc": 7})]), Code.CONTAINER_HEADER_MISMATCH),
    "local sizes differ": (forge([file(local={"size": 7})]), Code.CONTAINER_HEADER_MISMATCH),
    "local sizes zero without a descriptor": (
        forge([file(local={"size": 0, "packed": 0, "crc": 0})]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "local time differs": (forge([file(local={"time": 1})]), Code.CONTAINER_HEADER_MISMATCH),
    "local version differs": (forge([file(local={"version": 10})]), Code.CONTAINER_HEADER_MISMATCH),
    "descriptor flag in the local header only": (
        forge([file(descriptor=16, central={"flags": 0})]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "no local header at the offset": (
        forge([file(local={"signature": b"PK\0\0"})]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "offset beyond the file": (forge([file(central={"offset": 10**6})]), Code.CONTAINER_HEADER_MISMATCH),
    "extra field with bytes left over": (forge([file(extra=b"   ")]), Code.CONTAINER_HEADER_MISMATCH),
    "long extra field with bytes left over": (
        forge([file(extra=b"UT\x10\x00" + bytes(range(16)) + b"abc")]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "extra field longer than its room": (
        forge([file(extra=b"UT\x09\x00\x03")]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "local extra field with bytes left over": (
        forge([file(local_extra=b" ")]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    # -- descriptors
    "descriptor on a stored entry": (forge([file(method=0, descriptor=16)]), Code.CONTAINER_HEADER_MISMATCH),
    "descriptor with another checksum": (
        forge([file(descriptor=16, descriptor_bytes=b"PK\7\x08" + struct.pack("<3L", 1, 10, 80))]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "other bytes for a descriptor": (
        forge([file(descriptor=16, descriptor_bytes=b"0123456789" * 3), B]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "descriptor missing": (
        forge([file(descriptor=16, descriptor_bytes=b""), B]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "wide descriptor without a ZIP64 field": (forge([file(descriptor=24)]), Code.CONTAINER_HEADER_MISMATCH),
    "narrow descriptor with a ZIP64 field": (
        forge([file(descriptor=16, local_extra=zip64(0, 0), local={"size": 2**32 - 1, "packed": 2**32 - 1})]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "bytes behind the descriptor": (
        forge([file(descriptor=16, after=b"xyz"), B]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    # -- what nobody lists
    "entry missing in the directory": (
        forge([A, file("hidden.xml", listed=False), B]),
        Code.CONTAINER_HIDDEN_ENTRY,
    ),
    "first entry missing in the directory": (
        forge([file("hidden.xml", listed=False), B]),
        Code.CONTAINER_HIDDEN_ENTRY,
    ),
    "last entry missing in the directory": (
        forge([A, file("hidden.xml", listed=False)]),
        Code.CONTAINER_HIDDEN_ENTRY,
    ),
    "hidden entry behind a descriptor": (
        forge([file(descriptor=16), file("hidden.xml", listed=False), B]),
        Code.CONTAINER_HIDDEN_ENTRY,
    ),
    "bytes between two entries": (forge([file(after=b"gap"), B]), Code.CONTAINER_HIDDEN_ENTRY),
    "bytes before the directory": (forge([A], before_directory=b"gap"), Code.CONTAINER_HIDDEN_ENTRY),
    # -- the ends of the file
    "program before the archive": (b"MZ" + b"\0" * 98 + forge([A]), Code.CONTAINER_PREPENDED_DATA),
    "pdf before the archive, offsets mended": (
        forge([A], prefix=b"%PDF-1.7\n"),
        Code.CONTAINER_PREPENDED_DATA,
    ),
    "bytes after the archive": (forge([A], suffix=b"    "), Code.CONTAINER_TRAILING_DATA),
    "comment longer than the file": (
        forge([A], end={"comment_length": 9}),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "two archives in a row": (forge([A]) + forge([B]), Code.CONTAINER_MULTIPLE_EOCD),
    "two archives in a row, offsets mended": (
        forge([B], prefix=forge([A])),
        Code.CONTAINER_MULTIPLE_EOCD,
    ),
    "archive in the comment": (forge([A], comment=forge([B])), Code.CONTAINER_MULTIPLE_EOCD),
    "archive in the comment, offsets mended": (
        forge([A], comment=forge([B], shift=len(forge([A])))),
        Code.CONTAINER_MULTIPLE_EOCD,
    ),
    "end record in an entry's comment": (
        forge([file(comment=forge())]),
        Code.CONTAINER_MULTIPLE_EOCD,
    ),
    "end record in a stored entry that takes the rest for its comment": (
        forge([file(method=0, data=forge(end={"comment_length": 73}))]),
        Code.CONTAINER_MULTIPLE_EOCD,
    ),
    "two end records in a stored entry, the second takes the rest for its comment": (
        forge([file(method=0, data=forge() + forge(end={"comment_length": 73}))]),
        Code.CONTAINER_MULTIPLE_EOCD,
    ),
    # -- end record
    "too few entries counted": (forge([A, B], end={"entries": 1, "here": 1}), Code.CONTAINER_EOCD_MISMATCH),
    "too many entries counted": (forge([A, B], end={"entries": 3, "here": 3}), Code.CONTAINER_EOCD_MISMATCH),
    "entries counted modulo 65536": (
        forge([A, B], end={"entries": 65535, "here": 65535}),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "entries here differ": (forge([A, B], end={"here": 1}), Code.CONTAINER_EOCD_MISMATCH),
    "directory size too small": (forge([A, B], end={"size": 51}), Code.CONTAINER_EOCD_MISMATCH),
    "directory size too large": (forge([A, B], end={"size": 110}), Code.CONTAINER_EOCD_MISMATCH),
    "directory offset too small": (forge([A, B], end={"offset": 3}), Code.CONTAINER_EOCD_MISMATCH),
    "directory offset beyond the file": (forge([A, B], end={"offset": 10**6}), Code.CONTAINER_EOCD_MISMATCH),
    "several disks": (forge([A], end={"disk": 1}), Code.CONTAINER_EOCD_MISMATCH),
    "directory on another disk": (forge([A], end={"first": 1}), Code.CONTAINER_EOCD_MISMATCH),
    "bytes behind the directory": (forge([A], after_directory=b"gap"), Code.CONTAINER_EOCD_MISMATCH),
    "half an entry in the directory": (
        forge([A], in_directory=b"PK\1\2" + b"\0" * 20),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "other bytes in the directory": (forge([A], in_directory=b"gap"), Code.CONTAINER_EOCD_MISMATCH),
    "ZIP64 numbers asked for but not there": (
        forge([A], end={"offset": 2**32 - 1}),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "end record and its ZIP64 twin count differently": (
        forge([A], end64={}, end={"entries": 2, "here": 2}),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "end record and its ZIP64 twin differ in the offset": (
        forge([A], end64={}, end={"offset": 1}),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "ZIP64 locator points elsewhere": (
        forge([A], locator={"place": 7}),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "ZIP64 locator of several disks": (forge([A], locator={"disks": 2}), Code.CONTAINER_EOCD_MISMATCH),
    "ZIP64 locator on another disk": (forge([A], locator={"disk": 1}), Code.CONTAINER_EOCD_MISMATCH),
    "ZIP64 end record counts others": (
        forge([A], end64={"entries": 2, "here": 2}),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "ZIP64 end record with another size of directory": (
        forge([A], end64={"size": 52}),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "ZIP64 end record with another offset": (forge([A], end64={"offset": 1}), Code.CONTAINER_EOCD_MISMATCH),
    "ZIP64 end record with a data sector": (
        forge([A], end64={"record": 60}),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    "ZIP64 end record on another disk": (forge([A], end64={"first": 1}), Code.CONTAINER_EOCD_MISMATCH),
    "ZIP64 locator without its record": (
        forge([A], after_directory=b"PK\6\7" + b"\0" * 16),
        Code.CONTAINER_EOCD_MISMATCH,
    ),
    # -- ZIP64 fields
    "ZIP64 field longer than needed": (
        forge([file(extra=zip64(80, 0), local={"size": 2**32 - 1}, central={"size": 2**32 - 1})]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "ZIP64 field not needed": (forge([file(extra=zip64(80))]), Code.CONTAINER_HEADER_MISMATCH),
    "ZIP64 field missing": (
        forge([file(local={"size": 2**32 - 1}, central={"size": 2**32 - 1})]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "two ZIP64 fields": (
        forge([file(extra=zip64(80) + zip64(4), local={"size": 2**32 - 1}, central={"size": 2**32 - 1})]),
        Code.CONTAINER_HEADER_MISMATCH,
    ),
    "ZIP64 field with another size": (
        forge([file(extra=zip64(81), local={"size": 2**32 - 1}, central={"size": 2**32 - 1})]),
        Code.CONTAINER_SIZE_MISMATCH,
    ),
    # -- encoding of names
    "UTF-8 name without its flag": (
        forge([file("\u00e4.xml".encode())]),
        Code.CONTAINER_NAME_ENCODING,
    ),
    "name in another encoding with the UTF-8 flag": (
        forge([file(b"\x84.xml", flags=UTF8)]),
        Code.CONTAINER_NAME_ENCODING,
    ),
    "UTF-8 flag in the local header only": (
        forge([file("\u00e4.xml".encode(), local={"flags": UTF8})]),
        Code.CONTAINER_NAME_ENCODING,
    ),
    "Unicode path names another file": (
        forge([file(extra=unicode_path(b"b.xml", b"a.xml"))]),
        Code.CONTAINER_NAME_ENCODING,
    ),
    "Unicode path of another name's checksum": (
        forge([file(extra=unicode_path(b"a.xml", b"x"))]),
        Code.CONTAINER_NAME_ENCODING,
    ),
    "two Unicode paths": (
        forge([file(extra=unicode_path(b"a.xml", b"a.xml") * 2)]),
        Code.CONTAINER_NAME_ENCODING,
    ),
    "Unicode path in the local header": (
        forge([file(local_extra=unicode_path(b"b.xml", b"a.xml"))]),
        Code.CONTAINER_NAME_ENCODING,
    ),
    # -- things that are no files
    "symbolic link": (forge([file(external=SYMLINK)]), Code.CONTAINER_NOT_A_REGULAR_FILE),
    "device": (forge([file(external=DEVICE)]), Code.CONTAINER_NOT_A_REGULAR_FILE),
    "named pipe": (forge([file(external=FIFO)]), Code.CONTAINER_NOT_A_REGULAR_FILE),
    "folder by its mode": (forge([file(external=FOLDER)]), Code.CONTAINER_NOT_A_REGULAR_FILE),
    "folder by its DOS attribute": (forge([file(external=0x10)]), Code.CONTAINER_NOT_A_REGULAR_FILE),
    "volume label": (forge([file(external=0x08)]), Code.CONTAINER_NOT_A_REGULAR_FILE),
    "folder with data": (forge([file("a/", method=0)]), Code.CONTAINER_NOT_A_REGULAR_FILE),
    "folder with packed data": (
        forge([file("a/", data=b"", packed=b"\x01\x02")]),
        Code.CONTAINER_NOT_A_REGULAR_FILE,
    ),
    "folder with more than an empty stream": (
        forge([file("a/", data=b"", packed=b"\x03\x00x")]),
        Code.CONTAINER_NOT_A_REGULAR_FILE,
    ),
    "folder with the mode of a file": (
        forge([file("a/", data=b"", method=0, external=REGULAR)]),
        Code.CONTAINER_NOT_A_REGULAR_FILE,
    ),
    # -- features
    "encrypted": (forge([file(flags=1)]), Code.CONTAINER_FEATURE_NOT_ALLOWED),
    "enhanced deflate": (forge([file(flags=1 << 4)]), Code.CONTAINER_FEATURE_NOT_ALLOWED),
    "patch data": (forge([file(flags=1 << 5)]), Code.CONTAINER_FEATURE_NOT_ALLOWED),
    "strong encryption": (forge([file(flags=1 << 6)]), Code.CONTAINER_FEATURE_NOT_ALLOWED),
    "masked headers": (forge([file(flags=1 << 13)]), Code.CONTAINER_FEATURE_NOT_ALLOWED),
    "AES field": (
        forge([file(extra=b"\x01\x99\x07\x00" + b"\x02\x00AE\x03\x08\x00")]),
        Code.CONTAINER_FEATURE_NOT_ALLOWED,
    ),
    "extra field that a file hides in": (
        forge([file(extra=b"\xfe\xca\x7d\0" + bytes(125))]),
        Code.CONTAINER_FEATURE_NOT_ALLOWED,
    ),
    "extra fields that a file hides in together": (
        forge([file(extra=(b"\xfe\xca\x3d\0" + bytes(61)) * 2)]),
        Code.CONTAINER_FEATURE_NOT_ALLOWED,
    ),
    "local extra field that a file hides in": (
        forge([file(local_extra=b"\xfe\xca\x7d\0" + bytes(125))]),
        Code.CONTAINER_FEATURE_NOT_ALLOWED,
    ),
    "version of a format to come": (
        forge([file(local={"version": 63}, central={"version": 63})]),
        Code.CONTAINER_FEATURE_NOT_ALLOWED,
    ),
    "entry on another disk": (forge([file(central={"disk": 1})]), Code.CONTAINER_FEATURE_NOT_ALLOWED),
    "method bzip2": (forge([file(method=12)]), Code.CONTAINER_METHOD_NOT_ALLOWED),
    "method deflate64": (forge([file(method=9)]), Code.CONTAINER_METHOD_NOT_ALLOWED),
    # -- comments
    "long comment": (forge([A], comment=b"x" * 257), Code.CONTAINER_COMMENT),
    "comment with control characters": (forge([A], comment=b"\x1b[2J"), Code.CONTAINER_COMMENT),
    "comment that turns the reading direction": (
        forge([A], comment="\u202egpj".encode()),
        Code.CONTAINER_COMMENT,
    ),
    "entry comment that is no text": (forge([file(comment=b"\xff")]), Code.CONTAINER_COMMENT),
    # -- no archive
    "nothing": (b"", Code.CONTAINER_NOT_ZIP),
    "text": (b"dossier", Code.CONTAINER_NOT_ZIP),
    "cut off": (forge([A, B])[:-30], Code.CONTAINER_NOT_ZIP),
    "cut off in the end record": (forge([A, B])[:-1], Code.CONTAINER_NOT_ZIP),
}


BAD_NAMES = {
    "climbs": "../x",
    "climbs inside": "a/../b",
    "climbs the Windows way": "a\\..\\b",
    "absolute": "/etc/passwd",
    "drive": "C:\\x",
    "drive with slash": "C:/x",
    "share": "\\\\server\\x",
    "stream": "a.xml:hidden",
    "here": "./a",
    "dot": ".",
    "double slash": "a//b",
    "only a slash": "/",
    "empty": "",
    "device": "CON",
    "device with ending": "aux.xml",
    "device with number": "a/com1.pdf",
    "device with superscript number": "lpt\u00b2.txt",
    "too long": "x" * 201,
    "too long in bytes": "\u00e4" * 101,
    "too deep": "a/b/c/d/e",
    "trailing dot": "a.",
    "trailing space": "a.xml ",
    "leading space": " a.xml",
    "segment with trailing dot": "a./b",
    "direction override": "a\u202efdp.exe",
    "zero width": "a\u200bb",
    "tab": "a\tb",
    "newline": "a\nb",
    "no-break space": "a\u00a0b",
    "line separator": "a\u2028b",
    "nul": "a\0b.xml",
    "delete": "a\x7fb",
    "not composed": "a\u0308.xml",
    "full-width slash": "a\uff0fb",
    "full-width backslash": "a\uff3cb",
    "full-width colon": "C\uff1aa",
    "two-dot leader": "\u2025/b",
    "wildcard": "*.xml",
    "question mark": "a?.xml",
    "quote": 'a".xml',
    "pipe": "a|b",
    "angle bracket": "a>b",
    "private use": "a\ue000b",
    "not assigned": "a\u0378b",
    "emoji joiner": "a\u200db",
}


LIMITS = {
    "entries": (forge([A, B]), ContainerPolicy(max_entries=1)),
    "entries the end record is silent about": (
        forge([A, B], end={"entries": 1, "here": 1}),
        ContainerPolicy(max_entries=1),
    ),
    "entry size": (forge([file(data=b"x" * 1001)]), ContainerPolicy(max_entry_bytes=1000)),
    "total size": (forge([A, B]), ContainerPolicy(max_total_bytes=159)),
    "bundle size": (forge([A]), ContainerPolicy(max_bundle_bytes=len(forge([A])) - 1)),
    "ratio": (forge([file(data=b"\0" * 200_000)]), ContainerPolicy(ratio_free_bytes=100 * KIB)),
    "ratio of all together": (
        forge([file(f"{n}.xml", data=b"\0" * 50_000) for n in range(5)]),
        ContainerPolicy(ratio_free_bytes=100 * KIB),
    ),
    "directory size": (
        forge([file(extra=b"\x99\x99\xf8\xff" + b"\0" * 0xFFF8)]),
        ContainerPolicy(max_entries=1),
    ),
}

BIG = hashlib.shake_128(b"seed").digest(5 * MIB)


def lie(packed=None, **fields):
    return forge([File(name="big.bin", data=BIG, packed=packed, local=fields, central=fields)])


# Too large to be inflated in one go: found while the bytes are handed on.
LIES = {
    "wrong checksum": (lie(crc=1), Code.CONTAINER_CHECKSUM_MISMATCH),
    "too many bytes": (lie(deflate(BIG + b"x")), Code.CONTAINER_SIZE_MISMATCH),
    "too few bytes": (lie(deflate(BIG[:-1])), Code.CONTAINER_SIZE_MISMATCH),
    "bytes behind the stream": (lie(deflate(BIG) + b"x"), Code.CONTAINER_SIZE_MISMATCH),
    "many bytes behind the stream": (lie(deflate(BIG) + b"x" * MIB), Code.CONTAINER_SIZE_MISMATCH),
    "no end": (lie(deflate(BIG)[:-4]), Code.CONTAINER_SIZE_MISMATCH),
    "damaged": (lie(b"\xff" * 5 * MIB), Code.CONTAINER_CHECKSUM_MISMATCH),
}

NESTED = {
    "zip": b"PK\3\4",
    "zip without entries": b"PK\5\6",
    "7z": b"7z\xbc\xaf\x27\x1c",
    "RAR": b"Rar!\x1a\x07\0",
    "gzip": b"\x1f\x8b\x08",
    "bzip2": b"BZh9",
    "xz": b"\xfd7zXZ\0",
    "zstd": b"\x28\xb5\x2f\xfd",
    "cabinet": b"MSCF",
    "lz4": b"\x04\x22\x4d\x18",
}
