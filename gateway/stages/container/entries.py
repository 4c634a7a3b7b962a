# SPDX-License-Identifier: EUPL-1.2
"""The central directory, entry by entry: what each header may say, and what it says once ZIP64 is worked in.

Only what the directory alone can tell is judged here; ``locals`` holds it to the local headers and the bytes.
"""

import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.bundle import Method
from gateway.policy import ContainerPolicy
from gateway.stages.container.comments import comment_faults
from gateway.stages.container.directory import Directory
from gateway.stages.container.names import decode_name, name_faults, shown
from gateway.stages.container.records import SENTINEL_32, CentralHeader, read_extra

FLAG_DESCRIPTOR = 1 << 3
_FLAG_ENCRYPTED = 1
_FLAG_UTF8 = 1 << 11
_FLAGS_ALLOWED = 0b110 | FLAG_DESCRIPTOR | _FLAG_UTF8  # 1 and 2 tell the compression level and change no byte
_NEWEST_VERSION = 45  # ZIP64; everything above is a method or an encryption that we do not read
_OLD_ENOUGH = f"version {_NEWEST_VERSION} or older"
_METHODS = {0: Method.STORED, 8: Method.DEFLATED}
_KNOWN_METHODS = "method 0 (stored) or 8 (Deflate)"

EXTRA_ZIP64 = 0x0001
_EXTRA_UNICODE_PATH = 0x7075
_EXTRA_ENCRYPTION = frozenset({0x0014, 0x0015, 0x0016, 0x0017, 0x0018, 0x0019, 0x9901})  # APPNOTE 4.5.2, AE-x
# No file of the bundle, so no scanner sees it, and the bundle goes on whole. Times, owners and large sizes take 36 bytes
# in the real containers we have (172 with 900 files).
_LONGEST_EXTRA = 128
_SINGLE = frozenset({EXTRA_ZIP64, _EXTRA_UNICODE_PATH})

_DOS_DIRECTORY = 0x10
_DOS_NOT_A_FILE = 0x08 | 0x40  # volume label, device
_UNIX_UNSET, _UNIX_DIRECTORY, _UNIX_REGULAR = 0, 4, 8  # high nibble of st_mode
EMPTY_DEFLATE = b"\x03\x00"


class Listed(NamedTuple):
    """An entry of the directory with its real numbers. ``method`` is ``None`` where we cannot read it."""

    header: CentralHeader
    name: str
    method: Method | None
    compressed_size: int
    size: int
    offset: int
    is_directory: bool  # by its name, which its attributes must not contradict
    plain: bool  # no extra field, no descriptor: an equal local header says it all again


def split_directory(
    region: bytes, directory: Directory, policy: ContainerPolicy
) -> tuple[tuple[CentralHeader, ...], list[Finding]]:
    """The headers that fill the directory's bytes, and whether the end record counted them right."""
    headers: list[CentralHeader] = []
    findings: list[Finding] = []
    at = 0
    while at < len(region) and len(headers) <= policy.max_entries:
        step = CentralHeader.read(region, at)
        if step is None:
            findings.append(_directory_fault("entries to the last byte", f"{len(region) - at} other bytes"))
            break
        header, at = step
        headers.append(header)
    if len(headers) > policy.max_entries:
        expected = f"at most {policy.max_entries} entries"
        findings.append(
            Finding(code=Code.CONTAINER_LIMITS, place="zip directory", expected=expected, got="more")
        )
    elif len(headers) != directory.entries:
        findings.append(_directory_fault(f"{directory.entries} entries", f"{len(headers)}"))
    return tuple(headers), findings


def _directory_fault(expected: str, got: str) -> Finding:
    return Finding(code=Code.CONTAINER_EOCD_MISMATCH, place="zip directory", expected=expected, got=got)


