# SPDX-License-Identifier: EUPL-1.2
"""What goes over the socket between the asking side and a worker: frames, the job, and the answer where there is none.

Leaves out who sends what when (``asking``, ``worker``). Both sides bound what they read: a worker may be in the hands
of its bundle.
"""

import asyncio
import json
import os
import socket
import struct
from dataclasses import dataclass, field
from datetime import datetime

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.examination import Examination
from gateway.model.wire import dump, load

LENGTH = struct.Struct(">I")
BEGUN = b"\x06"  # ASCII ACK
ANSWER_GRACE = 10.0  # seconds beyond the worker's own wall clock
_MAX_HEADER = 4096  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked about one spool file, whose descriptor travels beside it."""

    key: str = field(repr=False)  # hex
    moment: datetime

    def __post_init__(self) -> None:
        bytes.fromhex(self.key)  # raises ``ValueError`` for what is no key before anybody owns the descriptor

    @property
    def file_key(self) -> bytes:
        """Opens the file."""
        return bytes.fromhex(self.key)


def send_job(connection: socket.socket, job: Job, descriptor: int) -> None:
    """Hand a job over; the descriptor stays the caller's. Raises ``OSError``."""
    # Below 4 KiB: a fresh socket takes it whole.
    socket.send_fds(connection, [frame(json.dumps(dump(job)).encode())], [descriptor])


def receive_job(connection: socket.socket) -> tuple[Job, int]:
    """The job and the spool file, to be closed by the caller. Raises ``OSError``; ``ValueError`` or ``RecursionError`` for what is no job."""
    data, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size + _MAX_HEADER, 1)
    try:
        if len(descriptors) != 1:
            raise ValueError("expected one descriptor")
        return load(Job, json.loads(_header(connection, data))), descriptors[0]
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise


def _header(connection: socket.socket, data: bytes) -> bytes:
    if len(data) < LENGTH.size:
        raise ValueError("expected a header")
    (length,) = LENGTH.unpack_from(data)
    body = data[LENGTH.size :]
    while len(body) < length <= _MAX_HEADER:
        more = connection.recv(length - len(body))
        if not more:
            break
        body += more
    if len(body) != length:
        raise ValueError("expected a whole header")
    return body


def frame(body: bytes) -> bytes:
    """``body`` with its length before it."""
    return LENGTH.pack(len(body)) + body


async def read_frame(connection: socket.socket, limit: int) -> bytes:
    """One frame's body; empty where the stream ends before it is whole, or where it is above ``limit``."""
    head = await read_exactly(connection, LENGTH.size)
    if len(head) < LENGTH.size:
        return b""
    (length,) = LENGTH.unpack(head)
    if length > limit:
        return b""
    body = await read_exactly(connection, length)
    return body if len(body) == length else b""


async def read_exactly(connection: socket.socket, length: int) -> bytes:
    """``length`` bytes, fewer where the stream ends."""
    loop, chunks = asyncio.get_running_loop(), bytearray()
    while len(chunks) < length:
        chunk = await loop.sock_recv(connection, min(length - len(chunks), 1 << 20))
        if not chunk:
            break
        chunks += chunk
    return bytes(chunks)


def not_processed(
    moment: datetime, *, got: str = "the verification process ended before it had an answer"
) -> Examination:
    """The answer where there is none: only this bundle is refused."""
    finding = Finding(code=Code.PROCESSING_FAILED, severity=Severity.ERROR, place="bundle", got=got)
    report = {
        "container": "refused",
        "integrity": "unchecked",
        "trust": "unknown",
        "indication": "INDETERMINATE",
        "findings": [finding.to_json()],
    }
    return Examination(findings=(finding,), report=report, examined_on=moment.date())
