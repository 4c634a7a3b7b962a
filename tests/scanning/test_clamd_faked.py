# SPDX-License-Identifier: EUPL-1.2
"""A daemon that speaks wrongly, in every way we could think of: no file is called clean by it, and none refused."""

import asyncio
import socket
import struct
import threading
from datetime import UTC, datetime, timedelta

import pytest
from clamroom import FakeClamd, Lines, receiver_of
from hypothesis import given
from hypothesis import strategies as st

from gateway.codes import Code
from gateway.model.scan import ScannerFault, ScannerUnavailable, ScanTerms, Suspect
from gateway.scanning import ClamdScreen, dialect
from gateway.scanning.probes import EXPECTED, probes

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
VERSION = b"ClamAV 1.4.6/27800/Sun Nov 22 08:00:00 2026"
TERMS = ScanTerms(
    engine="ClamAV 1.4.6", database="", database_date=None, asked=1, seconds=5, max_file_bytes=1 << 20
)
GOOD = [b"2: stream: OK\0", b"3: stream: Eicar-Signature(44d88612fea8a8f36de82e1278abb02f:68) FOUND\0"]


def read_stream(connection: socket.socket) -> bytes:
    """One INSTREAM as clamd reads it; anything else ends the session."""
    if exactly(connection, len(dialect.END)) == dialect.END or exactly(connection, 5) != b"REAM\0":
        raise ConnectionError("no file follows")
    data = b""
    while length := struct.unpack(">I", exactly(connection, 4))[0]:
        data += exactly(connection, length)
    return data


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ConnectionError("no more")
        data += piece
    return data


