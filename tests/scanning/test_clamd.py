# SPDX-License-Identifier: EUPL-1.2
"""The real clamd: what it finds, what it hides, how it fails; and that none of it makes an unscanned file pass."""

import os
import random
import signal
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clamroom import SIGNATURE, Lines, RealClamd, database, needs_clamd, real_clamd, receiver_of

from gateway.codes import Code
from gateway.model.scan import ScannerFault, ScannerUnavailable, ScanTerms, Suspect
from gateway.scanning import ClamdScreen, dialect, probes
from gateway.scanning.probes import eicar

pytestmark = [pytest.mark.foreign, needs_clamd]

MEBIBYTE = 1 << 20
TERMS = ScanTerms(
    engine="ClamAV", database="", database_date=None, asked=1, seconds=30, max_file_bytes=16 * MEBIBYTE
)


@pytest.fixture(scope="module")
def clamd(tmp_path_factory):
    with real_clamd(tmp_path_factory.mktemp("clamd")) as daemon:
        yield daemon


def suspects(**files: bytes) -> list[Suspect]:
    return [Suspect(name=name, size=len(data), chunks=pieces(data)) for name, data in files.items()]


def pieces(data: bytes, step: int = 65_536):
    return iter([data[at : at + step] for at in range(0, len(data), step)])


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


async def screened(daemon: RealClamd, files: list[Suspect], **settings):
    opened = await receiver_of(daemon.socket, **settings).open()
    with opened.connection:
        return ClamdScreen(opened.connection, opened.terms).screen(files)


async def why(daemon: RealClamd, **settings) -> ScannerFault:
    lines = Lines()
    with pytest.raises(ScannerUnavailable) as caught:
        await receiver_of(daemon.socket, lines=lines, **settings).open()
    assert [caught.value.fault.value] == lines.reasons()
    return caught.value.fault


async def test_clean_files_are_clean(clamd):
    result = await screened(clamd, suspects(a=b"%PDF-1.7 harmless", empty=b"", c=noise(2 * MEBIBYTE)))

    assert ((), 3) == (result.findings, result.files)


async def test_what_is_known_is_found_wherever_it_stands_and_the_rest_is_still_scanned(clamd):
    files = suspects(a=b"clean", b=eicar(), c=b"clean", d=noise(70_000) + eicar(), e=b"clean")
    result = await screened(clamd, files)

    found = [(f.code, f.place, f.got) for f in result.findings]
    assert [(Code.MALWARE_FOUND, name, f"{SIGNATURE}.UNOFFICIAL") for name in ("b", "d")] == found
    assert 5 == result.files


async def test_the_report_names_engine_and_signatures(clamd):
    told = (await screened(clamd, suspects(a=b"clean"))).to_json()

    assert "27800" == told["database"]
    assert str(told["engine"]).startswith("ClamAV ")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(str(told["database_date"]))) < timedelta(minutes=5)


async def test_a_file_the_daemon_gives_up_on_is_not_called_clean(clamd):
    (finding,) = (await screened(clamd, suspects(a=noise(5 * MEBIBYTE)))).findings

    assert (Code.MALWARE_UNSCANNED, "Heuristics.Limits.Exceeded.MaxFileSize") == (finding.code, finding.got)


async def test_a_file_above_our_own_limit_is_refused_without_being_sent(clamd):
    files = suspects(a=noise(2 * MEBIBYTE), b=eicar())
    result = await screened(clamd, files, max_file_bytes=MEBIBYTE)

    assert [(Code.MALWARE_UNSCANNED, "a"), (Code.MALWARE_FOUND, "b")] == [
        (f.code, f.place) for f in result.findings
    ]


async def test_a_stream_limit_below_ours_is_the_operators_fault(clamd):
    with pytest.raises(ScannerUnavailable) as caught:
        await screened(clamd, suspects(a=noise(9 * MEBIBYTE), b=b"clean"))

    assert ScannerFault.STREAM_CUT is caught.value.fault


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"AlertExceedsMax": "no"}, ScannerFault.HIDES_LIMITS),
        ({"AlertEncrypted": "no"}, ScannerFault.HIDES_ENCRYPTION),
        ({"ScanArchive": "no"}, ScannerFault.HIDES_LIMITS),
    ],
)
async def test_a_daemon_that_hides_what_it_did_not_scan_is_not_used(tmp_path, options, fault):
    with real_clamd(tmp_path / "c", **options) as daemon:
        assert fault is await why(daemon)


async def test_a_daemon_without_real_signatures_is_not_used(tmp_path):
    with real_clamd(tmp_path / "c", database(datetime.now(UTC), knows_eicar=False)) as daemon:
        assert ScannerFault.FINDS_NOTHING is await why(daemon)


async def test_old_signatures_are_not_believed(tmp_path):
    made = datetime.now(UTC) - timedelta(days=8)
    with real_clamd(tmp_path / "c", database(made)) as daemon:
        assert ScannerFault.DATABASE_TOO_OLD is await why(daemon)
        assert await receiver_of(daemon.socket, max_database_age=timedelta(days=9)).check()
        assert await receiver_of(daemon.socket, max_database_age=timedelta(0)).check()


