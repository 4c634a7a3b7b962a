# SPDX-License-Identifier: EUPL-1.2
"""META-INF/manifest.xml (OpenDocument 1.2 part 3): does its list name exactly the files that are there?

No signature covers this file in ASiC-E, and yet readers show file types from it; so it must not contradict the
container. Media types against the signed DataObjectFormat are the signature stage's matter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.markup import parse
from gateway.model.asic import MANIFEST, is_payload
from gateway.policy import XmlPolicy

_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_ROOT, _ENTRY = f"{{{_NAMESPACE}}}manifest", f"{{{_NAMESPACE}}}file-entry"
_PATH, _TYPE = f"{{{_NAMESPACE}}}full-path", f"{{{_NAMESPACE}}}media-type"
_LIMITS = XmlPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The rows of a manifest: media types by path, the container's own type, and what was wrong with the rows."""

    media_types: Mapping[str, str]
    container_type: str | None
    findings: tuple[Finding, ...]
    readable: bool = True


def read_manifest(data: bytes) -> Listing:
    """Bytes -> rows. Faults of the XML are findings of the listing, which is empty then."""
    try:
        root = parse(data, place=MANIFEST, limits=_LIMITS)
    except Rejected as rejected:
        return _unreadable(rejected.findings)
    if root.tag != _ROOT:
        fault = Finding(code=Code.MANIFEST_MALFORMED, place=MANIFEST, expected=_ROOT, got=str(root.tag))
        return _unreadable((fault,))
    media_types: dict[str, str] = {}
    container_type: str | None = None
    findings: list[Finding] = []
    for row in root.iter(_ENTRY):
        path, kind = row.get(_PATH), row.get(_TYPE)
        if path is None:
            findings.append(
                Finding(code=Code.MANIFEST_MALFORMED, place=MANIFEST, expected="a full-path", got="none")
            )
        elif path in media_types or (path == "/" and container_type is not None):
            findings.append(_mismatch(path, "one row for each file", "several"))
        elif path == "/":
            container_type = kind or ""
        else:
            media_types[path] = kind or ""
    return Listing(media_types=media_types, container_type=container_type, findings=tuple(findings))


def _unreadable(findings: tuple[Finding, ...]) -> Listing:
    return Listing(media_types={}, container_type=None, findings=findings, readable=False)


def manifest_faults(listing: Listing, payload: frozenset[str], declared: str) -> Iterator[Finding]:
    """Both directions: every row has its file, every file has its row. ``declared`` is the type that ``mimetype`` names."""
    if not listing.readable:
        return  # that rows are missing follows from it
    rows = {path for path in listing.media_types if not path.endswith("/") and not _about_itself(path)}
    for path in sorted(rows - payload):
        yield _mismatch(path, "a file of the container for every row", "none")
    for name in sorted(payload - rows):
        yield _mismatch(name, "a row for every file of the container", "none")
    if listing.container_type and declared and listing.container_type != declared:
        # Estonian time-stamp containers in use say ASiC-E here and ASiC-S in ``mimetype``; nothing is read from the row.
        yield replace(_mismatch("/", declared, listing.container_type), severity=Severity.WARNING)


def _about_itself(path: str) -> bool:
    """Rows for ``mimetype`` and META-INF: OpenDocument leaves both open, and no signature has to cover them."""
    return not is_payload(path)


def _mismatch(path: str, expected: str, got: str) -> Finding:
    return Finding(code=Code.MANIFEST_MISMATCH, place=f"{MANIFEST}: {path}", expected=expected, got=got)
