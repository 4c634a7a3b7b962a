# SPDX-License-Identifier: EUPL-1.2
"""One file judged in a process of its own, without a gateway: for whoever looks at files of people he does not know.

The process is confined as the gateway's workers are (``gateway.confinement``) and ends with the file. Where it ends
without an answer, the file is told to be not processed; it says nothing about the next one.
"""

import json
import os
import socket
from collections.abc import Callable
from datetime import datetime

from gateway.confinement import WorkerLimits, begin_bundle, confine, die_with_parent
from gateway.errors import GatewayFault
from gateway.model.signature import VerificationReport
from gateway.model.wire import dump, load
from gateway.workers.frames import not_processed

Judge = Callable[[], VerificationReport]
_MAX_ANSWER = 64 * 1024 * 1024  # bytes
_DONE, _NOT_CONFINED, _NO_MEMORY, _FAULT = 0, 3, 4, 5  # exit status of the process


def judge_alone(
    judge: Judge, descriptor: int, moment: datetime, *, limits: WorkerLimits | None = None
) -> VerificationReport:
    """What ``judge`` finds out about the file behind ``descriptor``, the only one that it can read.

    Everything it needs must be loaded before (``gateway.roles.preloading``). Raises ``GatewayFault`` where the kernel
    does not confine the process.
    """
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        status = _FAULT
        try:
            ours.close()
            status = _answered(judge, theirs, descriptor, limits or WorkerLimits())
        finally:
            os._exit(status)  # never run the parent's clean-up in a child
    theirs.close()
    with ours:
        answer = _all_of(ours)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == _NOT_CONFINED:
        raise GatewayFault(
            "the kernel did not confine the process that judges",
            hint="judge on Linux 5.13 or newer, outside of other sandboxes",
        )
    return _report(answer, status, moment)


def _answered(judge: Judge, connection: socket.socket, descriptor: int, limits: WorkerLimits) -> int:
    try:
        die_with_parent()
        confine(limits, connection.fileno(), descriptor)
    except (GatewayFault, OSError, ValueError):  # limits of the surroundings may be below ours
        return _NOT_CONFINED
    begin_bundle(limits)
    try:
        connection.sendall(json.dumps(dump(judge())).encode())
    except MemoryError:
        return _NO_MEMORY
    return _DONE


def _all_of(connection: socket.socket) -> bytes:
    """Until the other end is closed; empty where that is more than any report."""
    chunks = bytearray()
    while chunk := connection.recv(1 << 20):
        chunks += chunk
        if len(chunks) > _MAX_ANSWER:
            return b""
    return bytes(chunks)


def _report(answer: bytes, status: int, moment: datetime) -> VerificationReport:
    if status == _DONE:
        try:
            return load(VerificationReport, json.loads(answer))
        except (ValueError, RecursionError):  # the process may be in the hands of its file
            pass
    reason = {"got": "the memory limit was reached"} if status == _NO_MEMORY else {}
    return load(VerificationReport, not_processed(moment, **reason).report)
