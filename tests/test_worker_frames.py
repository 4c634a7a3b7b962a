# SPDX-License-Identifier: EUPL-1.2
"""What goes over the socket to a worker and back: no job leaks its descriptor, no answer is believed unread."""

import asyncio
import os
import socket
from collections.abc import Callable

import pytest
from workerroom import NOW, examine, handed_over, open_descriptors, workers_that

from gateway.codes import Code
from gateway.errors import Unavailable
from gateway.model.signature import Indication, VerificationReport
from gateway.model.wire import load
from gateway.workers.frames import Job, frame, receive_job, send_job

JOB = Job(key="00" * 16, moment=NOW)


def test_a_job_arrives_with_an_open_descriptor(tmp_path):
    (tmp_path / "file").write_bytes(b"spooled")
    ours, theirs = socket.socketpair()
    with ours, theirs, (tmp_path / "file").open("rb") as file:
        send_job(ours, JOB, file.fileno())
        job, descriptor = receive_job(theirs)
    with os.fdopen(descriptor, "rb") as received:
        assert (JOB, b"spooled") == (job, received.read())


def test_a_job_does_not_show_its_key():
    assert JOB.key not in repr(JOB)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", ValueError),
        (b"\0\0", ValueError),
        (frame(b"{}")[:-1], ValueError),
        (frame(b"no JSON"), ValueError),
        (frame(b"{}"), ValueError),
        (frame(b'{"key":"zz","moment":"2026-11-22T06:30:00+00:00"}'), ValueError),
        (frame(b'{"key":"00","moment":"today"}'), ValueError),
        (frame(b"[" * 4000), RecursionError),
        (frame(b" " * 5000), ValueError),
    ],
    ids=["nothing", "no length", "cut", "text", "empty", "no key", "no moment", "deep", "long"],
)
def test_what_is_no_job_leaves_no_descriptor_open(data, fault):
    with handed_over(data) as connection, pytest.raises(fault):
        receive_job(connection)


def test_a_caller_that_falls_silent_leaves_no_descriptor_open():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(0.01)
        socket.send_fds(ours, [frame(b"{}")[:-1]], [ours.fileno()])
        before = open_descriptors()
        with pytest.raises(TimeoutError):
            receive_job(theirs)
        assert before == open_descriptors()


def begin_and_answer(answer: bytes) -> Callable[[socket.socket], None]:
    def act(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"\x06" + answer)

    return act


async def test_a_bundle_nobody_began_with_is_given_to_the_next_worker(tmp_path):
    path = workers_that(tmp_path, socket.socket.close, socket.socket.close, begin_and_answer(b""))
    (finding,) = (await examine(path)).findings

    assert Code.PROCESSING_FAILED == finding.code


async def test_a_bundle_nobody_began_with_is_never_refused(tmp_path):
    path = workers_that(tmp_path, *[socket.socket.close] * 3)
    with pytest.raises(Unavailable):
        await examine(path)


@pytest.mark.parametrize(
    "answer",
    [b"no JSON", b"{}", b"[]", b"\xff", b'{"findings":[],"report":{},"examined_on":"x"}', b"[" * 9999],
)
async def test_a_worker_that_answers_no_examination_has_its_bundle_refused(tmp_path, answer):
    path = workers_that(tmp_path, begin_and_answer(frame(answer)))
    examination = await examine(path)
    report = load(VerificationReport, examination.report)

    assert [Code.PROCESSING_FAILED] == [finding.code for finding in examination.findings]
    assert (Indication.INDETERMINATE, examination.findings) == (report.indication, report.findings)
    assert not examination.passed


async def test_bundles_that_queue_leave_the_threads_to_others(tmp_path):
    with socket.socket(socket.AF_UNIX) as nobody_accepts:
        nobody_accepts.bind(str(tmp_path / "fake.sock"))
        nobody_accepts.listen(100)
        queueing = [asyncio.create_task(examine(tmp_path / "fake.sock")) for _ in range(64)]
        async with asyncio.timeout(10):
            assert "free" == await asyncio.to_thread(lambda: "free")
        for task in queueing:
            task.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError)
            for end in await asyncio.gather(*queueing, return_exceptions=True)
        )
