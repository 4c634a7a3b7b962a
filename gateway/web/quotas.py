# SPDX-License-Identifier: EUPL-1.2
"""What one partner may take of us: uploads at a time, their bytes on our disk, requests in a second.

A partner is known by its id: several certificates of one partner share what it has. Everything is counted in memory by
the one process that takes uploads, on its event loop, and starts anew with it.
Leaves out how slowly a body may come (``limits``) and how many connections there may be (``connection``).
"""

import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.codes import Code
from gateway.errors import Rejected, Unavailable
from gateway.findings import Finding
from gateway.policy import MIB, TransferPolicy

_STEP = 8 * MIB  # a body of unknown length claims so much at a time, before it comes
_UPLOAD_RETRY_SECONDS = 5
_DISK_RETRY_SECONDS = 300
_LINES_PER_SECOND, _LINES_AT_ONCE = 10, 100


@dataclass(slots=True, eq=False)
class Claim:
    """What one upload takes of its partner's quota. Changed by ``Uploads`` alone."""

    partner_id: str
    largest: int  # bytes that may come
    size: int  # bytes claimed
    on_disk: int = 0  # of these, what the disk no longer counts as free


class Uploads:
    """Uploads under way and the bytes they claim, per partner and in all. Owned by the event loop."""

    def __init__(self, policy: TransferPolicy, free_bytes: Callable[[], int]) -> None:
        self._most, self._quota = policy.max_uploads_per_partner, policy.max_upload_bytes_per_partner
        self._reserve, self._free_bytes = policy.reserve_bytes, free_bytes
        self._claims: list[Claim] = []

    def require(self, partner_id: str, length: int | None, *, largest: int) -> None:
        """Would ``take`` be granted now? Raises ``Rejected`` (the partner has its share) and ``Unavailable`` (the disk)."""
        if len(self._of(partner_id)) >= self._most:
            raise _later(Code.TOO_MANY_REQUESTS, f"at most {self._most} uploads at a time")
        self._require_quota(partner_id, min(_STEP, largest) if length is None else length)
        # Who does not say how much comes may send as much as is allowed: nobody is invited to send what cannot fit.
        self._require_disk(largest if length is None else length)

    @contextmanager
    def take(self, partner_id: str, length: int | None, *, largest: int) -> Iterator[Claim]:
        """Claim ``length`` bytes inside the block; with ``None`` the claim grows as they come. Raises as ``require``."""
        self.require(partner_id, length, largest=largest)
        claim = Claim(partner_id, largest, length or 0)
        self._claims.append(claim)
        try:
            yield claim
        finally:
            self._claims.remove(claim)

    async def counted(self, body: AsyncIterator[bytes], claim: Claim) -> AsyncIterator[bytes]:
        """The body as it comes, under ``claim``. Raises as ``require`` where one of unknown length outgrows what is left."""
        # Intake allocates an announced length before it asks for the first byte: from here on the disk counts it.
        claim.on_disk, received = claim.size, 0
        async for chunk in body:
            received += len(chunk)
            if received > claim.size:
                more = max(min(_STEP, claim.largest - claim.size), received - claim.size)
                self._require_quota(claim.partner_id, more)
                self._require_disk(more)
                claim.size += more
            claim.on_disk = max(claim.on_disk, received)
            yield chunk

    def _of(self, partner_id: str) -> list[Claim]:
        return [claim for claim in self._claims if claim.partner_id == partner_id]

    def _require_quota(self, partner_id: str, more: int) -> None:
        taken = sum(claim.size for claim in self._of(partner_id))
        if taken + more > self._quota:
            expected = f"at most {self._quota} bytes under way at a time"
            raise _later(Code.UPLOAD_QUOTA_EXCEEDED, expected, f"{taken} under way and {more} more")

    def _require_disk(self, more: int) -> None:
        # Refused while there is still room for what was accepted before: deliveries and the log need the rest.
        promised = sum(claim.size - claim.on_disk for claim in self._claims)
        if self._free_bytes() < promised + more + self._reserve:
            raise Unavailable(
                Code.INSUFFICIENT_STORAGE,
                "no room for this bundle in the spool",
                retry_after=_DISK_RETRY_SECONDS,
            )


class Rates:
    """A token bucket for each partner: ``burst`` requests at once, refilled by ``per_second``.

    A request costs one token when it begins, however long it lasts: whoever waits for news by long poll pays once a
    minute, whoever asks in a loop pays every time.
    """

    def __init__(self, *, per_second: int, burst: int) -> None:
        self._per_second, self._burst = per_second, burst
        self._buckets: dict[
            str, tuple[float, float]
        ] = {}  # tokens, as of when; one for each registered partner

    def take(self, partner_id: str, now: float) -> None:
        """One request at ``now`` (seconds, monotonic). Raises ``Rejected`` with the time until the next is due."""
        tokens, then = self._buckets.get(partner_id, (float(self._burst), now))
        now = max(now, then)
        tokens = min(self._burst, tokens + (now - then) * self._per_second)
        if tokens >= 1:
            self._buckets[partner_id] = (tokens - 1, now)
            return
        self._buckets[partner_id] = (tokens, now)
        raise _later(
            Code.REQUEST_RATE_EXCEEDED,
            f"at most {self._per_second} requests per second, {self._burst} at once",
            retry_after=math.ceil((1 - tokens) / self._per_second),
        )


class Lines:
    """Bounds the log lines about requests that are not admitted, of all callers together: strangers pay no rate."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._rates, self._monotonic = Rates(per_second=_LINES_PER_SECOND, burst=_LINES_AT_ONCE), monotonic
        self._left_out = 0

    def due(self) -> bool:
        """May one more be written? What may not is counted."""
        try:
            self._rates.take("", self._monotonic())
        except Rejected:
            self._left_out += 1
            return False
        return True

    def left_out(self) -> int:
        """Since this was asked last, to be told in the next line that is written."""
        count, self._left_out = self._left_out, 0
        return count


def _later(code: Code, expected: str, got: str = "", *, retry_after: int = _UPLOAD_RETRY_SECONDS) -> Rejected:
    return Rejected([Finding(code=code, expected=expected, got=got)], retry_after=retry_after)
