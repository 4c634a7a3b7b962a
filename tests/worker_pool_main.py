# SPDX-License-Identifier: EUPL-1.2
"""A verify role whose examination does what the bundle's first word says; started by test_workers.py."""

import os
import socket
import sys
import time
from datetime import datetime
from pathlib import Path

from gateway.codes import Code
from gateway.confinement import WorkerLimits
from gateway.findings import Finding
from gateway.model.bundle import ByteSource
from gateway.model.examination import Examination
from gateway.workers import WorkerPool


def examine(source: ByteSource, moment: datetime) -> Examination:
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
            socket.create_connection(("127.0.0.1", 1))
        except PermissionError:
            got = "permission denied"
    if word == "generation":
        got = (Path(sys.argv[1]).parent / "generation").read_text()
    finding = Finding(code=Code.CONTAINER_NOT_ZIP, place=word, got=got)
    return Examination(findings=(finding,), report={}, examined_on=moment.date())


def fingerprint() -> object:
    return (Path(sys.argv[1]).parent / "generation").stat().st_mtime_ns


if __name__ == "__main__":
    limits = WorkerLimits(cpu_seconds=2, wall_seconds=3, bundles_per_worker=int(sys.argv[2]))
    WorkerPool(
        path=Path(sys.argv[1]), workers=2, limits=limits, prepare=lambda: examine, fingerprint=fingerprint
    ).run(look_every=0.05)
