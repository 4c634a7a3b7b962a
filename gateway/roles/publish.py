# SPDX-License-Identifier: EUPL-1.2
"""The publish role: the only one with the log key and the seal key."""

import asyncio

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.doorbell import Role
from gateway.errors import ConfigInvalid
from gateway.journal import Journal
from gateway.publisher import Publisher
from gateway.roles.work import at_work
from gateway.seal import Sealer
from gateway.service import Service


def run(service: Service) -> None:
    """Publish until SIGTERM."""
    asyncio.run(_publish(service))


async def _publish(service: Service) -> None:
    async with at_work(service, Role.PUBLISH) as (doorbell, stop):
        journal = service.journal()
        publisher = _publisher(service, journal)
        try:
            await publisher.run(doorbell, stop)
        finally:
            publisher.close()
            journal.close()


def _publisher(service: Service, journal: Journal) -> Publisher:
    return Publisher(
        journal,
        service.config.log_directory,
        service.config.log.guard,
        signer=service.signer(),
        sealer=_sealer(service),
        clock=service.clock,
        events=service.events(Role.PUBLISH),
    )


def _sealer(service: Service) -> Sealer:
    key = service.keyring.private_key("seal.key")
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigInvalid(["seal.key: expected an EC key (P-256)"])
    path = service.keyring.path("seal.crt")
    try:
        chain = x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError as error:
        raise ConfigInvalid([f"{path}: expected PEM certificates"]) from error
    der = [certificate.public_bytes(serialization.Encoding.DER) for certificate in chain]
    return Sealer(key, der[0], der[1:])
