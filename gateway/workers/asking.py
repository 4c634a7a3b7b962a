# SPDX-License-Identifier: EUPL-1.2
"""The asking side: hands one bundle to a worker and waits for the answer, without a thread.

Tells apart a worker that died on the bundle (which is refused) and one that had not begun with it (another is asked).
"""

import asyncio
import json
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.codes import Code
from gateway.confinement import WorkerLimits
from gateway.errors import Unavailable
from gateway.model.examination import Examination
from gateway.model.wire import load
from gateway.workers.frames import ANSWER_GRACE, BEGUN, LENGTH, not_processed, read_exactly, read_frame

_MAX_ANSWER = 64 * 1024 * 1024  # bytes; a report on 1,000 entries is far below
_ASKS = 3  # workers asked for one bundle, where the ones before ended without having begun with it


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteExaminer:
    """Asks the workers behind ``path``. Safe for concurrent use; waits for a free worker."""

    path: Path
    limits: WorkerLimits

    async def examine(self, descriptor: int, file_key: bytes, size: int, *, moment: datetime) -> Examination:
        """Examine the spool file behind ``descriptor``. Raises ``Unavailable`` if no worker begins with it.

        A worker that dies on the bundle yields an examination with the one finding ``processing-failed``.
        """
        header = json.dumps({"key": file_key.hex(), "size": size, "moment": moment.isoformat()}).encode()
        for _ in range(_ASKS):
            answer = await self._ask(LENGTH.pack(len(header)) + header, descriptor)
            if answer is not None:
                return load(Examination, json.loads(answer)) if answer else not_processed(moment)
        raise _no_worker("workers ended before they began with the bundle")

    async def _ask(self, job: bytes, descriptor: int) -> bytes | None:
        """The answer; empty where the worker died on the bundle, ``None`` where none had begun with it.

        Waits without a thread: the journal and the spool share the threads of this process, and bundles that queue for
        a worker must not take them away from everybody else.
        """
        with socket.socket(
            socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        ) as connection:
            if not await self._taken(connection, job, descriptor):
                return None
            try:
                async with asyncio.timeout(self.limits.wall_seconds + ANSWER_GRACE):
                    return await read_frame(connection, _MAX_ANSWER)
            except OSError:  # TimeoutError is one
                return b""

    async def _taken(self, connection: socket.socket, job: bytes, descriptor: int) -> bool:
        """Hand the job over; whether a worker has begun with it. Raises ``Unavailable``."""
        try:
            await asyncio.get_running_loop().sock_connect(connection, str(self.path))
        except OSError as error:
            raise _no_worker("no verification worker is running") from error
        try:
            # Queueing behind other bundles is allowed for as long as one bundle may take on every worker before us.
            async with asyncio.timeout(self.limits.wall_seconds * 4 + ANSWER_GRACE):
                socket.send_fds(connection, [job], [descriptor])  # below 4 KiB: a fresh socket takes it whole
                return await read_exactly(connection, len(BEGUN)) == BEGUN
        except TimeoutError as error:
            raise _no_worker("every verification worker is busy") from error
        except OSError:
            return False


def _no_worker(detail: str) -> Unavailable:
    return Unavailable(Code.SERVICE_UNAVAILABLE, detail, hint="look at the verify role", retry_after=10)
