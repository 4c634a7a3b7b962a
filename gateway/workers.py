# SPDX-License-Identifier: EUPL-1.2
"""Verification in processes of its own: one bundle at a time each, confined, killable, without any lasting key.

The ``verify`` role is a small forking server. Its parent never touches a bundle: it listens on a UNIX socket, forks
workers that inherit the socket and everything already parsed (rules, schema, CRLs), and replaces each that ends.
A worker takes one connection: a JSON header with an open descriptor of the encrypted spool file and the data key of
that one file; it answers with one JSON value and takes the next. If it dies or hangs, the kernel closes the
connection, the asking side sees the end of the stream, and only this bundle is refused (``processing-failed``).

    caller                              worker
    u32 length | header + descriptor -> examine(...)
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
        """Examine the spool file behind ``descriptor``. Raises ``Unavailable`` if no worker can be reached.

        A worker that dies on the bundle yields an examination with the one finding ``processing-failed``.
        """
        header = json.dumps({"key": file_key.hex(), "size": size, "moment": moment.isoformat()}).encode()
        try:
            answer = await asyncio.to_thread(self._ask, header, descriptor)
        except (ConnectionRefusedError, FileNotFoundError) as error:
            raise Unavailable(
                Code.SERVICE_UNAVAILABLE,
                "no verification worker is running",
                hint="start the verify role",
                retry_after=10,
            ) from error
        except OSError:
            answer = b""
        if not answer:
            return _not_processed(moment)
        return load(Examination, json.loads(answer))

    def _ask(self, header: bytes, descriptor: int) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as connection:
            connection.connect(str(self.path))
            # Queueing behind other bundles is allowed for as long as one bundle may take on every worker before us.
            connection.settimeout(self.limits.wall_seconds * 4 + _ANSWER_GRACE)
            socket.send_fds(connection, [_LENGTH.pack(len(header)) + header], [descriptor])
            return _read_frame(connection, _MAX_ANSWER)


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
            self.path.unlink(missing_ok=True)
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
    except GatewayFault as fault:
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
    connection.settimeout(None)
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


def _read_frame(connection: socket.socket, limit: int) -> bytes:
    head = _read_exactly(connection, _LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    (length,) = _LENGTH.unpack(head)
    if length > limit:
        return b""
    body = _read_exactly(connection, length)
    return body if len(body) == length else b""


def _read_exactly(connection: socket.socket, length: int) -> bytes:
    chunks = bytearray()
    while len(chunks) < length:
        chunk = connection.recv(min(length - len(chunks), 1 << 20))
        if not chunk:
            break
        chunks += chunk
    return bytes(chunks)


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
