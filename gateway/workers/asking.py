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
from gateway.model.scan import ScannerUnavailable
from gateway.model.wire import load
from gateway.ports import Scanner
from gateway.workers.frames import (
    ANSWER_GRACE,
    BEGUN,
    SCANNER_WANTED,
    Job,
    not_processed,
    read_exactly,
    read_frame,
    scanner_fault,
    send_job,
    send_scanner,
)

_MAX_ANSWER = 64 * 1024 * 1024  # bytes; a report on 1,000 entries is far below
_ASKS = 3  # workers asked for one bundle, where the ones before ended without having begun with it


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteExaminer:
    """Asks the workers behind ``path``. Safe for concurrent use; waits for a free worker.

    Opens the ``scanner``, if there is one, when a worker has time for the bundle: it would not wait in a queue.
    """

    path: Path
    limits: WorkerLimits
    scanner: Scanner | None = None

    async def examine(self, descriptor: int, file_key: bytes, *, moment: datetime) -> Examination:
        """Examine the spool file behind ``descriptor``.

        Raises ``Unavailable`` if no worker begins with it, ``ScannerUnavailable`` if it was not scanned.

        A worker that dies on the bundle, or answers what is no examination, yields one with the one finding
        ``processing-failed``.
        """
        job = Job(key=file_key.hex(), moment=moment, scan=self.scanner is not None)
        for _ in range(_ASKS):
            answer = await self._ask(job, descriptor)
            if answer is not None:
                return self._scanned(_examination(answer, moment), moment)
        raise _no_worker("workers ended before they began with the bundle")

    async def _ask(self, job: Job, descriptor: int) -> bytes | None:
        """The answer; empty where the worker died on the bundle, ``None`` where none had begun with it.

        Waits without a thread: the journal and the spool share the threads of this process, and bundles that queue for
        a worker must not take them away from everybody else.
        """
        with socket.socket(
            socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        ) as connection:
            seconds = await self._taken(connection, job, descriptor)
            if seconds is None:
                return None
            try:
                async with asyncio.timeout(seconds):
                    return await read_frame(connection, _MAX_ANSWER)
            except OSError:  # TimeoutError is one
                return b""

    async def _taken(self, connection: socket.socket, job: Job, descriptor: int) -> float | None:
        """Hand the job over; how long its answer may take, ``None`` where no worker has begun. Raises ``Unavailable``."""
        try:
            await asyncio.get_running_loop().sock_connect(connection, str(self.path))
        except OSError as error:
            raise _no_worker("no verification worker is running") from error
        try:
            # Queueing behind other bundles is allowed for as long as one bundle may take on every worker before us.
            async with asyncio.timeout(self.limits.wall_seconds * 4 + ANSWER_GRACE):
                send_job(connection, job, descriptor)
                scan_seconds = await self._lend(connection, self.scanner) if self.scanner else 0
                if await read_exactly(connection, len(BEGUN)) != BEGUN:
                    return None
                return self.limits.wall_seconds + scan_seconds + ANSWER_GRACE
        except TimeoutError as error:
            raise _no_worker("every verification worker is busy") from error
        except OSError:
            return None

    async def _lend(self, connection: socket.socket, scanner: Scanner) -> int:
        """Give the worker an open scanner; how long it may take. Raises ``ScannerUnavailable``, ``OSError``."""
        if await read_exactly(connection, len(SCANNER_WANTED)) != SCANNER_WANTED:
            raise ConnectionAbortedError("the worker ended before it took a scanner")
        lent = await scanner.open()
        with lent.connection:
            send_scanner(connection, lent.terms, lent.connection.fileno())
        return lent.terms.seconds

    def _scanned(self, examination: Examination, moment: datetime) -> Examination:
        """What a worker says, where the scanner had its say too. Raises ``ScannerUnavailable``."""
        if self.scanner is None:
            return examination
        fault = scanner_fault(examination)
        if fault is not None:
            self.scanner.failed(fault)
            raise ScannerUnavailable(fault)
        if examination.passed and not examination.report.get("scan"):
            return not_processed(moment, got="the verification process passed what it had not scanned")
        return examination


def _examination(answer: bytes, moment: datetime) -> Examination:
    if not answer:
        return not_processed(moment)
    try:
        return load(Examination, json.loads(answer))
    except (ValueError, RecursionError):  # the worker may be in the hands of its bundle
        return not_processed(moment, got="the verification process gave an answer that is none")


def _no_worker(detail: str) -> Unavailable:
    return Unavailable(Code.SERVICE_UNAVAILABLE, detail, hint="look at the verify role", retry_after=10)
