# SPDX-License-Identifier: EUPL-1.2
"""A verify role whose examination does what the bundle's first word says; started by test_workers.py."""

import contextlib
import errno
import os
import resource
import socket
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
    if word == "shut":
        got = "".join(map(shut, range(3, 64)))
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
            yield f"{number}:{kind_of(number)}"


def kind_of(number: int) -> str:
    """Of a descriptor, without asking for its status, which a worker may not. Raises ``OSError`` where there is none."""
    try:
        if os.pread(number, 1, 0):
            return "file"
        os.write(number, b"x")  # which no file takes from a worker
    except OSError as error:
        if error.errno == errno.ESPIPE:
            return "socket"
        raise
    return "nowhere"


def shut(number: int) -> str:
    """What becomes of an attempt to shut a socket for everybody who holds it."""
    try:
        held = socket.socket(fileno=number)
    except OSError:
        return ""
    try:
        held.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        return f"{error.strerror}."
    finally:
        held.detach()
    return "shut."


def fingerprint() -> object:
    room = Path(sys.argv[1]).parent
    if (room / "shut").exists():  # the listening socket gives out, whatever did it
        list(map(shut, range(3, 64)))
    return (room / "generation").stat().st_mtime_ns


if __name__ == "__main__":
    limits = WorkerLimits(cpu_seconds=2, wall_seconds=3, bundles_per_worker=int(sys.argv[2]))
    WorkerPool(
        path=Path(sys.argv[1]), workers=2, limits=limits, prepare=prepare, fingerprint=fingerprint
    ).run(look_every=0.05)
