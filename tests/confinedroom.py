# SPDX-License-Identifier: EUPL-1.2
"""The verify role of a gateway, asked as the receiver asks it; and the same judgement in this process."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import gatewayroom
from workerroom import PlainWrap

from gateway.confinement import WorkerLimits
from gateway.model.examination import Examination
from gateway.model.source import MemorySource
from gateway.roles import verify
from gateway.service import Service
from gateway.spool import Spool
from gateway.workers import RemoteExaminer

_AT_ONCE = 4  # bundles; the role has two workers


@contextlib.contextmanager
def verifying(site: gatewayroom.Site) -> Iterator[None]:
    """The verify role runs."""
    config = str(site.world.config)
    command = [sys.executable, "-m", "gateway", "serve", "--role", "verify", "--config", config]
    with subprocess.Popen(command) as process:
        socket = site.world.site / "state/run/verify/sock"
        gatewayroom.eventually(lambda: socket.exists() or process.poll() is not None, "a verify role")
        yield
        process.terminate()


async def examined(
    site: gatewayroom.Site, bundles: Mapping[str, bytes], folder: Path, moment: datetime
) -> dict[str, Examination]:
    """What confined workers say."""
    examiner = RemoteExaminer(path=site.world.site / "state/run/verify/sock", limits=WorkerLimits())
    spool, free = Spool(folder, PlainWrap(), os.urandom), asyncio.Semaphore(_AT_ONCE)

    async def ask(data: bytes) -> Examination:
        async with free:
            writer = spool.writer(len(data))
            writer.write(data)
            file = writer.commit()
            descriptor = spool.open_descriptor(file.name)
            try:
                return await examiner.examine(
                    descriptor, spool.unwrap(file.name, file.wrapped_key), moment=moment
                )
            finally:
                os.close(descriptor)

    return dict(zip(bundles, await asyncio.gather(*(ask(data) for data in bundles.values())), strict=True))


def unconfined(
    site: gatewayroom.Site, bundles: Mapping[str, bytes], moment: datetime
) -> dict[str, Examination]:
    """What the same code says in this process."""
    examine = verify.prepare(Service.load(site.world.config, credentials=None))
    return {name: examine(MemorySource(data), moment, None) for name, data in bundles.items()}
