# SPDX-License-Identifier: EUPL-1.2
"""Chambers that send at the same time and do not give up, and an authority that empties its inbox.

A sender repeats what the client library gives up on, under the same key, as an operator's job queue would. What it was
promised goes into the ledger, which the checker holds the gateway to.
"""

import asyncio
import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Self

from gatewayroom import LUDWIGSBURG, PATIENCE, WEIMAR, Site, example, promise, seal

from gateway.client import CertificateRefused, GatewayUnreachable, ProblemAnswered

_NUMBERS = itertools.count(1)
_SENDERS = 4
_OUR_FAULT = {"processing-failed", "internal-error"}  # said by a role that was being killed: send again


class Load:
    """``count`` bundles for each of two authorities, one with an inbox and one with a hot folder."""

    def __init__(self, site: Site, directory: Path, count: int) -> None:
        directory.mkdir()
        self._site = site
        self.bundles = [
            (chamber, seal(site.world, example(chamber, f"LAST-{n}"), directory / f"{n}.asice"))
            for chamber, _ in (WEIMAR, LUDWIGSBURG) * count
            for n in [next(_NUMBERS)]
        ]
        self.ledger: list[dict] = []  # successes that clients saw
        self.troubles: list[str] = []  # codes of refusals that were our fault

    async def __aenter__(self) -> Self:
        queue = iter(self.bundles)
        self._senders = [asyncio.create_task(self._send(queue)) for _ in range(_SENDERS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*self._senders)
        finally:
            for sender in self._senders:
                sender.cancel()

    async def until(self, share: float) -> None:
        """Wait until this share of the bundles was accepted and the rest is under way."""
        await until(lambda: len(self.ledger) >= share * len(self.bundles) or self._failed())

    def digests(self, chamber: str) -> list[str]:
        """SHA-256 of what this chamber sent."""
        return sorted(
            hashlib.sha256(path.read_bytes()).hexdigest() for c, path in self.bundles if c == chamber
        )

    def _failed(self) -> bool:
        return any(sender.done() and sender.exception() for sender in self._senders)

    async def _send(self, queue) -> None:
        for chamber, path in queue:
            while not await self._sent(chamber, path):
                pass

    async def _sent(self, chamber: str, path: Path) -> bool:
        try:
            async with self._site.client(chamber) as client:
                submission = await client.submit(path, idempotency_key=path.name)
        except ProblemAnswered as problem:
            if problem.code not in _OUR_FAULT:
                raise
            self.troubles.append(problem.code)
            return False
        except (GatewayUnreachable, CertificateRefused) as error:
            self.troubles.append(type(error).__name__)
            return False
        self.ledger.append(promise(chamber, path, submission))
        return True


async def until(look: Callable[[], object]) -> None:
    """Wait until ``look`` is true, while others on this loop go on."""
    async with asyncio.timeout(PATIENCE):
        while not look():
            await asyncio.sleep(0.01)


async def emptied(site: Site, authority: str, directory: Path) -> list[str]:
    """Fetch and acknowledge everything that is or comes into the inbox; the digests of what came."""
    digests = []
    await asyncio.to_thread(site.settle)
    async with site.client(authority) as client:
        while items := await client.inbox(limit=200):
            for item in items:
                sha256 = await client.download(item["id"], directory / item["id"])
                await client.acknowledge(item["id"], sha256=sha256)
                digests.append(sha256)
    await asyncio.to_thread(site.settle)  # what was just done is to be published too
    return sorted(digests)