def list_entry(header: CentralHeader, policy: ContainerPolicy) -> tuple[Listed, list[Finding]]:
    """One header read and judged."""
    name = decode_name(header.name, utf8=bool(header.flags & _FLAG_UTF8))
    place = shown(header.name) if name is None else name
    findings = [_encoding_fault(header, place)] if name is None else list(name_faults(name, policy))
    for code, expected, got in _foreign_words(header.version, header.flags, header.method, header.disk):
        findings.append(Finding(code=code, place=place, expected=expected, got=got))
    if header.extra:
        findings += extra_faults(header.extra, header.name, place)
    if header.comment:
        findings += comment_faults(header.comment, f"comment of {place}", policy)
    numbers = resolve_zip64(header.extra, (header.size, header.compressed_size, header.offset))
    if numbers is None:
        findings.append(zip64_fault(place))
        numbers = (header.size, header.compressed_size, header.offset)
    size, packed, offset = numbers
    plain = not (header.extra or header.flags & FLAG_DESCRIPTOR) and SENTINEL_32 not in numbers
    folder = place.endswith("/")
    listed = Listed(header, place, _METHODS.get(header.method), packed, size, offset, folder, plain)
    findings += _kind_faults(listed)
    findings += _size_faults(listed, policy)
    return listed, findings


def _encoding_fault(header: CentralHeader, place: str) -> Finding:
    return Finding(
        code=Code.CONTAINER_NAME_ENCODING,
        place=place,
        expected="UTF-8 with flag 11, or ASCII",
        got=header.name.hex(),
    )


@lru_cache(maxsize=64)  # the entries of a container hardly differ in these four
def _foreign_words(version: int, flags: int, method: int, disk: int) -> tuple[tuple[Code, str, str], ...]:
    """Code, expected and got for whatever asks for a reader that can do more than ours."""
    found = (
        []
        if method in _METHODS
        else [(Code.CONTAINER_METHOD_NOT_ALLOWED, _KNOWN_METHODS, f"method {method}")]
    )
    if flags & _FLAG_ENCRYPTED:
        found.append((Code.CONTAINER_FEATURE_NOT_ALLOWED, "no encryption", "encrypted"))
    for expected, got in (
        ("no flag but 1, 2, 3 and 11", flags & ~(_FLAGS_ALLOWED | _FLAG_ENCRYPTED)),
        (_OLD_ENOUGH, version if version > _NEWEST_VERSION else 0),
        ("an archive in one part", disk),
    ):
        if got:
            found.append((Code.CONTAINER_FEATURE_NOT_ALLOWED, expected, f"{got:#x}"))
    return tuple(found)


def extra_faults(extra: bytes, raw_name: bytes, place: str) -> Iterator[Finding]:
    """Extra fields that give the entry another name, another size or another reading."""
    fields = read_extra(extra)
    if fields is None:
        yield Finding(
            code=Code.CONTAINER_HEADER_MISMATCH,
            place=place,
            expected="extra fields to the last byte",
            got=extra[-16:].hex(),
        )
        return
    length = sum(4 + len(data) for kind, data in fields if kind != _EXTRA_UNICODE_PATH)
    if length > _LONGEST_EXTRA:
        yield Finding(
            code=Code.CONTAINER_FEATURE_NOT_ALLOWED,
            place=place,
            expected=f"at most {_LONGEST_EXTRA} bytes of extra fields",
            got=f"{length} bytes",
        )
    kinds = [kind for kind, _ in fields]
    for kind in sorted(_SINGLE & set(kinds)):
        if kinds.count(kind) > 1:
            code = Code.CONTAINER_HEADER_MISMATCH if kind == EXTRA_ZIP64 else Code.CONTAINER_NAME_ENCODING
            yield Finding(code=code, place=place, expected=f"extra field {kind:#06x} once", got="several")
    for kind, data in fields:
        if kind in _EXTRA_ENCRYPTION:
            yield Finding(
                code=Code.CONTAINER_FEATURE_NOT_ALLOWED,
                place=place,
                expected="no encryption",
                got=f"extra field {kind:#06x}",
            )
        if kind == _EXTRA_UNICODE_PATH and data != _unicode_path(raw_name):
            yield Finding(
                code=Code.CONTAINER_NAME_ENCODING,
                place=place,
                expected="the same name in the Unicode path field",
                got=shown(data[5:]),
            )


