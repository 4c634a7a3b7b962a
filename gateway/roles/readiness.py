# SPDX-License-Identifier: EUPL-1.2
"""What must be there before any role starts: a supervisor would start a role that lacks something again and again.

Each check raises with the command or the step that helps, and all of them are asked, so that everything is told at
once. Nothing is made here, and nothing is mended.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from cryptography import x509

from gateway.doorbell import Role, bell_of
from gateway.errors import ConfigInvalid, GatewayFault, NotReady, TrustStateMissing, Unavailable
from gateway.keyring import load_certificates
from gateway.logstart import find_end, missing_guard
from gateway.service import Service
from gateway.spool.directory import require_spool
from gateway.tilestore import LocalDisk, TileStore, lock_publisher
from gateway.web.tls import ServerTls

_Check = Callable[[Service], object]

_MAX_SOCKET_PATH = 107  # bytes: sun_path of unix(7) without the final zero


def require_all(service: Service) -> None:
    """Raises ``NotReady`` with everything that lacks."""
    lacks = tuple(
        fault
        for parts, whole in _CHECKS
        for fault in (tuple(_told(parts, service)) or tuple(_told([whole], service)))
    )
    if lacks:
        raise NotReady(lacks)


def _told(checks: Iterable[_Check], service: Service) -> Iterator[GatewayFault]:
    for check in checks:
        try:
            check(service)
        except GatewayFault as fault:
            yield fault


def _require_whole_log(service: Service) -> None:
    require_whole_journal(service)
    _require_log(service)


def require_whole_journal(service: Service) -> None:
    """SQLite's look at every page, once for each start of the gateway. Raises ``JournalDamaged``.

    By ``serve`` for all its roles, under systemd by the receiver: it is what takes new dossiers in. A role that died
    and is started again does not ask: that a process ends damages no page; disks and careless copies do.
    """
    with closing(service.journal()) as journal:
        journal.check()


def _require_short_run_directory(service: Service) -> None:
    longest = max((bell_of(service.config.run, role) for role in Role), key=lambda path: len(str(path)))
    if len(str(longest).encode()) > _MAX_SOCKET_PATH:
        raise ConfigInvalid(
            [f"gateway.state: {longest} is too long for a socket ({_MAX_SOCKET_PATH} bytes at most)"],
            hint="put the state directory into a place with a shorter path",
        )


def _require_anchors(directory: Path, purpose: str) -> None:
    if not load_certificates(directory):
        raise TrustStateMissing(
            f"no trust anchor for {purpose} in {directory}",
            hint="put the CA's certificate (PEM) there",
        )


def _require_signer_anchors(service: Service) -> None:
    _require_anchors(service.config.trust.signers, "seals")


def _require_client_anchors(service: Service) -> None:
    _require_anchors(service.config.listen.client_cas, "TLS clients")


def _require_client_crls(service: Service) -> None:
    place = service.config.listen.client_crls
    if not place.is_file() and not (place.is_dir() and any(place.iterdir())):
        raise TrustStateMissing(
            f"no revocation list for client certificates in {place}",
            hint="put the CRL of every client CA there; without one no client can connect",
        )


def _require_key(name: str) -> _Check:
    return lambda service: service.keyring.path(name)


def _require_tls(service: Service) -> None:
    listen, keyring = service.config.listen, service.keyring
    ServerTls(
        certificate=keyring.path("tls.crt"),
        key=keyring.path("tls.key"),
        client_cas=listen.client_cas,
        client_crls=listen.client_crls,
    )


def _require_seal(service: Service) -> None:
    key, path = service.keyring.private_key("seal.key"), service.keyring.path("seal.crt")
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise ConfigInvalid([f"{path}: expected PEM certificates"]) from error
    if certificate.public_key() != key.public_key():
        raise ConfigInvalid([f"{path}: expected the certificate of seal.key, got another one"])


def _require_spool(service: Service) -> None:
    require_spool(service.config.spool_directory)


def _require_journal(service: Service) -> None:
    service.journal().close()


def _require_guard(service: Service) -> None:
    if not service.config.log.guard.exists():
        raise missing_guard()


def _require_log(service: Service) -> None:
    config, verifier, disk = service.config, service.signer().verifier, LocalDisk()
    with closing(service.journal()) as journal:
        try:
            unlock = lock_publisher(disk, config.log.guard)
        except Unavailable:
            return  # the publisher of an earlier start still ends its work: it has looked, and is moving on
        try:
            find_end(journal, TileStore(config.log_directory, disk), disk.read(config.log.guard), verifier)
        finally:
            unlock()


# What must be there each by itself, and what can only be asked where it is.
_CHECKS: tuple[tuple[tuple[_Check, ...], _Check], ...] = (
    ((), _require_short_run_directory),
    ((_require_key("master.key"), _require_spool), Service.spool),
    ((), Service.couplings),
    ((), _require_signer_anchors),
    (
        (_require_key("tls.crt"), _require_key("tls.key"), _require_client_anchors, _require_client_crls),
        _require_tls,
    ),
    ((_require_key("seal.key"), _require_key("seal.crt")), _require_seal),
    ((_require_journal, _require_guard, _require_key("log.key")), _require_whole_log),
)
