# SPDX-License-Identifier: EUPL-1.2
"""Runs the real gateway of the demonstration as a process of its own, on its own clock if need be."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp

from gateway.demo.world import World
from gateway.errors import GatewayFault

_START_SECONDS = 60.0
_STOP_SECONDS = 90.0


@asynccontextmanager
async def running_gateway(world: World, *, clock_offset: timedelta = timedelta()) -> AsyncIterator[None]:
    """The gateway, ready for dossiers; drained and stopped at the end. Raises ``GatewayFault`` with its last lines."""
    _set_clock(world.config, clock_offset)
    journal = world.directory / "gateway.log"
    with journal.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway",
            "serve",
            "--config",
            str(world.config),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        await _until_ready(world, process, journal)
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
        _set_clock(world.config, timedelta())


async def _until_ready(world: World, process: asyncio.subprocess.Process, journal: Path) -> None:
    url = f"http://127.0.0.1:{world.health_port}/health/ready"
    async with asyncio.timeout(_START_SECONDS), aiohttp.ClientSession() as session:
        while process.returncode is None:
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    lines = journal.read_text(encoding="utf-8", errors="replace").splitlines()
    raise GatewayFault("the gateway did not start: " + " | ".join(lines[-5:]))


def _set_clock(config: Path, offset: timedelta) -> None:
    text = config.read_text(encoding="utf-8")
    head, _, _ = text.partition("\n[unsafe]\n")
    seconds = int(offset.total_seconds())
    config.write_text(
        head + (f"\n[unsafe]\nclock_offset_seconds = {seconds}\n" if seconds else ""), encoding="utf-8"
    )
