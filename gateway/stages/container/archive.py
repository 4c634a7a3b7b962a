# SPDX-License-Identifier: EUPL-1.2
"""A plain zip file with exactly one reading: the container's lower half, which knows nothing of signatures.

Memory: the directory and one local header at a time; payload bytes are not touched.
"""

from dataclasses import dataclass
from operator import attrgetter

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.bundle import ByteSource, Entry, Method
from gateway.policy import ContainerPolicy
from gateway.stages.container.directory import Directory, locate_directory
from gateway.stages.container.entries import Listed, list_entry, ratio_faults, split_directory
from gateway.stages.container.layout import Span, find_span, layout_faults
from gateway.stages.container.names import clashes

_DIRECTORY_BYTES_PER_ENTRY = (
    2048  # header, name, comment, extra fields (in practice at most 32 bytes of these)
)
_SMALLEST_DIRECTORY = 64 * 1024
_MOST_FINDINGS = 500  # a report is read by people, and a thousand entries could have ten faults each


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The files of a zip file, in the order of its directory. Folders are checked and left out: nothing is in them."""

    entries: tuple[Entry, ...]
    first: Entry | None  # the one whose local header opens the file
    extras: frozenset[str]  # names of entries with extra fields in a header (ASiC asks for ``mimetype``)
    comment: bytes


def read_archive(source: ByteSource, *, policy: ContainerPolicy) -> Archive:
    """Bytes -> archive. Raises ``Rejected`` with every structural fault; what entries hold is not looked at."""
    if source.size > policy.max_bundle_bytes:
        raise Rejected([_limit("the file", f"{policy.max_bundle_bytes} bytes", f"{source.size} bytes")])
    directory, findings = locate_directory(source, policy)
    if directory is None:
        raise Rejected(findings)
    findings += _bounds(directory, policy)
    if any(finding.code is Code.CONTAINER_LIMITS for finding in findings):
        raise Rejected(findings)
    region = source.read_at(directory.start, directory.end - directory.start)
    headers, faults = split_directory(region, directory, policy)
    findings += faults
    listing: list[Listed] = []
    for header in headers[: policy.max_entries]:
        listed, faults = list_entry(header, policy)
        listing.append(listed)
        findings += faults
    findings += clashes(listed.name for listed in listing)
    findings += _total_faults(listing, policy)
    spans, faults = _spans(source, listing, directory)
    findings += faults
    if findings:
        raise Rejected(findings[:_MOST_FINDINGS])
    return _archive(spans, directory)


def _bounds(directory: Directory, policy: ContainerPolicy) -> list[Finding]:
    size = directory.end - directory.start
    bound = max(_SMALLEST_DIRECTORY, policy.max_entries * _DIRECTORY_BYTES_PER_ENTRY)
    findings = []
    if directory.entries > policy.max_entries:
        findings.append(_limit("zip directory", f"{policy.max_entries} entries", f"{directory.entries}"))
    if size > bound:
        findings.append(_limit("zip directory", f"{bound} bytes", f"{size} bytes"))
    return findings


def _limit(place: str, bound: str, got: str) -> Finding:
    return Finding(code=Code.CONTAINER_LIMITS, place=place, expected=f"at most {bound}", got=got)


def _total_faults(listing: list[Listed], policy: ContainerPolicy) -> list[Finding]:
    total = sum(listed.size for listed in listing)
    packed = sum(listed.compressed_size for listed in listing)
    findings = ratio_faults("all entries together", total, packed, policy)
    if total > policy.max_total_bytes:
        findings.append(_limit("all entries together", f"{policy.max_total_bytes} bytes", f"{total} bytes"))
    return findings


def _spans(
    source: ByteSource, listing: list[Listed], directory: Directory
) -> tuple[tuple[Span, ...], list[Finding]]:
    spans: list[Span] = []
    findings: list[Finding] = []
    for listed in listing:
        span, faults = find_span(source, listed, directory.shift)
        findings += faults
        if span is not None:
            spans.append(span)
    if len(spans) == len(listing):  # with one place unknown, every seam would be a guess
        findings += layout_faults(source, spans, directory.shift, directory.start)
    return tuple(spans), findings


def _archive(spans: tuple[Span, ...], directory: Directory) -> Archive:
    files = [span for span in spans if not span.listed.is_directory]
    front = min(spans, key=attrgetter("start"), default=None)
    return Archive(
        entries=tuple(map(_entry, files)),
        first=_entry(front) if front is not None and not front.listed.is_directory else None,
        extras=frozenset(
            span.listed.name for span in files if span.listed.header.extra or span.has_local_extra
        ),
        comment=directory.comment,
    )


def _entry(span: Span) -> Entry:
    listed = span.listed
    method = Method.STORED if listed.method is Method.STORED else Method.DEFLATED
    return Entry(listed.name, method, listed.compressed_size, listed.size, listed.header.crc32, span.data)
