# SPDX-License-Identifier: EUPL-1.2
"""Dossiers accepted a second by a gateway in service, its clients on the same machine, beside the least that must be done.

Every bundle is new: what came before is answered without being examined, and would look fast.
Floor and gateway take turns with as many bundles each; both get their bundles from the page cache.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median

from gatewayroom import WEIMAR, Site, running

from bench.figures import Figure
from bench.floors import Stream, inflate_and_hash, streams, take_in
from bench.material import dossier_bundle
from bench.processes import cpu_seconds
from bench.scale import Scale
from bench.stopwatch import CPU, Times, percentile, seconds
from gateway.client import GatewayClient
from gateway.demo.bundles import signing_identity

_SENDERS = 8
_PROCESSES = 2
_FLOOR = f"inflate + SHA-256 + fsync, {_PROCESSES} processes"

Sample = tuple[Path, tuple[Stream, ...]]


def measure(scale: Scale, directory: Path) -> list[Figure]:
    """Throughput, latency, and where the CPU time goes."""
    rounds, size = scale.of(6, 3, 1), scale.of(120, 24, 2)
    numbers = count(1)
    floors: list[float] = []
    ours: list[float] = []
    bare: list[float] = []
    latencies: list[float] = []
    with (
        running(directory / "world") as site,
        ProcessPoolExecutor(_PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        _send(
            site, _packed(site, directory, numbers, _SENDERS)
        )  # workers are warm, as on any day but the first
        list(pool.map(take_in, _jobs(_packed(site, directory, numbers, _PROCESSES))))
        before = cpu_seconds(site)
        for _ in range(rounds):
            samples = _packed(site, directory, numbers, size)
            bare.append(_bare(samples))
            floors.append(_floor(pool, samples))
            taken, waited = _send(site, samples)
            ours.append(taken)
            latencies += waited
            for path, _ in samples:
                path.unlink()
        used = {role: taken - before.get(role, 0.0) for role, taken in cpu_seconds(site).items()}
    return [
        _rate(Times(tuple(ours)), Times(tuple(floors)), size),
        Figure(
            what=f"answer 201 to a sender, {_SENDERS} at once",
            value=median(latencies) * 1000,
            p99=percentile(latencies, 99) * 1000,
            unit="ms",
            beside="the floor for one bundle in one of two processes",
            beside_value=median(floors) / size * _PROCESSES * 1000,
            ratio=median(latencies) / (median(floors) / size * _PROCESSES),
        ),
        *(_cpu(role, taken / (rounds * size), median(bare)) for role, taken in used.items() if taken),
    ]


def _rate(ours: Times, floor: Times, size: int) -> Figure:
    return Figure(
        what="dossiers accepted",
        value=size / ours.median,
        unit="1/s",
        beside=_FLOOR,
        beside_value=size / floor.median,
        ratio=1 / ours.over(floor),
    )


def _cpu(role: str, taken: float, bare: float) -> Figure:
    """Receive and verify both have to go through all bytes; for the other roles there is nothing to compare with."""
    if role not in {"receive", "verify"}:
        return Figure(what=f"CPU a dossier: {role}", value=taken * 1000, unit="ms")
    return Figure(
        what=f"CPU a dossier: {role}",
        value=taken * 1000,
        unit="ms",
        beside="CPU of inflate + SHA-256",
        beside_value=bare * 1000,
        ratio=taken / bare,
    )


def _bare(samples: Sequence[Sample]) -> float:
    """CPU seconds a bundle for the bytes alone."""
    bundles = [(path.read_bytes(), found) for path, found in samples]
    return seconds(lambda: [inflate_and_hash(*bundle) for bundle in bundles], CPU) / len(samples)


def _packed(site: Site, directory: Path, numbers: "count[int]", size: int) -> list[Sample]:
    """New bundles as files, and where their streams are."""
    identity = signing_identity(site.world.chambers[WEIMAR[0]].seal)
    moment = datetime.now(UTC).replace(microsecond=0)
    samples = []
    for number in (next(numbers) for _ in range(size)):
        bundle = dossier_bundle(number, identity, moment)
        path = directory / f"{number}.asice"
        path.write_bytes(bundle)
        samples.append((path, streams(bundle)))
    return samples


def _jobs(samples: Sequence[Sample]) -> list[tuple[str, tuple[Stream, ...], str]]:
    return [(str(path), found, f"{path}.floor") for path, found in samples]


def _floor(pool: ProcessPoolExecutor, samples: Sequence[Sample]) -> float:
    start = time.perf_counter()
    list(pool.map(take_in, _jobs(samples)))
    taken = time.perf_counter() - start
    for path, _ in samples:
        Path(f"{path}.floor").unlink()
    return taken


def _send(site: Site, samples: Sequence[Sample]) -> tuple[float, list[float]]:
    """Seconds for all, and for each."""
    return asyncio.run(_sent(site, [path for path, _ in samples]))


async def _sent(site: Site, paths: list[Path]) -> tuple[float, list[float]]:
    latencies: list[float] = []

    async def sender(client: GatewayClient) -> None:
        while paths:
            path = paths.pop()
            start = time.perf_counter()
            submission = await client.submit(path)
            latencies.append(time.perf_counter() - start)
            if submission.repeated:
                raise ValueError(f"expected a new dossier in {path}, got one that came before")

    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(site.client(WEIMAR[0])) for _ in range(_SENDERS)]
        start = time.perf_counter()
        await asyncio.gather(*(sender(client) for client in clients))
        return time.perf_counter() - start, latencies
