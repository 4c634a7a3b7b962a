# SPDX-License-Identifier: EUPL-1.2
"""The end of a zip file: which end record counts, and where the central directory stands.

Readers search the end record backwards and stop at different places (ZipDiff C2, CVE-2025-8291); therefore it must be
the last of its kind, reach exactly to the end of the file and stand right behind the directory (with the two ZIP64
records between them, if any), and every number in it that has a ZIP64 twin must agree with it.
What follows from a fault is still worked out, so that one look names as many faults as possible.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.bundle import ByteSource
from gateway.model.kinds import HEAD, ZIP, file_kind
from gateway.policy import ContainerPolicy
from gateway.stages.container.comments import comment_faults
from gateway.stages.container.records import (
    CENTRAL_SIZE,
    END64_SIZE,
    END_SIGNATURE,
    END_SIZE,
    LOCAL_SIGNATURE,
    LOCATOR_SIZE,
    SENTINEL_16,
    SENTINEL_32,
    CentralHeader,
    End64Record,
    EndRecord,
    Locator,
)

_LONGEST_COMMENT = 0xFFFF
_LONGEST_VARIABLES = 3 * 0xFFFF  # name, extra field and comment of one entry
_PLACE = "zip end record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Where the central directory stands and what the end record says about it.

    ``shift`` bytes were put before the archive: every offset in it is off by them.
    """

    start: int
    end: int
    entries: int
    shift: int
    comment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claims:
    """The numbers of the end record, with those of its ZIP64 twin where there is one."""

    entries: int
    size: int
    offset: int
    end: int  # where the directory has to end: the first of the end records


def locate_directory(source: ByteSource, policy: ContainerPolicy) -> tuple[Directory | None, list[Finding]]:
    """The directory's place and every fault of the end of the file; ``None`` where nothing can be read from there."""
    tail_start = max(0, source.size - END_SIZE - _LONGEST_COMMENT)
    tail = source.read_at(tail_start, source.size - tail_start)
    at = tail.rfind(END_SIGNATURE)
    record = EndRecord.read(tail, at) if at >= 0 else None
    if record is None:
        return None, [_fault(Code.CONTAINER_NOT_ZIP, "a zip", _instead(source))]
    findings = list(_end_faults(record, tail, at, policy))
    claims, trouble = _claims(source, record, tail_start + at)
    findings += trouble
    start, shift, trouble = _place(source, claims)
    findings += trouble
    if start > claims.end:
        return None, findings
    directory = Directory(
        start=start,
        end=claims.end,
        entries=claims.entries,
        shift=shift,
        comment=tail[at + END_SIZE :],
    )
    return directory, findings


def _instead(source: ByteSource) -> str:
    kind = file_kind(source.read_at(0, min(source.size, HEAD)))
    return "starts as a ZIP, the end is missing" if kind == ZIP else kind


def _fault(code: Code, expected: str, got: object) -> Finding:
    return Finding(code=code, place=_PLACE, expected=expected, got=str(got))


def _end_faults(record: EndRecord, tail: bytes, at: int, policy: ContainerPolicy) -> Iterator[Finding]:
    rest = len(tail) - at - END_SIZE
    comment = f"a comment of {record.comment_length} bytes and then the end of the file"
    if rest > record.comment_length:
        yield _fault(Code.CONTAINER_TRAILING_DATA, comment, f"{rest} bytes")
    if rest < record.comment_length:
        yield _fault(Code.CONTAINER_EOCD_MISMATCH, comment, f"{rest} bytes")
    if _another_fits(tail, at):
        yield _fault(Code.CONTAINER_MULTIPLE_EOCD, "one end record", "several")
    yield from comment_faults(tail[at + END_SIZE :], "zip comment", policy)
    if record.disk or record.directory_disk or record.entries_here != record.entries:
        parts = f"disk {record.disk}, directory on disk {record.directory_disk}, {record.entries_here} entries here"
        yield _fault(Code.CONTAINER_EOCD_MISMATCH, f"one file with {record.entries} entries", parts)


def _another_fits(tail: bytes, last: int) -> bool:
    """Has an earlier end record a comment that reaches exactly to the end? Then it is another reader's choice.

    One that does not fit is content: a stored file may be a zip file itself.
    """
    at = tail.find(END_SIGNATURE)
    while 0 <= at < last:
        other = EndRecord.read(tail, at)
        if other is not None and at + END_SIZE + other.comment_length == len(tail):
            return True
        at = tail.find(END_SIGNATURE, at + 1)
    return False


