# SPDX-License-Identifier: EUPL-1.2
"""Takes a body from the network into the spool: hashed and encrypted on the way, never whole in memory."""

import asyncio
from collections.abc import AsyncIterator

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.policy import MIB
from gateway.spool import Spool, SpoolWriter

_BLOCK_BYTES = MIB  # one hop into a thread per block: hashing and sealing a block takes a millisecond
_MAX_KEY = 200  # characters


async def receive(
    body: AsyncIterator[bytes], *, spool: Spool, limit: int, content_length: int | None
) -> SpoolWriter:
    """The body in a sealed, not yet durable spool file, owned by the caller.

    Raises ``Rejected`` (too large, incomplete), ``Unavailable`` (no space), and whatever ``body`` raises; nothing is
    left on disk then.
    """
    writer = spool.writer(limit)
    try:
        if content_length is not None:
            await asyncio.to_thread(writer.reserve, content_length)
        async for block in _blocks(body):
            await asyncio.to_thread(writer.write, block)
        await asyncio.to_thread(writer.seal)
    except BaseException:  # the sender hung up: cancellation too must leave nothing behind
        writer.abort()
        raise
    return writer


def checked_key(key: str | None) -> str | None:
    """An idempotency key as it came. Raises ``Rejected(IDEMPOTENCY_KEY_MALFORMED)``."""
    if key is None or (0 < len(key) <= _MAX_KEY and key.isascii() and key.isprintable()):
        return key
    expected = f"1 to {_MAX_KEY} printable ASCII characters"
    raise Rejected(
        [Finding(code=Code.IDEMPOTENCY_KEY_MALFORMED, place="Idempotency-Key", expected=expected, got=key)]
    )


async def _blocks(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    block = bytearray()
    async for chunk in body:
        block += chunk
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
