# SPDX-License-Identifier: EUPL-1.2
"""Workers at the other end of a socket who do what a test tells them, and what the asking side holds open meanwhile."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from gateway.confinement import WorkerLimits
from gateway.model.examination import Examination
from gateway.workers import RemoteExaminer

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
LIMITS = WorkerLimits(cpu_seconds=2, wall_seconds=3)


class PlainWrap:
    """A key wrap for tests: no master key needed to pass a file on."""

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        return key

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        return wrapped


def workers_that(folder: Path, *acts: Callable[[socket.socket], object]) -> Path:
    """One worker after the other; each takes a connection, acts on it and ends."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "fake.sock"))
    listener.listen()

    def work() -> None:
        with listener:
            for act in acts:
                connection, _ = listener.accept()
                with connection:
                    act(connection)

    threading.Thread(target=work, daemon=True).start()
    return folder / "fake.sock"


async def examine(path: Path, scanner=None) -> Examination:
    descriptor = os.open("/dev/null", os.O_RDONLY)
    try:
        examiner = RemoteExaminer(path=path, limits=LIMITS, scanner=scanner)
        return await examiner.examine(descriptor, bytes(16), moment=NOW)
    finally:
        os.close(descriptor)


def open_descriptors() -> set[str]:
    return {link.name for link in Path("/proc/self/fd").iterdir() if link.exists()}


@contextmanager
def handed_over(data: bytes) -> Iterator[socket.socket]:
    """The end that receives ``data`` and a descriptor; afterwards none more is open than before."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        if data:
            socket.send_fds(ours, [data], [ours.fileno()])
        ours.shutdown(socket.SHUT_WR)
        before = open_descriptors()
        yield theirs
        assert before == open_descriptors()
