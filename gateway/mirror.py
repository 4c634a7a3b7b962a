# SPDX-License-Identifier: EUPL-1.2
"""Copies a log from a gateway into a directory, so that it can be audited without the gateway (C2SP tlog-tiles).

Full tiles never change and are fetched once; the checkpoint is written last, so a mirror that broke off still shows
the older, whole log. Nothing is believed here: ``gateway.audit`` proves what was copied.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from gateway.client import GatewayClient, TransferDamaged
from gateway.tlog.tiles import WIDTH, tiles_in

_CHECKPOINT = "checkpoint"


async def mirror_log(gateway: GatewayClient, target: Path, *, progress: Callable[[int, int], None]) -> int:
    """Bring ``target`` up to the gateway's newest checkpoint; how many entries it has.

    Raises ``TransferDamaged`` for a checkpoint that names no size, and whatever the connection raises.
    """
    note = await gateway.log_file(_CHECKPOINT)
    size = _size(note)
    tiles = list(tiles_in(size))
    for done, tile in enumerate(tiles, 1):
        path = target / tile.path
        if tile.width < WIDTH or not path.is_file():
            await asyncio.to_thread(_write, path, await gateway.log_file(tile.path))
        progress(done, len(tiles))
    await asyncio.to_thread(_write, target / _CHECKPOINT, note)
    return size


def _size(note: bytes) -> int:
    lines = note.split(b"\n")
    if len(lines) < 3 or not lines[1].isdigit() or len(lines[1]) > 18:
        raise TransferDamaged("the checkpoint names no tree size")
    return int(lines[1])


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(data)
    os.replace(temporary, path)  # noqa: PTH105 - atomic, and says so
