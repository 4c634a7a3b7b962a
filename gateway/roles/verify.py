# SPDX-License-Identifier: EUPL-1.2
"""The verify role: workers that examine hostile bundles. No network, no key, no file to open."""

from collections.abc import Iterable
from pathlib import Path

from gateway.catalogue import data_root
from gateway.confinement import landlock
from gateway.doorbell import Role
from gateway.examination import examine
from gateway.keyring import load_certificates, load_revocation
from gateway.knowledge import InstalledLists, knowledge_of
from gateway.model.trust import TrustMaterial
from gateway.roles.preloading import preload
from gateway.service import Service
from gateway.stages.signature.qualified.lists import TrustedLists
from gateway.workers import Examine, WorkerPool


def run(service: Service) -> None:
    """Verify until SIGTERM."""
    preload()
    if not landlock.version():  # then the filter of system calls is the only lock
        service.events(Role.VERIFY).warning("landlock-not-offered")
    lists = lists_of(service)
    WorkerPool(
        path=service.config.verify_socket,
        workers=service.config.workers,
        limits=service.config.worker_limits,
        prepare=lambda: prepare(service, lists),
        fingerprint=lambda: fingerprint(service, lists),
    ).run()


def lists_of(service: Service) -> InstalledLists | None:
    """The trusted lists that the operator names; ``None`` where he names none."""
    trust = service.config.trust
    return InstalledLists(trust.lists, trust.lotl_certificates) if trust.lists is not None else None


def prepare(service: Service, lists: InstalledLists | None = None) -> Examine:
    """Everything a judgement rests on, read once and inherited by the workers."""
    trust = service.config.trust
    revocation = load_revocation(trust.revocation)
    material = TrustMaterial(
        signer_anchors=load_certificates(trust.signers),
        tsa_anchors=load_certificates(trust.timestamping),
        intermediates=load_certificates(trust.intermediates),
        crls=revocation.crls,
        ocsps=revocation.ocsps,
    )
    knowledge = knowledge_of(data_root(), material, service.config.policy, lists)
    if lists is not None:
        _tell(service, lists.news())
    return lambda source, moment, screen: examine(source, knowledge, moment, screen=screen)


def _tell(service: Service, lists: TrustedLists | None) -> None:
    """What of the trusted lists cannot be believed: nobody is refused for it, so nobody would notice."""
    if lists is None:
        return
    events = service.events(Role.VERIFY)
    for finding in lists.findings:
        events.warning("trusted-list.refused", place=finding.place, got=finding.got)
    events.info("trusted-lists.read", believed=len(lists.editions), faults=len(lists.findings))


def fingerprint(service: Service, lists: InstalledLists | None) -> object:
    """Changes when a file of trust or revocation data or a trusted list was added, replaced or removed."""
    trust = service.config.trust
    directories = (trust.signers, trust.timestamping, trust.intermediates, trust.revocation)
    return fingerprint_of((*directories, *(lists.directories if lists else ())))


def fingerprint_of(directories: Iterable[Path]) -> object:
    """Names and versions of all files; a hidden one is still being written and does not count."""
    return tuple(
        version
        for directory in directories
        for path in sorted(directory.iterdir())
        if not path.name.startswith(".")
        for version in _versions(path)
    )


def _versions(path: Path) -> tuple[tuple[str, int, int, int], ...]:
    try:
        status = path.stat()
    except (
        FileNotFoundError
    ):  # removed or renamed since the directory was read: the next look sees what is there
        return ()
    return ((path.name, status.st_mtime_ns, status.st_size, status.st_ino),)
