# SPDX-License-Identifier: EUPL-1.2
"""The deliver role: hands dossiers over to authorities and collects their answers."""

import asyncio
import os

from gateway.catalogue import data_root
from gateway.courier import Means
from gateway.dispatch import Dispatcher
from gateway.doorbell import Role
from gateway.explaining import Explainer
from gateway.roles.outgoing import consignments, proceedings
from gateway.roles.work import at_work, be_the_only_one
from gateway.service import Service, system_entropy


def run(service: Service) -> None:
    """Deliver until SIGTERM. Two at once would take each other's half-placed package for their own."""
    be_the_only_one(service.config.run, Role.DELIVER)
    os.umask(
        0o007
    )  # what it puts into a hot folder belongs to the folder's group as much as to it, and to nobody else
    asyncio.run(_deliver(service))


async def _deliver(service: Service) -> None:
    async with at_work(service, Role.DELIVER) as (doorbell, stop):
        journal = service.journal()
        means = Means(
            journal=journal,
            consignments=consignments(service, journal, service.spool()),
            proceedings=proceedings(service, journal),
            retry=service.config.policy.retry,
            clock=service.clock,
            entropy=system_entropy,
            events=service.events(Role.DELIVER),
            explainer=Explainer.load(data_root()),
        )
        try:
            await Dispatcher(service.couplings(), means).run(doorbell, stop)
        finally:
            journal.close()
