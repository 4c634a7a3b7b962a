# SPDX-License-Identifier: EUPL-1.2
"""A bundle that kills, hangs or fills its worker is refused alone; the gateway goes on."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from workerroom import LIMITS, NOW, PlainWrap

from gateway.codes import Code
from gateway.confinement import WorkerLimits
from gateway.errors import Unavailable
from gateway.model.signature import Indication, VerificationReport
from gateway.model.wire import load
from gateway.spool import Spool
from gateway.workers import RemoteExaminer


@pytest.fixture
def pool(tmp_path):
    yield from running(tmp_path, bundles=100)


@pytest.fixture
def short_lived_pool(tmp_path):
    yield from running(tmp_path, bundles=1)


def running(folder: Path, bundles: int):
    (folder / "generation").write_text("first")
    (folder / "spool").mkdir()
    path = folder / "verify.sock"
    command = [sys.executable, str(Path(__file__).with_name("worker_pool_main.py")), str(path), str(bundles)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)})
    while not path.exists():
        if process.poll() is not None:
            raise RuntimeError("the pool did not start")
        os.sched_yield()
    yield Asker(path, Spool(folder / "spool", PlainWrap(), os.urandom)), process
    process.terminate()
    process.wait(20)


class Asker:
    """A receiver that has a bundle examined."""

    def __init__(self, path: Path, spool: Spool) -> None:
        self.examiner, self.spool = RemoteExaminer(path=path, limits=LIMITS), spool
        self.spool_directory = path.with_name("spool")

    def lay(self, word: str):
        """A bundle in the spool."""
        writer = self.spool.writer(1 << 20)
        writer.write(word.encode() + b" \n")
        return writer.commit()

    async def ask(self, word: str):
        """The one finding."""
        (finding,) = (await self.examined(word)).findings
        return finding

    async def examined(self, word: str):
        """The whole examination."""
        file = self.lay(word)
        descriptor = self.spool.open_descriptor(file.name)
        key = self.spool.unwrap(file.name, file.wrapped_key)
        try:
            return await self.examiner.examine(descriptor, key, moment=NOW)
        finally:
            os.close(descriptor)


async def test_an_answer_comes_back(pool):
    asker, _ = pool
    finding = await asker.ask("hello")

    assert (Code.CONTAINER_NOT_ZIP, "hello") == (finding.code, finding.place)


@pytest.mark.parametrize("word", ["die", "hang", "spin", "grow", "raise"])
async def test_a_bad_bundle_is_refused_and_the_next_one_served(pool, word):
    asker, _ = pool
    examination = await asker.examined(word)
    report = load(VerificationReport, examination.report)

    assert [Code.PROCESSING_FAILED] == [finding.code for finding in examination.findings]
    assert (Indication.INDETERMINATE, examination.findings) == (report.indication, report.findings)
    assert not examination.passed
    assert Code.CONTAINER_NOT_ZIP == (await asker.ask("hello")).code


async def test_bundles_beside_a_dying_one_are_not_touched(pool):
    asker, _ = pool
    findings = await asyncio.gather(*(asker.ask(w) for w in ["a", "die", "b", "die", "c", "d", "die", "e"]))

    assert [f.code is Code.PROCESSING_FAILED for f in findings] == [
        False,
        True,
        False,
        True,
        False,
        False,
        True,
        False,
    ]


async def test_a_worker_cannot_reach_the_network(pool):
    asker, _ = pool

    assert "permission denied" == (await asker.ask("connect")).got


async def test_a_worker_cannot_shut_the_socket_that_all_of_them_share(pool):
    asker, _ = pool

    assert "Operation not permitted." * 2 == (await asker.ask("shut")).got  # the listener and the caller's
    assert "hello" == (await asker.ask("hello")).place


async def test_bundles_that_kill_never_end_the_role(pool):
    asker, process = pool
    for _ in range(8):
        await asker.ask("die")

    assert "hello" == (await asker.ask("hello")).place
    assert process.poll() is None


def test_workers_that_end_without_a_bundle_end_the_role(tmp_path):
    """Not in silence and not in a storm: a few attempts, then a line that says so, and the keeper starts anew."""
    (tmp_path / "generation").write_text("first")
    (tmp_path / "shut").touch()
    path = tmp_path / "v.sock"
    process = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("worker_pool_main.py")), str(path), "1"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert b"in a row ended before they took a bundle, the last with status 1;" in process.stderr
    assert (True, False) == (process.returncode != 0, path.exists())


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/proc/self/environ", "/proc/1/environ", "/proc/self/mem", "spool"]
)
async def test_a_worker_cannot_read_what_its_user_can(pool, path):
    asker, _ = pool
    if path == "spool":
        path = str(asker.spool_directory / asker.lay("another dossier").name)
    assert Path(path).exists()

    assert "Operation not permitted" == (await asker.ask(f"read {path.encode().hex()}")).got


async def test_a_worker_holds_nothing_but_its_bundle_and_its_way_to_answer(pool):
    asker, _ = pool
    held = (await asker.ask("descriptors")).got.split()

    assert ["0:nowhere", "1:nowhere", "2:nowhere"] == held[:3]
    assert {"file": 1, "socket": 2} == Counter(
        kind for _, kind in (h.split(":") for h in held[3:]) if kind != "nowhere"
    )


async def test_a_worker_is_replaced_after_its_share_of_bundles(short_lived_pool):
    asker, _ = short_lived_pool
    processes = {(await asker.ask("hello")).got for _ in range(4)}

    assert 4 == len(processes)


async def test_new_trust_data_reach_new_bundles(pool):
    asker, _ = pool
    generation = asker.examiner.path.parent / "generation"
    assert "first" == (await asker.ask("generation")).got
    generation.write_text("second")
    os.utime(generation, ns=(1, 1))
    while (await asker.ask("generation")).got != "second":
        pass


async def test_the_role_stops_when_it_is_told_to(pool):
    asker, process = pool
    await asker.ask("hello")
    process.send_signal(signal.SIGTERM)

    assert 0 == await asyncio.to_thread(process.wait, 20)
    with pytest.raises(Unavailable):
        await asker.ask("hello")


async def test_workers_do_not_outlive_a_killed_role(pool):
    asker, process = pool
    worker = int((await asker.ask("hello")).got)
    process.kill()
    process.wait(20)
    while Path(f"/proc/{worker}").exists() and "Z" not in Path(f"/proc/{worker}/stat").read_text().split()[2]:
        os.sched_yield()


async def test_without_workers_the_answer_is_try_later(tmp_path):
    (tmp_path / "spool").mkdir()
    asker = Asker(tmp_path / "verify.sock", Spool(tmp_path / "spool", PlainWrap(), os.urandom))
    with pytest.raises(Unavailable):
        await asker.ask("hello")


def test_workers_that_cannot_be_confined_end_the_role(tmp_path):
    (tmp_path / "generation").write_text("first")
    too_few = WorkerLimits().open_files - 1
    process = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("worker_pool_main.py")), str(tmp_path / "v.sock"), "1"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (too_few, too_few)),
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert b"verification workers cannot start" in process.stderr
