# SPDX-License-Identifier: EUPL-1.2
"""Does a signature cover the entries, all of them, with the bytes that are there?

EN 319 162-1 clause 4: what is not covered is not signed, however valid the signature. Works on digests that the container
stage made while inflating each entry once; leaves out who signed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import new as new_digest
from hmac import compare_digest
from typing import NamedTuple

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.model.bundle import Digested
from gateway.model.signature import SubIndication
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.faults import Fault, faults_of
from gateway.stages.signature.rereading import ReadEntry, Rereading
from gateway.stages.signature.xmldsig.references import EntryNames, entry_name


class DataReference(NamedTuple):
    """A digest over one entry, from a ``ds:Reference`` or an ASiCManifest's ``DataObjectReference``."""

    uri: str
    digest: str  # hashlib name
    value: bytes
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Entries whose digest agreed, and what did not agree or was left out."""

    covers: tuple[str, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The container's entries, ready to be looked up by every signature."""

    digested: Digested
    names: EntryNames
    again: Rereading | None = None  # reads files once more; archive time-stamps need it
    _meta: dict[tuple[str, str], bytes] = field(default_factory=dict)  # a cache, owned by this value

    @classmethod
    def of(cls, digested: Digested, read: ReadEntry | None = None) -> "Contents":
        """Index the names once."""
        return cls(
            digested=digested,
            names=EntryNames.of([e.name for e in digested.opened.entries]),
            again=Rereading(digested, read) if read is not None else None,
        )

    def digest(self, name: str, algorithm: str) -> bytes | None:
        """Digest of an entry's content, ``None`` if it could not be inflated as declared."""
        meta = self.digested.opened.meta.get(name)
        if meta is None:
            return self.digested.digests.get(name, {}).get(algorithm)
        if (name, algorithm) not in self._meta:
            self._meta[name, algorithm] = new_digest(algorithm, meta).digest()
        return self._meta[name, algorithm]

    @property
    def payload(self) -> tuple[str, ...]:
        """What every signature has to cover."""
        return tuple(entry.name for entry in self.digested.opened.payload)


def check_references(
    references: Sequence[DataReference], contents: Contents, *, place: str, policy: SignaturePolicy
) -> Coverage:
    """Compare every reference with its entry. Each entry is meant once, each reference means exactly one entry.

    ``place`` names the signature. A payload entry that no reference means is unsigned; one that is meant but differs has
    its own fault already.
    """
    faults: list[Fault] = []
    covered: dict[str, None] = {}
    meant: set[str] = set()
    for reference in references:
        try:
            wanted = entry_name(reference.uri, reference.place)
        except Rejected as rejected:
            faults += faults_of(rejected.findings)
            continue
        name = contents.names.find(wanted)
        if name is None:
            faults.append(_not_found(reference, wanted, several=contents.names.resembles(wanted)))
        elif name in meant:
            faults.append(
                _fault(reference, SubIndication.FORMAT_FAILURE, "each file referenced once", f"{name} again")
            )
        else:
            meant.add(name)
            _compare(reference, name, contents, covered, faults)
    faults += [_unsigned(name, place, policy) for name in contents.payload if name not in meant]
    return Coverage(covers=tuple(covered), faults=tuple(faults))


def _compare(
    reference: DataReference, name: str, contents: Contents, covered: dict[str, None], faults: list[Fault]
) -> None:
    actual = contents.digest(name, reference.digest)
    if actual is None:
        faults.append(_fault(reference, SubIndication.SIGNED_DATA_NOT_FOUND, "readable content", "none"))
    elif compare_digest(actual, reference.value):
        covered[name] = None
    else:
        shown = _shown(reference.digest)
        finding = Finding(
            code=Code.SIGNATURE_DIGEST_MISMATCH,
            place=f"{reference.place}, {name}",
            expected=f"{shown} {reference.value.hex()[:128]}",
            got=f"{shown} {actual.hex()}",
        )
        faults.append(Fault(finding=finding, means=SubIndication.HASH_FAILURE))


def _shown(digest: str) -> str:
    """Hashlib's name as people know it: sha256 -> SHA-256, sha3_256 -> SHA3-256."""
    name = digest.upper()
    return name.replace("_", "-") if "_" in name else name.replace("SHA", "SHA-", 1)


def _not_found(reference: DataReference, name: str, *, several: bool) -> Fault:
    """A file that was taken out, or a name that means several files."""
    if several:
        return _fault(reference, SubIndication.SIGNED_DATA_NOT_FOUND, "one file of this name", "several")
    finding = Finding(
        code=Code.SIGNED_FILE_MISSING, place=f"{reference.place}, {name}", expected="this file", got="none"
    )
    return Fault(finding=finding, means=SubIndication.SIGNED_DATA_NOT_FOUND)


def _fault(reference: DataReference, means: SubIndication, expected: str, got: str) -> Fault:
    finding = Finding(
        code=Code.SIGNATURE_REFERENCE,
        place=f"{reference.place}, {reference.uri}",
        expected=expected,
        got=got,
    )
    return Fault(finding=finding, means=means)


def _unsigned(name: str, place: str, policy: SignaturePolicy) -> Fault:
    """Not proven broken, but a signature that leaves a file out cannot pass, even where policy asks for one whole one only."""
    finding = Finding(
        code=Code.UNSIGNED_CONTENT,
        severity=Severity.ERROR if policy.require_all_signatures else Severity.WARNING,
        place=name,
        expected=f"covered by {place}",
        got="not covered",
    )
    return Fault(finding=finding, means=SubIndication.SIG_CONSTRAINTS_FAILURE)


def covered_by(payload: Sequence[str], scopes: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Entry -> the signatures that cover it."""
    result: dict[str, list[str]] = {name: [] for name in payload}
    for signature, covers in scopes.items():
        for name in covers:
            if name in result:
                result[name].append(signature)
    return {name: tuple(signatures) for name, signatures in result.items()}
