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
from typing import TypeVar

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.examination import Examination
from gateway.model.scan import ScannerFault, ScanTerms
from gateway.model.signature import ContainerState, Indication, Integrity, Trust, VerificationReport
from gateway.model.wire import dump, load

LENGTH = struct.Struct(">I")
BEGUN = b"\x06"  # ASCII ACK
SCANNER_WANTED = b"\x05"  # ASCII ENQ
LENDING_SECONDS = 40.0  # opening a scanner takes half of this at most (``gateway.scanning.daemon``)
ANSWER_GRACE = 10.0  # seconds beyond the worker's own wall clock
_MAX_HEADER = 4096  # bytes

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked about one spool file, whose descriptor travels beside it."""

    key: str = field(repr=False)  # hex
    moment: datetime
    scan: bool = False  # ask for an open scanner before you begin

    def __post_init__(self) -> None:
        bytes.fromhex(self.key)  # raises ``ValueError`` for what is no key before anybody owns the descriptor

    @property
    def file_key(self) -> bytes:
        """Opens the file."""
        return bytes.fromhex(self.key)


def send_job(connection: socket.socket, job: Job, descriptor: int) -> None:
    """Hand a job over; the descriptor stays the caller's. Raises ``OSError``."""
    _send(connection, job, descriptor)


def receive_job(connection: socket.socket) -> tuple[Job, int]:
    """The job and the spool file, to be closed by the caller. Raises ``OSError``; ``ValueError`` or ``RecursionError`` for what is no job."""
    return _receive(connection, Job)


def send_scanner(connection: socket.socket, terms: ScanTerms, descriptor: int) -> None:
    """Hand an open scanner over; the descriptor stays the caller's. Raises ``OSError``."""
    _send(connection, terms, descriptor)


def receive_scanner(connection: socket.socket) -> tuple[ScanTerms, int]:
    """The scanner's terms and its connection; as ``receive_job``."""
    return _receive(connection, ScanTerms)


def _send(connection: socket.socket, value: object, descriptor: int) -> None:
    # Below 4 KiB: a socket that nothing waits on takes it whole.
    socket.send_fds(connection, [frame(json.dumps(dump(value)).encode())], [descriptor])


def _receive(connection: socket.socket, kind: type[_T]) -> tuple[_T, int]:
    data, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size + _MAX_HEADER, 1)
    try:
        if len(descriptors) != 1:
            raise ValueError("expected one descriptor")
        return load(kind, json.loads(_header(connection, data))), descriptors[0]
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
    report = VerificationReport(
        container=ContainerState.REFUSED,
        integrity=Integrity.UNCHECKED,
        trust=Trust.UNKNOWN,
        indication=Indication.INDETERMINATE,
        sub_indication=None,
        level="",
        moment=moment,
        findings=(finding,),
    )
    return Examination(findings=(finding,), report=dump(report), examined_on=moment.date())


def not_scanned(moment: datetime, fault: ScannerFault) -> Examination:
    """Says that there is no answer: what else was found in the bundle is not told either, it comes again."""
    finding = Finding(code=Code.SCANNER_UNAVAILABLE, severity=Severity.UNKNOWN, place="bundle", got=fault)
    return Examination(findings=(finding,), report={}, examined_on=moment.date())


def scanner_fault(examination: Examination) -> ScannerFault | None:
    """The inverse of ``not_scanned``; ``None`` for every other answer."""
    for finding in examination.findings:
        if finding.code is Code.SCANNER_UNAVAILABLE:
            known = {fault.value for fault in ScannerFault}
            return ScannerFault(finding.got) if finding.got in known else ScannerFault.NOT_UNDERSTOOD
    return None
