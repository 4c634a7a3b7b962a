# SPDX-License-Identifier: EUPL-1.2
"""What every asynchronous role does: hear its bell, and stop when it is told to."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.codes import Code
from gateway.doorbell import Doorbell, Role, place_of
from gateway.errors import Unavailable
from gateway.service import Service
from gateway.telemetry import LibraryLines
from gateway.tilestore import LocalDisk


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


def be_the_only_one(run_directory: Path, role: Role) -> None:
    """Hold the role until this process ends, threads that cannot be stopped included. Raises ``Unavailable``.

    Nobody releases the lock but the kernel: a predecessor that still drains may be in the middle of handing over.
    """
    place = place_of(run_directory, role)
    place.mkdir(exist_ok=True)
    try:
        LocalDisk().lock(place / "lock")
    except BlockingIOError as error:
        raise Unavailable(
            Code.SERVICE_UNAVAILABLE, f"another {role} role is at work", hint="wait for its end, or stop it"
        ) from error
