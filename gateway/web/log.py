# SPDX-License-Identifier: EUPL-1.2
"""The log as static files, exactly the paths of C2SP tlog-tiles: readers need nothing of the gateway to verify it.

Any registered partner may read it: entries are salted commitments. Tiles never change and may be kept for ever, the
checkpoint must be asked for again. Only names of the specification's grammar reach the file system, so there is
nothing to traverse with.
"""

import asyncio
import errno
import os
import re
import stat
from pathlib import Path

from aiohttp import web

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.web.call import Call

CHECKPOINT = "checkpoint"
# tile/<L>/<N>[.p/<W>] and tile/entries/<N>[.p/<W>]: L from 0 to 63, N in groups of three digits where all but the
# last begin with x, W from 1 to 255 (C2SP tlog-tiles, "Merkle Tree" and "Log Entries").
TILE_PATTERN = (
    r"(?:[0-9]|[1-5][0-9]|6[0-3]|entries)/(?:x[0-9]{3}/){0,6}[0-9]{3}"
    r"(?:\.p/(?:[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)
_TILE = re.compile(TILE_PATTERN)
_MAX_FILE = 64 * 1024 * 1024  # bytes; 256 entries of at most 64 KiB are far below
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}  # ELOOP: a symbolic link, which a log never holds
_FOR_EVER = "private, max-age=31536000, immutable"


class LogFiles:
    """Serves one log directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def checkpoint(self, _call: Call) -> web.Response:
        """The newest signed checkpoint."""
        data = await asyncio.to_thread(self._read, CHECKPOINT)
        return web.Response(
            body=data, content_type="text/plain", charset="utf-8", headers={"Cache-Control": "no-cache"}
        )

    async def tile(self, call: Call) -> web.Response:
        """A tile of hashes or a bundle of entries."""
        name = call.part("tile")
        if not _TILE.fullmatch(name):
            raise Rejected(
                [Finding(code=Code.NOT_FOUND, place="path", expected="a tile path of C2SP tlog-tiles")]
            )
        data = await asyncio.to_thread(self._read, f"tile/{name}")
        return web.Response(
            body=data, content_type="application/octet-stream", headers={"Cache-Control": _FOR_EVER}
        )

    def _read(self, name: str) -> bytes:
        try:
            descriptor = os.open(self._directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if error.errno not in _NOT_THERE:
                raise
            raise _not_there(name) from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_FILE:
                raise _not_there(name)
            with os.fdopen(os.dup(descriptor), "rb") as file:
                return file.read()
        finally:
            os.close(descriptor)


def _not_there(name: str) -> Rejected:
    return Rejected([Finding(code=Code.NOT_FOUND, place="path", got=f"/log/{name}")])