def _claims(source: ByteSource, record: EndRecord, at: int) -> tuple[_Claims, list[Finding]]:
    """The numbers that count. A reader without ZIP64 must come to the same ones, or be told to look there."""
    plain = _Claims(
        entries=record.entries, size=record.directory_size, offset=record.directory_offset, end=at
    )
    found = (
        Locator.read(source.read_at(max(0, at - LOCATOR_SIZE), LOCATOR_SIZE)) if at >= LOCATOR_SIZE else None
    )
    escaped = record.entries == SENTINEL_16 or SENTINEL_32 in {record.directory_size, record.directory_offset}
    if found is None:
        expected = "a ZIP64 end record behind the directory"
        return plain, [_fault(Code.CONTAINER_EOCD_MISMATCH, expected, "none")] if escaped else []
    where = at - LOCATOR_SIZE - END64_SIZE
    twin = End64Record.read(source.read_at(where, END64_SIZE)) if where >= 0 else None
    if twin is None:
        expected = "a ZIP64 end record right before its locator"
        return plain, [_fault(Code.CONTAINER_EOCD_MISMATCH, expected, "none")]
    claims = _Claims(entries=twin.entries, size=twin.directory_size, offset=twin.directory_offset, end=where)
    return claims, list(_twin_faults(record, twin, found, claims))


def _twin_faults(record: EndRecord, twin: End64Record, found: Locator, claims: _Claims) -> Iterator[Finding]:
    for what, short, sentinel, number in (
        ("entries", record.entries, SENTINEL_16, twin.entries),
        ("bytes of directory", record.directory_size, SENTINEL_32, twin.directory_size),
        ("as offset of the directory", record.directory_offset, SENTINEL_32, twin.directory_offset),
    ):
        if short not in {sentinel, number}:
            yield _fault(Code.CONTAINER_EOCD_MISMATCH, f"{number} {what}", short)
    whole = (found.disk, found.disks, twin.disk, twin.directory_disk, twin.record_size, twin.entries_here)
    if whole != (0, 1, 0, 0, END64_SIZE - 12, twin.entries):
        yield _fault(Code.CONTAINER_EOCD_MISMATCH, "a plain ZIP64 end record of a file in one part", whole)
    if found.end64_offset != claims.offset + claims.size:
        yield _fault(
            Code.CONTAINER_EOCD_MISMATCH,
            f"the ZIP64 end record at {claims.offset + claims.size}",
            found.end64_offset,
        )


def _place(source: ByteSource, claims: _Claims) -> tuple[int, int, list[Finding]]:
    """Where the directory starts, how far the archive was moved, and what both say about the end record.

    The directory's end is certain and its offset is not: where the two disagree, bytes were put before the archive if
    its first entry stands that much further back as well; else the end record is wrong.
    """
    shift = claims.end - claims.offset - claims.size
    if shift == 0:
        return claims.offset, 0, []
    start = claims.offset + shift
    if shift > 0 and (claims.size == 0 or _moved_entry(source, start, shift)):
        expected = "the first entry at the start of the file"
        findings = [_fault(Code.CONTAINER_PREPENDED_DATA, expected, f"{shift} bytes")]
        window = min(shift, END_SIZE + _LONGEST_COMMENT)
        if END_SIGNATURE in source.read_at(shift - window, window):
            findings.append(_fault(Code.CONTAINER_MULTIPLE_EOCD, "one zip file", "another one before it"))
        return start, shift, findings
    expected = f"the directory to fill bytes {claims.offset} to {claims.end}"
    fault = _fault(Code.CONTAINER_EOCD_MISMATCH, expected, f"{claims.size} bytes")
    stands_there = start >= 0 and CentralHeader.read(
        source.read_at(start, CENTRAL_SIZE + _LONGEST_VARIABLES), 0
    )
    return start if stands_there else claims.offset, 0, [fault]


def _moved_entry(source: ByteSource, start: int, shift: int) -> bool:
    """Does the directory at ``start`` open with an entry whose local header was moved by ``shift``?"""
    step = CentralHeader.read(source.read_at(start, CENTRAL_SIZE + _LONGEST_VARIABLES), 0)
    if step is None:
        return False
    header, _ = step
    return source.read_at(header.offset + shift, len(LOCAL_SIGNATURE)) == LOCAL_SIGNATURE
