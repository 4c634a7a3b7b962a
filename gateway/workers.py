# SPDX-License-Identifier: EUPL-1.2
"""Verification in processes of its own: one bundle at a time each, confined, killable, without any lasting key.

The ``verify`` role is a small forking server. Its parent never touches a bundle: it listens on a UNIX socket, forks
workers that inherit the socket and everything already parsed (rules, schema, CRLs), and replaces each that ends.
A worker takes one connection: a JSON header with an open descriptor of the encrypted spool file and the data key of
that one file; it says that it has begun, answers with one JSON value and takes the next. If it dies or hangs after it has
begun, the kernel closes the connection, the asking side sees the end of the stream, and only this bundle is refused
(``processing-failed``). Where nobody had begun, nothing speaks against the bundle: another worker is asked.

    caller                              worker
    u32 length | header + descriptor -> takes the job
                                     <- one byte: begun
                                        examine(...)
                                     <- u32 length | Examination
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

from gateway.codes import Code
from gateway.confinement import WorkerLimits, begin_bundle, confine, die_with_parent, end_bundle
from gateway.doorbell import file_identity, remove_own
from gateway.errors import GatewayFault, Unavailable
from gateway.findings import Finding, Severity
from gateway.model.bundle import ByteSource
from gateway.model.examination import Examination
from gateway.model.wire import dump, load
from gateway.spool import SpoolReader

Examine = Callable[[ByteSource, datetime], Examination]

_LENGTH = struct.Struct(">I")
_MAX_HEADER = 4096  # bytes
_MAX_ANSWER = 64 * 1024 * 1024  # bytes; a report on 1,000 entries is far below
_BEGUN = b"\x06"  # ASCII ACK
_ASKS = 3  # workers asked for one bundle, where the ones before ended without having begun with it
_ANSWER_GRACE = 10.0  # seconds beyond the worker's own wall clock
_WATCHED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
_NOT_CONFINED = 3  # exit status of a worker that could not be locked down
_MAX_FAULTS = 5


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
            answer = await self._ask(_LENGTH.pack(len(header)) + header, descriptor)
            if answer is not None:
                return load(Examination, json.loads(answer)) if answer else _not_processed(moment)
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
                async with asyncio.timeout(self.limits.wall_seconds + _ANSWER_GRACE):
                    return await _read_frame(connection, _MAX_ANSWER)
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
            async with asyncio.timeout(self.limits.wall_seconds * 4 + _ANSWER_GRACE):
                socket.send_fds(connection, [job], [descriptor])  # below 4 KiB: a fresh socket takes it whole
                return await _read_exactly(connection, len(_BEGUN)) == _BEGUN
        except TimeoutError as error:
            raise _no_worker("every verification worker is busy") from error
        except OSError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPool:
    """The ``verify`` role. ``prepare`` builds what workers inherit and tells when that must be built anew.

    ``prepare()`` returns ``examine``; ``fingerprint()`` changes when anchors, CRLs or rules on disk changed.
    """

    path: Path
    workers: int
    limits: WorkerLimits
    prepare: Callable[[], Examine]
    fingerprint: Callable[[], object]

    def run(self, *, look_every: float = 1.0) -> None:
        """Serve until SIGTERM or SIGINT; then let busy workers finish their bundle."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)  # taken with sigtimedwait: none is lost
        self.path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as listener:
            listener.bind(str(self.path))
            self.path.chmod(0o660)
            made = file_identity(self.path)
            listener.listen(1024)
            state, examine = self.fingerprint(), self.prepare()
            serving: set[int] = set()  # children that take bundles under the present state
            faults = 0  # workers in a row that ended before they served
            while faults < _MAX_FAULTS:
                while len(serving) < self.workers:
                    serving.add(self._fork(listener, examine))
                signalled = signal.sigtimedwait(_WATCHED, look_every)
                if signalled is not None and signalled.si_signo != signal.SIGCHLD:
                    break
                for child, status in _reap():
                    serving.discard(child)
                    faults = faults + 1 if status == _NOT_CONFINED else 0
                fresh = self.fingerprint()
                if fresh != state:
                    # New CRLs must reach the very next bundle: build first, then let the old workers go.
                    state, examine = fresh, self.prepare()
                    _signal_all(serving)
                    serving.clear()
            remove_own(self.path, made)
        _signal_all(serving)
        _wait_for_all()
        if faults >= _MAX_FAULTS:
            raise GatewayFault(
                "verification workers cannot start", hint="see the last lines of the log for the reason"
            )

    def _fork(self, listener: socket.socket, examine: Examine) -> int:
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            status = _serve(listener, examine, self.limits)
        finally:
            os._exit(status)  # never run the parent's clean-up in a child


