# SPDX-License-Identifier: EUPL-1.2
"""What every asynchronous role does: hear its bell, and stop when it is told to."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.doorbell import Doorbell, Role
from gateway.service import Service
from gateway.telemetry import LibraryLines


@asynccontextmanager
async def at_work(service: Service, role: Role) -> AsyncIterator[tuple[Doorbell, asyncio.Event]]:
    """The role's bell, listening, and the event that SIGTERM sets."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    logging.getLogger().addHandler(LibraryLines(service.events(role)))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    doorbell = Doorbell(service.config.run, role)
    await doorbell.listen()
    try:
        yield doorbell, stop
    finally:
        doorbell.close()
