# SPDX-License-Identifier: EUPL-1.2
"""An open scanner on its way from the receive role to a worker, and what is believed of a worker that has had one."""

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_dossier import sample_dossier
from workerroom import NOW, examine, handed_over, workers_that

from gateway.codes import Code
from gateway.confinement import WorkerLimits, begin_bundle
from gateway.errors import Unavailable
from gateway.findings import Finding, Severity
from gateway.model.examination import Examination
from gateway.model.scan import ScannerFault, ScannerUnavailable, ScanTerms
from gateway.model.wire import dump
from gateway.ports import OpenScan
from gateway.workers.frames import (
    BEGUN,
    SCANNER_WANTED,
    frame,
    not_scanned,
    receive_job,
    receive_scanner,
    send_scanner,
)

TERMS = ScanTerms(
    engine="ClamAV 1.4.6", database="27800", database_date=NOW, asked=1, seconds=7, max_file_bytes=1 << 20
)


class Scanner:
    """Opens one end of a pair; the other says what came through it."""

    def __init__(self) -> None:
        self.far: list[socket.socket] = []
        self.faults: list[ScannerFault] = []

    async def open(self) -> OpenScan:
        near, far = socket.socketpair()
        self.far.append(far)
        return OpenScan(connection=near, terms=TERMS)

    def failed(self, fault: ScannerFault) -> None:
        self.faults.append(fault)

    def close(self) -> None:
        for far in self.far:
            far.close()


class NoScanner(Scanner):
    async def open(self) -> OpenScan:
        raise ScannerUnavailable(ScannerFault.NOT_REACHABLE)


@pytest.fixture
def scanner():
    scanner = Scanner()
    yield scanner
    scanner.close()


def borrows_and_answers(
    examination: Examination, said: bytes = b"scanned"
) -> Callable[[socket.socket], None]:
    def act(connection: socket.socket) -> None:
        connection.settimeout(30)
        job, descriptor = receive_job(connection)
        os.close(descriptor)
        assert job.scan
        connection.sendall(SCANNER_WANTED)
        terms, number = receive_scanner(connection)
        with socket.socket(fileno=number) as lent:
            lent.sendall(said)
        assert terms == TERMS
        connection.sendall(BEGUN + frame(json.dumps(dump(examination)).encode()))

    return act


def begins_without_a_scanner(connection: socket.socket) -> None:
    _, descriptor = receive_job(connection)
    os.close(descriptor)
    connection.sendall(BEGUN + frame(json.dumps(dump(PASSED)).encode()))


def passed(report) -> Examination:
    return Examination(findings=(), report=report, examined_on=NOW.date(), dossier=sample_dossier())


PASSED = passed({"scan": {"engine": "ClamAV 1.4.6"}})


async def test_a_worker_gets_an_open_scanner_that_nobody_else_holds(tmp_path, scanner):
    path = workers_that(tmp_path, borrows_and_answers(PASSED))

    assert (await examine(path, scanner)).passed
    (far,) = scanner.far
    far.settimeout(30)
    assert [b"scanned", b""] == [far.recv(100), far.recv(100)]


async def test_a_pass_without_a_scan_is_none(tmp_path, scanner):
    path = workers_that(tmp_path, borrows_and_answers(passed({"scan": None})))
    (finding,) = (await examine(path, scanner)).findings

    assert Code.PROCESSING_FAILED is finding.code


async def test_a_worker_that_does_not_ask_for_the_scanner_is_not_believed(tmp_path, scanner):
    path = workers_that(tmp_path, *[begins_without_a_scanner] * 3)
    with pytest.raises(Unavailable) as caught:
        await examine(path, scanner)

    assert (Code.SERVICE_UNAVAILABLE, []) == (caught.value.code, scanner.far)


async def test_a_worker_that_ends_before_it_begins_costs_the_bundle_nothing(tmp_path, scanner):
    def ends_with_the_scanner(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(SCANNER_WANTED)
        connection.recv(4096)

    path = workers_that(tmp_path, ends_with_the_scanner, borrows_and_answers(PASSED))

    assert (await examine(path, scanner)).passed


async def test_without_scanner_no_worker_begins(tmp_path):
    ends = []

    def waits(connection: socket.socket) -> None:
        connection.settimeout(30)
        _, descriptor = receive_job(connection)
        os.close(descriptor)
        connection.sendall(SCANNER_WANTED)
        ends.append(connection.recv(100))

    path = workers_that(tmp_path, waits)
    with pytest.raises(ScannerUnavailable) as caught:
        await examine(path, NoScanner())

    assert ScannerFault.NOT_REACHABLE is caught.value.fault


@pytest.mark.parametrize("fault", list(ScannerFault))
async def test_a_scan_without_a_verdict_decides_nothing(tmp_path, scanner, fault):
    path = workers_that(tmp_path, borrows_and_answers(not_scanned(NOW, fault)))
    with pytest.raises(ScannerUnavailable) as caught:
        await examine(path, scanner)

    assert (fault, [fault]) == (caught.value.fault, scanner.faults)


async def test_what_a_worker_says_of_the_scanner_reaches_no_log_unread(tmp_path, scanner):
    finding = Finding(code=Code.SCANNER_UNAVAILABLE, severity=Severity.UNKNOWN, got="Frau Đặng Thị Ánh")
    told = Examination(findings=(finding,), report={}, examined_on=NOW.date())
    with pytest.raises(ScannerUnavailable) as caught:
        await examine(workers_that(tmp_path, borrows_and_answers(told)), scanner)

    assert ScannerFault.NOT_UNDERSTOOD is caught.value.fault


@pytest.mark.parametrize("data", [b"", b"\0\0", frame(b"{}"), frame(b'{"engine":"x"}'), frame(b"[" * 4000)])
def test_what_is_no_scanner_leaves_no_descriptor_open(data):
    with handed_over(data) as connection, pytest.raises((ValueError, RecursionError)):
        receive_scanner(connection)


def test_terms_arrive_as_they_were_sent():
    ours, theirs = socket.socketpair()
    with ours, theirs, Path("/dev/null").open() as anything:
        send_scanner(ours, TERMS, anything.fileno())
        terms, descriptor = receive_scanner(theirs)
        os.close(descriptor)

    assert TERMS == terms


def test_the_time_of_the_scanner_is_not_taken_from_the_bundle():
    child = os.fork()
    if child == 0:
        begin_bundle(WorkerLimits(wall_seconds=1), scan_seconds=1000)
        os._exit(0 if signal.getitimer(signal.ITIMER_REAL)[0] > 1000 else 1)

    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
