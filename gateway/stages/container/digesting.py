# SPDX-License-Identifier: EUPL-1.2
"""One pass over the payload: every entry inflated once, hashed with every algorithm asked for, a few kept.

Nobody downstream inflates the payload again: what is digested here is what is judged and what is read.
Memory stays flat; only entries that ``keep`` names are held, and the caller bounds those by their size.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.model.bundle import Digested, Entry, Opened
from gateway.model.kinds import HEAD, ZIP, archive_kind
from gateway.policy import ContainerPolicy, Reaction
from gateway.stages.container.inflating import read_entry

_ALWAYS = "sha256"
_KNOWN = frozenset(name for name in hashlib.algorithms_guaranteed if not name.startswith("shake"))
# What office programs write is a ZIP archive too, and to people it is a document.
_DOCUMENTS = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".odg", ".epub")


class _Seen(NamedTuple):
    """What one pass over one entry gave."""

    digests: dict[str, bytes]
    head: bytes
    kept: bytes | None


def digest_entries(
    opened: Opened,
    *,
    policy: ContainerPolicy,
    algorithms: frozenset[str],
    keep: Callable[[Entry], bool],
) -> Digested:
    """Inflate and hash every payload entry. Entries that are not what they declare become findings, never exceptions.

    ``algorithms`` are names of ``hashlib``; one that it does not know, or without a fixed length, gives no digest, and
    without a digest nothing can be proven.
    """
    known = tuple(sorted((algorithms | {_ALWAYS}) & _KNOWN))
    digests: dict[str, dict[str, bytes]] = {}
    heads: dict[str, bytes] = {}
    kept: dict[str, bytes] = {}
    findings: list[Finding] = []
    for entry in sorted(opened.payload, key=lambda entry: entry.data_offset):
        try:
            seen = _pass(opened, entry, known, keep=keep(entry))
        except Rejected as rejected:
            findings += rejected.findings
            continue
        digests[entry.name] = seen.digests
        heads[entry.name] = seen.head
        if seen.kept is not None:
            kept[entry.name] = seen.kept
        findings += _nested(entry, seen.head, policy)
    return Digested(opened=opened, digests=digests, heads=heads, kept=kept, findings=tuple(findings))


def _pass(opened: Opened, entry: Entry, algorithms: tuple[str, ...], *, keep: bool) -> _Seen:
    hashers = [hashlib.new(name) for name in algorithms]
    head = b""
    held: list[bytes] = []
    for chunk in read_entry(opened.source, entry):
        for hasher in hashers:
            hasher.update(chunk)
        if len(head) < HEAD:
            head = (head + chunk[:HEAD])[:HEAD]
        if keep:
            held.append(chunk)
    return _Seen(
        digests={name: hasher.digest() for name, hasher in zip(algorithms, hashers, strict=True)},
        head=head,
        kept=b"".join(held) if keep else None,
    )


def _nested(entry: Entry, head: bytes, policy: ContainerPolicy) -> Iterator[Finding]:
    """An archive inside is never opened; whether it may be there is the profile's word (42.zip)."""
    kind = archive_kind(head)
    if kind == ZIP and entry.name.lower().endswith(_DOCUMENTS):
        return
    if kind and policy.nested_archive is not Reaction.IGNORE:
        yield Finding(
            code=Code.CONTAINER_NESTED_ARCHIVE,
            severity=Severity(policy.nested_archive),
            place=entry.name,
            expected="no archive inside the container",
            got=kind,
        )
