# SPDX-License-Identifier: EUPL-1.2
"""The refresh role: fetches revocation lists. No key, no journal, no spool."""

import asyncio

from cryptography import x509

from gateway.doorbell import Role
from gateway.keyring import load_certificates
from gateway.refresher import Refresher
from gateway.roles.work import at_work
from gateway.service import Service


def run(service: Service) -> None:
    """Refresh until SIGTERM."""
    asyncio.run(_refresh(service))


async def _refresh(service: Service) -> None:
    async with at_work(service, Role.REFRESH) as (_doorbell, stop):
        await _refresher(service).run(stop)


def _refresher(service: Service) -> Refresher:
    trust, listen = service.config.trust, service.config.listen
    seals = [
        der
        for place in (trust.signers, trust.timestamping, trust.intermediates)
        for der in load_certificates(place)
    ]
    return Refresher(
        sources=service.config.refresh,
        directories={"signers": trust.revocation, "tls": listen.client_crls},
        issuers={
            "signers": [x509.load_der_x509_certificate(der) for der in seals],
            "tls": [x509.load_der_x509_certificate(der) for der in load_certificates(listen.client_cas)],
        },
        every_seconds=service.config.refresh_seconds,
        events=service.events(Role.REFRESH),
    )
