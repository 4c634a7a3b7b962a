# SPDX-License-Identifier: EUPL-1.2
"""How much and how slowly a caller may send or read (THREAT_MODEL, The border).

aiohttp has no read deadlines, and its ``client_max_size`` does not bind streamed bodies: the bounds stand here.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from aiohttp import ClientPayloadError, web

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.policy import TransferPolicy

_T = TypeVar("_T")


class Pace:
    """Minimum rate with a grace: waiting uses an allowance up, moved bytes give it back, never more than the grace.

    So nobody can hold a connection by stalling after a fast start, and a body of n bytes has the absolute deadline
    ``grace + n / rate`` of waiting. Only waiting for the peer counts, not our own work in between.
    """

    def __init__(self, policy: TransferPolicy, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._grace, self._rate, self._monotonic = policy.grace_seconds, policy.minimum_rate, monotonic
        self._allowance = policy.grace_seconds

    @property
    def allowance(self) -> float:
        """Seconds the peer may keep us waiting now."""
        return self._allowance

    def moved(self, count: int) -> None:
        """``count`` bytes went through."""
        self._allowance = min(self._grace, self._allowance + count / self._rate)

    async def wait(self, peer: Awaitable[_T]) -> _T:
        """Wait for the peer. Raises ``TimeoutError`` once the allowance is used up."""
        started = self._monotonic()
        try:
            async with asyncio.timeout(max(self._allowance, 0)):
                return await peer
        finally:
            self._allowance -= self._monotonic() - started


async def body_chunks(request: web.Request, *, limit: int, pace: Pace) -> AsyncIterator[bytes]:
    """The body as it comes, counted and paced. Raises ``Rejected``: too large, too slow, or broken off.

    The count is our own: a declared length is a claim, and chunked bodies declare none.
    """
    received = 0
    while True:
        try:
            chunk = await pace.wait(request.content.readany())
        except TimeoutError:
            raise Rejected(
                [Finding(code=Code.REQUEST_TIMEOUT, place="body", got=f"{received} bytes")]
            ) from None
        except (ConnectionError, ClientPayloadError, web.RequestPayloadError) as error:
            raise Rejected(
                [Finding(code=Code.BUNDLE_INCOMPLETE, place="body", got=f"{received} bytes")]
            ) from error
        if not chunk:
            return
        received += len(chunk)
        if received > limit:
            raise Rejected([too_large(limit, f"more than {limit} bytes")])
        pace.moved(len(chunk))
        yield chunk


async def small_body(request: web.Request, *, limit: int, pace: Pace) -> bytes:
    """A body that is kept in memory."""
    if request.content_length is not None and request.content_length > limit:
        raise Rejected([too_large(limit, f"{request.content_length} bytes")])
    return b"".join([chunk async for chunk in body_chunks(request, limit=limit, pace=pace)])


def too_large(limit: int, got: str) -> Finding:
    """The finding for a body above ``limit``."""
    return Finding(code=Code.BUNDLE_TOO_LARGE, place="body", expected=f"at most {limit} bytes", got=got)
