# SPDX-License-Identifier: EUPL-1.2
"""The verify role: workers that examine hostile bundles. No network, no key."""

from collections.abc import Iterable
from pathlib import Path

from gateway.catalogue import data_root
from gateway.examination import examine
from gateway.keyring import load_certificates, load_revocation
from gateway.knowledge import knowledge_of
from gateway.model.trust import TrustMaterial
from gateway.service import Service
from gateway.workers import Examine, WorkerPool


def run(service: Service) -> None:
    """Verify until SIGTERM."""
    WorkerPool(
        path=service.config.verify_socket,
        workers=service.config.workers,
        limits=service.config.worker_limits,
        prepare=lambda: _prepare(service),
        fingerprint=lambda: _fingerprint(service),
    ).run()


def _prepare(service: Service) -> Examine:
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
    knowledge = knowledge_of(data_root(), material, service.config.policy)
    return lambda source, moment: examine(source, knowledge, moment)


def _fingerprint(service: Service) -> object:
    """Changes when a file of trust or revocation data was added, replaced or removed."""
    trust = service.config.trust
    directories = (trust.signers, trust.timestamping, trust.intermediates, trust.revocation)
    return fingerprint_of(directories)


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
