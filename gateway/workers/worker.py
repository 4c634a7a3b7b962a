# SPDX-License-Identifier: EUPL-1.2
"""One worker process: confines itself, then examines one bundle after the other until its share is done.

Nothing here trusts a bundle; whatever goes wrong with one refuses that one.
"""

import contextlib
import json
import mmap
import os
import signal
import socket
import sys
from collections.abc import Callable
from datetime import datetime
from types import FrameType

from gateway.confinement import WorkerLimits, begin_bundle, confine, die_with_parent, end_bundle
from gateway.errors import GatewayFault
from gateway.model.bundle import ByteSource
from gateway.model.examination import Examination
from gateway.model.scan import ScannerUnavailable
from gateway.model.wire import dump
from gateway.ports import Screen
from gateway.scanning import ClamdScreen
from gateway.spool import SpoolReader
from gateway.workers.frames import (
    ANSWER_GRACE,
    BEGUN,
    LENDING_SECONDS,
    SCANNER_WANTED,
    Job,
    frame,
    not_processed,
    not_scanned,
    receive_job,
    receive_scanner,
)

Examine = Callable[[ByteSource, datetime, Screen | None], Examination]

_NOT_CONFINED = 3  # exit status of a worker that could not be locked down


class _Ended(Exception):
    """SIGTERM reached an idle worker."""


def serve(listener: socket.socket, examine: Examine, limits: WorkerLimits, begun: mmap.mmap) -> int:
    """Serve until the share of bundles is done or SIGTERM comes; the exit status. Called in the fresh child.

    ``begun``, shared with the parent, gets a mark in its first byte when somebody is served.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _Ended

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C goes to the parent, which drains
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    try:
        die_with_parent()
        confine(limits, listener.fileno())
    except (GatewayFault, OSError, ValueError) as fault:  # limits of the surroundings may be below ours
        print(f"amtsbote verify: {fault}", file=sys.stderr)  # noqa: T201 - the role's own log may not be shared after fork
        return _NOT_CONFINED
    with contextlib.suppress(_Ended):
        for _ in range(limits.bundles_per_worker):
            connection, _ = listener.accept()
            begun[0] = 1
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # finish this bundle first
            with connection:
                _answer(connection, examine, limits)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    return 0


def _answer(connection: socket.socket, examine: Examine, limits: WorkerLimits) -> None:
    connection.settimeout(5)
    try:
        job, descriptor = receive_job(connection)
    except (OSError, ValueError, RecursionError):
        return  # a caller that died or speaks another language
    with contextlib.ExitStack() as borrowed:
        try:
            screen, scan_seconds = _borrow(connection, borrowed) if job.scan else (None, 0)
            connection.sendall(BEGUN)
        except (OSError, ValueError, RecursionError):
            os.close(descriptor)
            return  # a caller that did not want to wait any longer, or has no scanner to lend
        begin_bundle(limits, scan_seconds=scan_seconds)
        result = _examined(descriptor, job, examine, screen)
    body = json.dumps(dump(result)).encode()
    connection.settimeout(ANSWER_GRACE)  # a caller that does not read must not keep the worker
    with contextlib.suppress(OSError):
        connection.sendall(frame(body))


def _borrow(connection: socket.socket, borrowed: contextlib.ExitStack) -> tuple[Screen, int]:
    """A scanner that the caller has opened, and how long it may take beside everything else."""
    connection.sendall(SCANNER_WANTED)
    connection.settimeout(LENDING_SECONDS)
    terms, descriptor = receive_scanner(connection)
    scanner = borrowed.enter_context(socket.socket(fileno=descriptor))
    return ClamdScreen(scanner, terms), terms.seconds


def _examined(descriptor: int, job: Job, examine: Examine, screen: Screen | None) -> Examination:
    try:
        with SpoolReader.from_descriptor(descriptor, job.file_key) as source:
            return examine(source, job.moment, screen)
    except ScannerUnavailable as unavailable:
        return not_scanned(job.moment, unavailable.fault)
    except MemoryError:
        return not_processed(job.moment, got="the memory limit was reached")
    except Exception as error:  # noqa: BLE001 - any bug on hostile input refuses this bundle and nothing else
        return not_processed(job.moment, got=f"an unforeseen fault ({type(error).__name__})")
    finally:
        end_bundle()