def _unicode_path(raw_name: bytes) -> bytes:
    """The only Unicode path field (4.6.9) that names no other file than the header does."""
    return struct.pack("<BL", 1, zlib.crc32(raw_name)) + raw_name


def resolve_zip64(extra: bytes, numbers: tuple[int, ...]) -> tuple[int, ...] | None:
    """The 32-bit ``numbers`` with every sentinel replaced from the ZIP64 field (4.5.3).

    ``None`` unless the field holds exactly the numbers that were left out: readers differ in what they do with more.
    """
    wanted = numbers.count(SENTINEL_32)
    if not extra and not wanted:
        return numbers
    fields = [data for kind, data in read_extra(extra) or () if kind == EXTRA_ZIP64]
    if not fields:
        return numbers if wanted == 0 else None
    if wanted == 0 or len(fields[0]) != 8 * wanted:
        return None
    real = iter(struct.unpack(f"<{wanted}Q", fields[0]))
    return tuple(next(real) if number == SENTINEL_32 else number for number in numbers)


def zip64_fault(place: str) -> Finding:
    """The ZIP64 field and the numbers it stands for do not fit each other."""
    expected = "a ZIP64 field with exactly the numbers that do not fit"
    return Finding(code=Code.CONTAINER_HEADER_MISMATCH, place=place, expected=expected, got="another")


@lru_cache(maxsize=64)
def _is_kind(attributes: int, *, folder: bool) -> bool:
    """Do the external attributes (4.4.15) say a folder, or a regular file, as the name does, or nothing?"""
    expected = _UNIX_DIRECTORY if folder else _UNIX_REGULAR
    if attributes >> 28 not in {_UNIX_UNSET, expected} or attributes & _DOS_NOT_A_FILE:
        return False
    return folder or not attributes & _DOS_DIRECTORY


def _kind_faults(listed: Listed) -> list[Finding]:
    folder, attributes = listed.is_directory, listed.header.external
    faults = []
    if not _is_kind(attributes, folder=folder):
        faults.append(("a folder" if folder else "a regular file", f"attributes {attributes:#010x}"))
    if folder:
        packed = len(EMPTY_DEFLATE) if listed.method is Method.DEFLATED else 0
        if listed.size or listed.header.crc32 or listed.compressed_size not in {0, packed}:
            got = f"{listed.compressed_size} bytes, {listed.size} inflated"
            faults.append(("a folder without data", got))
    code = Code.CONTAINER_NOT_A_REGULAR_FILE
    return [Finding(code=code, place=listed.name, expected=expected, got=got) for expected, got in faults]


def _size_faults(listed: Listed, policy: ContainerPolicy) -> list[Finding]:
    faults = []
    size, packed = listed.size, listed.compressed_size
    if listed.method is Method.STORED and size != packed:
        faults.append((Code.CONTAINER_SIZE_MISMATCH, f"{packed} bytes"))
    if size > policy.max_entry_bytes:
        faults.append((Code.CONTAINER_LIMITS, f"at most {policy.max_entry_bytes} bytes"))
    got = f"{size} bytes"
    found = [Finding(code=code, place=listed.name, expected=expected, got=got) for code, expected in faults]
    return found + ratio_faults(listed.name, size, packed, policy)


def ratio_faults(place: str, size: int, compressed_size: int, policy: ContainerPolicy) -> list[Finding]:
    """A bomb by its own account. One that lies is stopped while it inflates, one byte past what it declared."""
    if size <= policy.ratio_free_bytes or size <= policy.max_ratio * compressed_size:
        return []
    expected = f"at most {policy.max_ratio} times the packed size"
    got = f"{size} bytes from {compressed_size}"
    return [Finding(code=Code.CONTAINER_LIMITS, place=place, expected=expected, got=got)]
