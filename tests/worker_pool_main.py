# SPDX-License-Identifier: EUPL-1.2
"""A verify role whose examination does what the bundle's first word says; started by test_workers.py."""

import contextlib
import os
import resource
import socket
import stat
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from gateway.codes import Code
from gateway.confinement import WorkerLimits
from gateway.findings import Finding
from gateway.model.bundle import ByteSource
from gateway.model.examination import Examination
from gateway.ports import Screen
from gateway.workers import Examine, WorkerPool


def prepare() -> Examine:
    return partial(examine, (Path(sys.argv[1]).parent / "generation").read_text())


def examine(generation: str, source: ByteSource, moment: datetime, _screen: Screen | None) -> Examination:
    word = source.read_at(0, 100).split()[0].decode()
    got = str(os.getpid())
    if word == "die":
        os.abort()
    if word == "hang":
        time.sleep(3600)
    if word == "spin":
        while True:
            pass
    if word == "grow":
        bytearray(8 << 30)
    if word == "raise":
        raise ZeroDivisionError
    if word == "connect":
        try:
            socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("127.0.0.1", 1))
        except PermissionError:
            got = "permission denied"
    if word == "generation":
        got = generation
    if word == "read":
        got = opened(bytes.fromhex(source.read_at(0, 1 << 20).split()[1].decode()))
    if word == "descriptors":
        got = " ".join(descriptors())
    finding = Finding(code=Code.CONTAINER_NOT_ZIP, place=word, got=got)
    return Examination(findings=(finding,), report={}, examined_on=moment.date())


def opened(path: str) -> str:
    """What a worker that is taken over learns of a file."""
    try:
        return repr(os.read(os.open(path, os.O_RDONLY), 100))
    except OSError as error:
        return error.strerror


def descriptors() -> Iterator[str]:
    """Everything the worker holds, as numbers and kinds of file."""
    for number in range(resource.getrlimit(resource.RLIMIT_NOFILE)[0]):
        with contextlib.suppress(OSError):
            status = os.fstat(number)
            nowhere = stat.S_ISCHR(status.st_mode) and status.st_rdev == os.makedev(1, 3)
            kind = {stat.S_IFSOCK: "socket", stat.S_IFREG: "file"}.get(stat.S_IFMT(status.st_mode), "other")
            yield f"{number}:{'nowhere' if nowhere else kind}"


def fingerprint() -> object:
    return (Path(sys.argv[1]).parent / "generation").stat().st_mtime_ns


if __name__ == "__main__":
    limits = WorkerLimits(cpu_seconds=2, wall_seconds=3, bundles_per_worker=int(sys.argv[2]))
    WorkerPool(
        path=Path(sys.argv[1]), workers=2, limits=limits, prepare=prepare, fingerprint=fingerprint
    ).run(look_every=0.05)
