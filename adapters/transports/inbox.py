# SPDX-License-Identifier: EUPL-1.2
"""Transport ``inbox``: the authority fetches over HTTPS; the package stays in the gateway until then.

Nothing is sent, so there is nothing to fail here: the gateway's inbox makes the package again from the stored
original whenever it is fetched (formats are deterministic). Answers come through the API, not through ``collect``.
"""

import asyncio
from collections.abc import Mapping
from typing import Self

from gateway.errors import ConfigInvalid
from gateway.model.delivery import Answer, Package, Placement
from gateway.ports import Collected, Refusal, Shape


class InboxTransport:
    """Pull over the gateway's own API. No settings."""

    carries = frozenset({Shape.SINGLE_FILE})

    @classmethod
    def configure(cls, settings: Mapping[str, object]) -> Self:
        """Takes no keys."""
        if settings:
            raise ConfigInvalid([f"transport inbox: unknown key {key}" for key in settings])
        return cls()

    async def hand_over(self, package: Package) -> Placement:
        """Read the package to its end once, so that what cannot be read is never offered."""
        await asyncio.to_thread(_read_through, package)
        return Placement.CONSIGNED

    async def collect(self) -> Collected:
        """Nothing: answers come through the API."""
        return Collected()

    async def settle(self, answer: Answer) -> None:
        """Nothing to do."""

    async def refuse(self, answer: Answer, refusal: Refusal) -> None:
        """Nothing to do: the API has said so already."""


def _read_through(package: Package) -> None:
    for part in package.parts:
        for _ in part.chunks():
            pass
