# SPDX-License-Identifier: EUPL-1.2
"""Local headers and the bytes between them: the entries must tile the file from its first byte to the directory.

A reader that follows the central directory and one that walks the file from the front must meet the same entries
(ZipDiff A1-A5, C1; CVE-2024-0450), so every local header repeats its directory entry, and there is no byte that two
entries share or that none owns. Where an entry's deflate stream really ends is seen later, when it is inflated.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.bundle import ByteSource, Method
from gateway.stages.container.entries import (
    EMPTY_DEFLATE,
    EXTRA_ZIP64,
    FLAG_DESCRIPTOR,
    Listed,
    extra_faults,
    resolve_zip64,
    zip64_fault,
)
from gateway.stages.container.names import shown
from gateway.stages.container.records import (
    END_SIGNATURE,
    LOCAL_SIGNATURE,
    LOCAL_SIZE,
    LocalHeader,
    read_descriptor,
    read_extra,
)

_USUAL_EXTRA = 64  # bytes read ahead, so that one read takes in header, name and extra fields
_GLANCE = 64 * 1024  # bytes of a gap that are searched to tell what it is
_LONGEST_DESCRIPTOR = 24


class Span(NamedTuple):
    """The bytes of one entry: ``start`` of its local header, ``data`` and ``end`` of its packed bytes."""

    listed: Listed
    start: int
    data: int
    end: int
    has_local_extra: bool
    wide_descriptor: bool  # sizes of 8 bytes, which APPNOTE 4.3.9.2 ties to a local ZIP64 field


def find_span(source: ByteSource, listed: Listed, shift: int) -> tuple[Span | None, list[Finding]]:
    """Where the entry's bytes stand, and every word in which its local header differs from the directory."""
    start = listed.offset + shift
    head = source.read_at(start, LOCAL_SIZE + len(listed.header.name) + _USUAL_EXTRA)
    if listed.plain and head.startswith(listed.header.twin):
        data = start + len(listed.header.twin)
        return Span(listed, start, data, data + listed.compressed_size, False, False), []
    local = LocalHeader.read(head)
    if local is None:
        expected = f"a local header at byte {start}"
        return None, [_mismatch(listed, expected, "none")]
    name_end = LOCAL_SIZE + local.name_length
    whole = name_end + local.extra_length
    if len(head) < whole:
        head = source.read_at(start, whole)
    name, extra = head[LOCAL_SIZE:name_end], head[name_end:whole]
    findings = list(_word_faults(listed, local, name))
    wide = False
    if extra:
        findings += extra_faults(extra, name, f"local header of {listed.name}")
        wide = any(kind == EXTRA_ZIP64 for kind, _ in read_extra(extra) or ())
    findings += _number_faults(listed, local, extra)
    data = start + whole
    return Span(listed, start, data, data + listed.compressed_size, bool(extra), wide), findings


def _mismatch(listed: Listed, expected: str, got: object) -> Finding:
    return Finding(code=Code.CONTAINER_HEADER_MISMATCH, place=listed.name, expected=expected, got=str(got))


def _word_faults(listed: Listed, local: LocalHeader, name: bytes) -> Iterator[Finding]:
    header = listed.header
    if name != header.name:
        yield _mismatch(listed, f"name {listed.name}", shown(name))
    if header[:4] == local[:4]:  # both records begin with the four that follow
        return
    for what, central_word, local_word in (
        ("version", header.version, local.version),
        ("flags", header.flags, local.flags),
        ("method", header.method, local.method),
        ("time", header.modified, local.modified),
    ):
        if local_word != central_word:
            yield _mismatch(listed, f"{what} {central_word}", local_word)


def _number_faults(listed: Listed, local: LocalHeader, extra: bytes) -> Iterator[Finding]:
    sizes = resolve_zip64(extra, (local.size, local.compressed_size))
    if sizes is None:
        yield zip64_fault(f"local header of {listed.name}")
        return
    told = (local.crc32, *sizes)
    real = (listed.header.crc32, listed.size, listed.compressed_size)
    streamed = bool(local.flags & FLAG_DESCRIPTOR)
    if told == real and not streamed:
        return
    # Before a descriptor a number may be left open: Java leaves all three, Info-ZIP knows the size already.
    if any(ours != theirs and not (streamed and ours == 0) for ours, theirs in zip(told, real, strict=True)):
        yield _mismatch(listed, _numbers(*real), _numbers(*told))
    if streamed and listed.method is Method.STORED:
        # Whoever walks the file from the front cannot know where stored bytes end before a descriptor.
        yield _mismatch(listed, "sizes in the local header of a stored file", "a data descriptor")


