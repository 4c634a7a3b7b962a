# SPDX-License-Identifier: EUPL-1.2
"""The malware scanner of the receive role: made from the configuration, watched, and shown to the operator."""

import asyncio
import contextlib

from gateway.config import ScannerKind
from gateway.scanning import Clamd, ClamdSettings
from gateway.service import Service, system_clock
from gateway.telemetry import EventLog, Metrics

_LOOK_SECONDS = 60.0


def scanner_of(service: Service, events: EventLog, metrics: Metrics) -> Clamd | None:
    """What is configured; that nothing is, is told at every start."""
    config = service.config.scan
    if config.scanner is ScannerKind.NONE:
        events.warning("scanner.none")
        return None
    settings = ClamdSettings(
        socket=config.socket,
        seconds=config.seconds,
        max_file_bytes=config.max_file_bytes,
        max_database_age=config.max_database_age,
    )
    # The real clock: a moved one (``[unsafe]``) must not make signatures look old, or new.
    clamd = Clamd(settings, events=events, clock=system_clock)
    metrics.gauge("amtsbote_scanner_ready", "Is the malware scanner fit for service?", lambda: clamd.ready)
    return clamd


async def watch(clamd: Clamd, stop: asyncio.Event) -> None:
    """Look at it now and every minute: the operator hears of a scanner that is unfit before a chamber does."""
    while not stop.is_set():
        await clamd.check()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