def screened_by(answers: list[bytes], *, last: bytes = b"", terms: ScanTerms = TERMS):
    """Two files before a daemon that answers each with the next of ``answers``, and the farewell with ``last``."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs:
            try:
                for answer in answers:
                    read_stream(theirs)
                    theirs.sendall(answer)
                    if b"\0" not in answer:
                        return
                exactly(theirs, len(dialect.END))
                theirs.sendall(last)
            except OSError:
                pass

    daemon = threading.Thread(target=serve, daemon=True)
    daemon.start()
    with ours:
        try:
            return ClamdScreen(ours, terms).screen(
                [Suspect(name=name, size=4, chunks=(b"", b"file", b"")) for name in ("a", "b")]
            )
        finally:
            ours.close()
            daemon.join(10)


def fault_of(*arguments, **named) -> ScannerFault:
    with pytest.raises(ScannerUnavailable) as caught:
        screened_by(*arguments, **named)
    return caught.value.fault


def test_the_language_as_it_should_be_spoken():
    (finding,) = screened_by(GOOD).findings

    assert (Code.MALWARE_FOUND, "b") == (finding.code, finding.place)


@pytest.mark.parametrize(
    "answer",
    [
        b"stream: OK\0",
        b"1: stream: OK\0",
        b"3: stream: OK\0",
        b"02: stream: OK\0",
        b"2: stream: OK\n\0",
        b"2:stream: OK\0",
        b"2: stream: ok\0",
        b"2: stream: OK FOUND\0\0",
        b"2: stream: FOUND\0",
        b"2: stream:  FOUND",
        b"2: stream: \x1b[2J FOUND\0",
        b"2: PONG\0",
        b"\0",
        b"\xff\xfe\0",
        b"2: stream: OK\x003: stream: OK\0",
        b"2: stream: OK\0x",
        b"2" * 5000,
    ],
)
def test_any_other_word_is_no_verdict(answer):
    assert fault_of([answer, GOOD[1]]) in {ScannerFault.NOT_UNDERSTOOD, ScannerFault.BROKE_OFF}


def test_an_answer_that_comes_late_ends_the_scan_although_every_file_had_one():
    assert ScannerFault.NOT_UNDERSTOOD is fault_of(
        [b"2: stream: OK\0", b"3: stream: OK\0"], last=b"3: stream: Real.Find FOUND\0"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"2: INSTREAM size limit exceeded. ERROR\0", ScannerFault.STREAM_CUT),
        (b"2: stream: Can't allocate memory ERROR\0", ScannerFault.SCAN_FAILED),
        (b"2: Error writing to temporary file. ERROR\0", ScannerFault.SCAN_FAILED),
        (b"2: stream: Heuristics.Limits.Exceeded.MaxScanTime FOUND\0", ScannerFault.TOO_SLOW),
        (b"2: COMMAND READ TIMED OUT\0", ScannerFault.NOT_UNDERSTOOD),
        (b"2: stream: OK", ScannerFault.BROKE_OFF),
        (b"", ScannerFault.BROKE_OFF),
    ],
)
def test_what_the_daemon_says_of_its_own_failure(text, fault):
    assert fault is fault_of([text])


def test_a_daemon_that_falls_silent_is_waited_for_no_longer_than_agreed():
    silent, other = socket.socketpair()
    moments = iter([0.0, 1.0, 4.0, 5.0])
    with silent, other, pytest.raises(ScannerUnavailable) as caught:
        ClamdScreen(silent, TERMS, monotonic=lambda: next(moments)).screen(
            [Suspect(name="a", size=4, chunks=(b"file",))]
        )

    assert ScannerFault.TOO_SLOW is caught.value.fault


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(GOOD)), max_size=3), st.binary(max_size=30))
def test_only_the_right_words_make_files_clean(answers, last):
    try:
        result = screened_by(answers, last=last)
    except ScannerUnavailable:
        return

    assert GOOD == answers[:2]
    assert b"" == last or len(answers) > 2
    assert 2 == result.files


# -- the session before the files ------------------------------------------------------------------------------------


def speaking(version: bytes, *, hides: str = ""):
    """A daemon that greets with ``version`` and calls the probes what they are, but for one."""

    def act(connection: socket.socket) -> None:
        exactly(connection, len(dialect.SESSION_AND_VERSION))
        connection.sendall(b"1: " + version + b"\0")
        names = {data: name for name, data in probes().items()}
        words = {
            Code.MALWARE_FOUND: b"Eicar FOUND",
            Code.MALWARE_UNSCANNED: b"Heuristics.Encrypted.Zip FOUND",
        }
        number = 1
        while True:
            name = names[read_stream(connection)]
            number += 1
            word = b"OK" if name == hides else words[EXPECTED[name][0]]
            connection.sendall(f"{number}: stream: ".encode() + word + b"\0")

    return act


async def refusal(path, *acts, **settings) -> ScannerFault:
    fake = FakeClamd(path / "c", *acts)
    try:
        with pytest.raises(ScannerUnavailable) as caught:
            await receiver_of(fake.path, now=NOW, **settings).open()
    finally:
        fake.close()
    return caught.value.fault


@pytest.mark.parametrize(
    "version",
    [
        b"",
        b"OK",
        b"ClamAV",
        b"ClamAV 1.4.6/",
        b"ClamAV 1.4.6/27800/",
        b"ClamAV 1.4.6/27800/Sun Nov 32 08:00:00 2026",
        b"ClamAV 1.4.6/27800/Son Nov 22 08:00:00 2026 MEZ",
        b"ClamAV 1.4.6/27800/Sun Nox 22 08:00:00 2026",
        b"ClamAV 1.4.6/27800/Sun Nov 22 08:00:00 0000",
        b"ClamAV 1.4.6\0002: ClamAV 1.4.6",
        b"ClamAV \x1b[2J",
        b"x" * 9999,
    ],
)
async def test_a_daemon_that_does_not_say_who_it_is_is_not_used(tmp_path, version):
    assert ScannerFault.NOT_UNDERSTOOD is await refusal(tmp_path, speaking(version))


async def test_a_daemon_that_hangs_up_without_a_word_is_not_used(tmp_path):
    greeting = len(dialect.SESSION_AND_VERSION)

    assert ScannerFault.BROKE_OFF is await refusal(tmp_path, lambda said: exactly(said, greeting))


async def test_a_daemon_that_does_not_even_listen_to_the_end_is_not_used(tmp_path):
    assert ScannerFault.BROKE_OFF is await refusal(tmp_path, lambda said: exactly(said, 10))


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name, (_, fault) in EXPECTED.items()])
async def test_each_probe_shows_its_own_fault(tmp_path, name, fault):
    assert fault is await refusal(tmp_path, speaking(VERSION, hides=name))


async def test_nobody_there_is_no_verdict(tmp_path):
    with pytest.raises(ScannerUnavailable) as caught:
        await receiver_of(tmp_path / "nobody", now=NOW).open()

    assert ScannerFault.NOT_REACHABLE is caught.value.fault
    assert (Code.SCANNER_UNAVAILABLE, 60) == (caught.value.code, caught.value.retry_after)


async def test_probes_are_run_once_for_all_bundles_that_wait(tmp_path):
    sessions = []

    def act(connection: socket.socket) -> None:
        sessions.append(connection)
        speaking(VERSION)(connection)

    fake = FakeClamd(tmp_path / "c", act)
    receiver = receiver_of(fake.path, now=NOW)
    assert [True] * 20 == await asyncio.gather(*(receiver.check() for _ in range(20)))
    assert 20 + 1 == len(sessions)

    assert await receiver.check()
    assert 20 + 1 + 1 == len(sessions)
    receiver.failed(ScannerFault.BROKE_OFF)
    assert await receiver.check()
    assert 20 + 1 + 1 + 2 == len(sessions)
    fake.close()


async def test_new_signatures_have_to_prove_themselves(tmp_path):
    newer = VERSION.replace(b"27800", b"27801")
    fake = FakeClamd(
        tmp_path / "c",
        *[speaking(VERSION)] * 2,
        speaking(newer, hides="known"),
        speaking(newer, hides="known"),
    )
    receiver = receiver_of(fake.path, now=NOW)

    assert [True, False] == [await receiver.check(), await receiver.check()]
    fake.close()


async def test_the_operator_is_told_what_to_do(tmp_path):
    lines = Lines()
    fake = FakeClamd(tmp_path / "c", speaking(VERSION, hides="nested"))
    assert not await receiver_of(fake.path, lines=lines, now=NOW).check()
    fake.close()

    assert "AlertExceedsMax yes" in lines.out.getvalue()


@pytest.mark.parametrize(("days", "fit"), [(6, True), (8, False)])
async def test_age_is_counted_from_the_date_of_the_signatures(tmp_path, days, fit):
    fake = FakeClamd(tmp_path / "c", speaking(VERSION))
    receiver = receiver_of(fake.path, now=NOW + timedelta(days=days), max_database_age=timedelta(days=7))

    assert fit is await receiver.check()
    fake.close()