async def test_signatures_without_a_date_are_believed_only_where_nobody_asks_for_it(tmp_path):
    daemon = RealClamd(tmp_path / "c")
    (daemon.directory / "db" / "daily.cud").unlink()
    daemon.install(f"{SIGNATURE}:0:*:{eicar()[:40].hex()}\n".encode(), "own.ndb")
    try:
        daemon.start()
        assert ScannerFault.DATABASE_UNDATED is await why(daemon)
        assert await receiver_of(daemon.socket, max_database_age=timedelta(0)).check()
    finally:
        daemon.kill()


async def test_a_daemon_that_is_away_is_told_once_and_its_return_too(tmp_path):
    daemon, lines = RealClamd(tmp_path / "c"), Lines()
    receiver = receiver_of(daemon.socket, lines=lines)
    try:
        assert [False, False] == [await receiver.check(), await receiver.check()]
        daemon.start()
        assert [True, True] == [await receiver.check(), await receiver.check()]
        daemon.kill()
        assert not await receiver.check()
    finally:
        daemon.kill()

    told = [line.split('"event":"')[1].split('"')[0] for line in lines.out.getvalue().splitlines()]
    assert ["scanner.unavailable", "scanner.ready", "scanner.unavailable"] == told


async def test_a_daemon_that_dies_in_the_midst_of_a_file_says_nothing_about_it(tmp_path):
    with real_clamd(tmp_path / "c") as daemon:

        def chunks():
            yield b"first"
            daemon.kill()
            yield from pieces(noise(4 * MEBIBYTE))

        with pytest.raises(ScannerUnavailable) as caught:
            await screened(daemon, [Suspect(name="a", size=5, chunks=chunks())])

    assert ScannerFault.BROKE_OFF is caught.value.fault


async def test_a_daemon_that_hangs_is_given_up(tmp_path):
    with real_clamd(tmp_path / "c") as daemon:

        def chunks():
            yield b"first"
            os.kill(daemon.process.pid, signal.SIGSTOP)

        with pytest.raises(ScannerUnavailable) as caught:
            await screened(daemon, [Suspect(name="a", size=5, chunks=chunks())], seconds=1)

    assert ScannerFault.TOO_SLOW is caught.value.fault


async def test_a_daemon_that_runs_out_of_its_own_time_refuses_nobody(tmp_path):
    hasty = {"MaxScanTime": "1", "MaxFileSize": "16M", "StreamMaxLength": "16M"}
    with real_clamd(tmp_path / "c", **hasty) as daemon, daemon.session() as connection:
        connection.sendall(dialect.SESSION_AND_VERSION)
        while connection.recv(1) != b"\0":
            pass
        with pytest.raises(ScannerUnavailable) as caught:
            ClamdScreen(connection, TERMS).screen(suspects(a=noise(15 * MEBIBYTE)))

    assert ScannerFault.TOO_SLOW is caught.value.fault


@pytest.mark.parametrize("command", [b"zSHUTDOWN\0", b"zRELOAD\0"])
async def test_a_worker_that_is_taken_over_can_neither_end_nor_reload_the_daemon(clamd, command):
    opened = await receiver_of(clamd.socket).open()
    with opened.connection as connection:
        connection.settimeout(30)
        connection.sendall(command)
        assert b"2: Command invalid inside IDSESSION. ERROR\0" == connection.recv(4096)

    assert await receiver_of(clamd.socket).check()


async def test_answers_to_somebody_elses_questions_never_make_a_file_pass(tmp_path):
    """clamd 1.4.6 answers what is pending in a broken-off session on whatever connection comes next (see ``screen``)."""
    with real_clamd(tmp_path / "c") as daemon:
        verdicts = [await beside_a_broken_session(daemon, seed) for seed in range(4)]

    assert {"found", ScannerFault.NOT_UNDERSTOOD} >= set(verdicts)


async def beside_a_broken_session(clamd: RealClamd, seed: int):
    receiver = receiver_of(clamd.socket)
    await receiver.check()  # its probes are over
    with clamd.session() as other:
        data = noise(3 * MEBIBYTE, seed)
        other.sendall(b"zIDSESSION\0")
        for number in range(6):
            other.sendall(
                b"zINSTREAM\0" + struct.pack(">I", len(data) + 1) + data + bytes([number]) + bytes(4)
            )
        other.sendall(b"zRELOAD\0")
        answered = b""
        while b"invalid" not in answered:
            answered += other.recv(4096)
        try:
            opened = await receiver.open()
            with opened.connection:
                files = suspects(a=b"clean", b=noise(100_000, seed) + eicar(), c=eicar())
                result = ClamdScreen(opened.connection, opened.terms).screen(files)
        except ScannerUnavailable as unavailable:
            return unavailable.fault
    return "found" if ["b", "c"] == [finding.place for finding in result.findings] else "passed"


async def test_nothing_of_a_file_stays_behind(tmp_path):
    with real_clamd(tmp_path / "c") as daemon:
        await screened(daemon, suspects(a=noise(MEBIBYTE), b=eicar()))

        assert [] == list((daemon.directory / "tmp").iterdir())


async def test_our_own_source_is_not_taken_for_malware(clamd):
    sources = {path.name: path.read_bytes() for path in Path(probes.__file__).parent.glob("*.py")}

    assert () == (await screened(clamd, suspects(**sources))).findings