class _Ended(Exception):
    """SIGTERM reached an idle worker."""


def _serve(listener: socket.socket, examine: Examine, limits: WorkerLimits) -> int:
    def end(_number: int, _frame: FrameType | None) -> None:
        raise _Ended

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C goes to the parent, which drains
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    try:
        die_with_parent()
        confine(limits)
    except (GatewayFault, OSError, ValueError) as fault:  # limits of the surroundings may be below ours
        print(f"amtsbote verify: {fault}", file=sys.stderr)  # noqa: T201 - the role's own log may not be shared after fork
        return _NOT_CONFINED
    with contextlib.suppress(_Ended):
        for _ in range(limits.bundles_per_worker):
            connection, _ = listener.accept()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # finish this bundle first
            with connection:
                _answer(connection, examine, limits)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    return 0


def _answer(connection: socket.socket, examine: Examine, limits: WorkerLimits) -> None:
    connection.settimeout(5)
    try:
        header, descriptor = _receive_job(connection)
    except (OSError, ValueError):
        return  # a caller that died or speaks another language
    try:
        connection.sendall(_BEGUN)
    except OSError:
        os.close(descriptor)
        return  # a caller that did not want to wait any longer
    begin_bundle(limits)
    moment = datetime.fromisoformat(header["moment"])
    try:
        with SpoolReader.from_descriptor(descriptor, bytes.fromhex(header["key"])) as source:
            result = examine(source, moment)
    except MemoryError:
        result = _not_processed(moment, got="the memory limit was reached")
    except Exception as error:  # noqa: BLE001 - any bug on hostile input refuses this bundle and nothing else
        result = _not_processed(moment, got=type(error).__name__)
    finally:
        end_bundle()
    body = json.dumps(dump(result)).encode()
    connection.settimeout(_ANSWER_GRACE)  # a caller that does not read must not keep the worker
    with contextlib.suppress(OSError):
        connection.sendall(_LENGTH.pack(len(body)) + body)


def _receive_job(connection: socket.socket) -> tuple[dict[str, str], int]:
    data, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size + _MAX_HEADER, 1)
    if len(descriptors) != 1 or len(data) < _LENGTH.size:
        for extra in descriptors:
            os.close(extra)
        raise ValueError("expected one descriptor and a header")
    (length,) = _LENGTH.unpack_from(data)
    body = data[_LENGTH.size :]
    while len(body) < length <= _MAX_HEADER:
        more = connection.recv(length - len(body))
        if not more:
            break
        body += more
    if len(body) != length:
        os.close(descriptors[0])
        raise ValueError("expected a whole header")
    header: dict[str, str] = json.loads(body)
    return header, descriptors[0]


async def _read_frame(connection: socket.socket, limit: int) -> bytes:
    head = await _read_exactly(connection, _LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    (length,) = _LENGTH.unpack(head)
    if length > limit:
        return b""
    body = await _read_exactly(connection, length)
    return body if len(body) == length else b""


async def _read_exactly(connection: socket.socket, length: int) -> bytes:
    loop, chunks = asyncio.get_running_loop(), bytearray()
    while len(chunks) < length:
        chunk = await loop.sock_recv(connection, min(length - len(chunks), 1 << 20))
        if not chunk:
            break
        chunks += chunk
    return bytes(chunks)


def _no_worker(detail: str) -> Unavailable:
    return Unavailable(Code.SERVICE_UNAVAILABLE, detail, hint="look at the verify role", retry_after=10)


def _not_processed(
    moment: datetime, *, got: str = "the verification process ended before it had an answer"
) -> Examination:
    finding = Finding(code=Code.PROCESSING_FAILED, severity=Severity.ERROR, place="bundle", got=got)
    report = {
        "container": "refused",
        "integrity": "unchecked",
        "trust": "unknown",
        "indication": "INDETERMINATE",
        "findings": [finding.to_json()],
    }
    return Examination(findings=(finding,), report=report, examined_on=moment.date())


def _reap() -> list[tuple[int, int]]:
    ended = []
    with contextlib.suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                break
            ended.append((child, os.waitstatus_to_exitcode(status)))
    return ended


def _wait_for_all() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _signal_all(children: set[int]) -> None:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
