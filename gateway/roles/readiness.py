# SPDX-License-Identifier: EUPL-1.2
"""What must be there before any role starts: a supervisor would start a role that lacks something again and again.

Each check raises with the command or the step that helps. Nothing is made here, and nothing is mended.
"""

from contextlib import closing

from cryptography import x509

from gateway.doorbell import Role
from gateway.errors import ConfigInvalid, TrustStateMissing, Unavailable
from gateway.keyring import load_certificates
from gateway.logstart import find_end
from gateway.service import Service
from gateway.tilestore import LocalDisk, TileStore, lock_publisher
from gateway.web.tls import ServerTls

_MAX_SOCKET_PATH = 107  # bytes: sun_path of unix(7) without the final zero


def require_all(service: Service) -> None:
    """Raises ``TrustStateMissing``, ``ConfigInvalid``, ``JournalDamaged`` or ``LogRolledBack`` for the first thing that lacks."""
    _require_short_run_directory(service)
    service.spool()
    service.couplings()
    _require_anchors(service)
    _require_tls(service)
    _require_seal(service)
    _require_log(service)


def _require_short_run_directory(service: Service) -> None:
    longest = max((service.config.run / f"{role}.bell" for role in Role), key=lambda path: len(str(path)))
    if len(str(longest).encode()) > _MAX_SOCKET_PATH:
        raise ConfigInvalid(
            [f"gateway.state: {longest} is too long for a socket ({_MAX_SOCKET_PATH} bytes at most)"],
            hint="put the state directory into a place with a shorter path",
        )


def _require_anchors(service: Service) -> None:
    config = service.config
    for directory, purpose in ((config.trust.signers, "seals"), (config.listen.client_cas, "TLS clients")):
        if not load_certificates(directory):
            raise TrustStateMissing(
                f"no trust anchor for {purpose} in {directory}",
                hint="put the CA's certificate (PEM) there",
            )


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
