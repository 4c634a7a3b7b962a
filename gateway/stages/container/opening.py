# SPDX-License-Identifier: EUPL-1.2
"""Received bytes -> ``Opened``: the strict zip reader, then the rules of ASiC, then what META-INF says of the files.

A file without one single reading stops here. A container that can be read in one way, but breaks a rule of ASiC, goes
on with that finding, error or not: its signatures are judged all the same, so that the sender hears everything at once.
Payload is not inflated here. META-INF and ``mimetype`` are, bounded, because every later stage reads them.
"""

from collections.abc import Mapping

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.asic import MANIFEST, META, MIMETYPE
from gateway.model.bundle import ByteSource, ContainerForm, Opened
from gateway.model.source import MemorySource
from gateway.policy import MIB, ContainerPolicy
from gateway.stages.container.archive import Archive, read_archive
from gateway.stages.container.asic import (
    Members,
    container_form,
    declared_type,
    form_faults,
    look_alikes,
    mimetype_faults,
    sort_members,
    unknown_meta,
)
from gateway.stages.container.inflating import read_whole
from gateway.stages.container.manifest import Listing, manifest_faults, read_manifest

_HELD = 8 * MIB  # a bundle up to this size is read once and then held: one decryption, and no second reading
_META_SHARE = 2  # all META-INF entries together, in multiples of the bound for one


def open_container(source: ByteSource, *, policy: ContainerPolicy) -> Opened:
    """A container with one reading, or ``Rejected`` with every fault of its structure.

    What breaks a rule of ASiC alone is in ``findings`` of the value and blocks a verdict, not the reading.
    """
    steady: ByteSource = source
    if source.size <= _HELD:
        steady = MemorySource(source.read_at(0, source.size))
    archive = read_archive(steady, policy=policy)
    meta, faults = _read_meta(steady, archive, policy)
    members = sort_members(archive)
    if not members.payload:
        faults.append(
            Finding(code=Code.CONTAINER_EMPTY, expected="at least one file to be signed", got="none")
        )
    form = container_form(meta.get(MIMETYPE), members)
    listing = read_manifest(meta[MANIFEST]) if MANIFEST in meta else None
    findings = _rule_findings(
        archive, members, form, mimetype=meta.get(MIMETYPE), listing=listing, policy=policy
    )
    if faults:
        raise Rejected([*faults, *findings])
    return Opened(
        source=steady,
        form=form,
        entries=archive.entries,
        meta=meta,
        comment=archive.comment,
        media_types=listing.media_types if listing is not None else {},
        findings=findings,
    )


def _rule_findings(
    archive: Archive,
    members: Members,
    form: ContainerForm,
    *,
    mimetype: bytes | None,
    listing: Listing | None,
    policy: ContainerPolicy,
) -> tuple[Finding, ...]:
    findings = [*form_faults(form, members), *look_alikes(members), *unknown_meta(members, policy)]
    if listing is not None:
        findings += listing.findings
        names = frozenset(entry.name for entry in members.payload)
        findings += manifest_faults(listing, names, declared_type(mimetype))
    return (*findings, *mimetype_faults(archive, mimetype, policy))


def _read_meta(
    source: ByteSource, archive: Archive, policy: ContainerPolicy
) -> tuple[Mapping[str, bytes], list[Finding]]:
    meta: dict[str, bytes] = {}
    findings: list[Finding] = []
    left = policy.max_meta_bytes * _META_SHARE
    for entry in archive.entries:
        if entry.name != MIMETYPE and not entry.name.startswith(META):
            continue
        bound = min(left, policy.max_meta_bytes)
        if max(entry.size, entry.compressed_size) > bound:
            expected = f"at most {bound} bytes"
            got = f"{entry.size} bytes from {entry.compressed_size}"
            findings.append(Finding(code=Code.CONTAINER_LIMITS, place=entry.name, expected=expected, got=got))
            continue
        left -= entry.size
        try:
            meta[entry.name] = read_whole(source, entry)
        except Rejected as rejected:
            findings += rejected.findings
    return meta, findings