def _numbers(crc: int, size: int, packed: int) -> str:
    return f"CRC {crc:08x}, {size} bytes, {packed} packed"


def layout_faults(source: ByteSource, spans: Sequence[Span], shift: int, directory: int) -> Iterator[Finding]:
    """Every byte between the start of the archive and its directory that has no owner or several."""
    ordered = sorted(spans, key=attrgetter("start", "end"))
    yield from _front_faults(source, ordered[0].start if ordered else directory, shift)
    for span, following in pairwise(ordered):
        if span.end != following.start or not span.listed.plain:
            yield from _seam_faults(source, span, following.start, following.listed.name)
    if ordered:
        yield from _seam_faults(source, ordered[-1], directory, "the directory")
    for span in ordered:
        if span.listed.is_directory and span.listed.compressed_size:
            yield from _folder_faults(source, span)


def _front_faults(source: ByteSource, first: int, shift: int) -> Iterator[Finding]:
    if first <= shift:
        return
    glance = source.read_at(shift, min(first - shift, _GLANCE))
    hidden = glance.startswith(LOCAL_SIGNATURE)
    yield Finding(
        code=Code.CONTAINER_HIDDEN_ENTRY if hidden else Code.CONTAINER_PREPENDED_DATA,
        place="start of the file",
        expected="the first entry",
        got=f"{first - shift} other bytes",
    )
    window = min(first, _GLANCE)
    if END_SIGNATURE in source.read_at(first - window, window):
        yield Finding(
            code=Code.CONTAINER_MULTIPLE_EOCD,
            place="start of the file",
            expected="one zip file",
            got="another one before it",
        )


def _seam_faults(source: ByteSource, span: Span, following: int, neighbour: str) -> Iterator[Finding]:
    """What stands between an entry's packed bytes and the next record: its descriptor or nothing."""
    streamed = bool(span.listed.header.flags & FLAG_DESCRIPTOR)
    gap = following - span.end
    if gap < 0:
        yield Finding(
            code=Code.CONTAINER_OVERLAPPING_ENTRIES,
            place=span.listed.name,
            expected=f"its bytes to end before {neighbour}",
            got=f"{-gap} bytes shared",
        )
        return
    between = source.read_at(span.end, min(gap, _GLANCE))
    owned = 0
    if streamed:
        owned = _descriptor_length(span, between)
        if not owned:
            yield _mismatch(span.listed, "a data descriptor that repeats the directory", between[:24].hex())
            owned = min(gap, _LONGEST_DESCRIPTOR)
    if gap > owned:
        hidden = not streamed or LOCAL_SIGNATURE in between[owned:]
        yield Finding(
            code=Code.CONTAINER_HIDDEN_ENTRY if hidden else Code.CONTAINER_HEADER_MISMATCH,
            place=f"after {span.listed.name}",
            expected=neighbour,
            got=f"{gap - owned} bytes that no entry owns",
        )


def _descriptor_length(span: Span, between: bytes) -> int:
    """Length of the descriptor if it repeats the directory's numbers; 0 if none does."""
    real = (span.listed.header.crc32, span.listed.compressed_size, span.listed.size)
    lengths = (24, 20) if span.wide_descriptor else (16, 12)
    return next((length for length in lengths if read_descriptor(between, length) == real), 0)


def _folder_faults(source: ByteSource, span: Span) -> Iterator[Finding]:
    if source.read_at(span.data, len(EMPTY_DEFLATE)) != EMPTY_DEFLATE:
        yield Finding(
            code=Code.CONTAINER_NOT_A_REGULAR_FILE,
            place=span.listed.name,
            expected="a folder without data",
            got=f"{span.listed.compressed_size} bytes",
        )
