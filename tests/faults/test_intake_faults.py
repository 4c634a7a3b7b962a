# SPDX-License-Identifier: EUPL-1.2
"""Kill the gateway at every system call that changes a file, or let the call fail; then start it again.

After each: what was promised is there, what was not promised is not doubled by sending again, and the receipt of the
first promise is the receipt for ever. The tracer is strace; it kills before the call takes effect.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from intakebundles import bundle
from intakeroom import SIGNER, IntakeRoom, submit

from gateway.retention import recover
from gateway.stages.receipt import verify_receipt

REPO = Path(__file__).resolve().parents[2]
BUNDLE = bundle(padding=150_000)
SEED = 81
SPOOL_NAME = Random(SEED).randbytes(16).hex()
HANG_SECONDS = 40
LAST = 400  # no intake needs that many calls of a kind
ONE_ACCEPTED = {"dossier": 1, "dedupe": 3, "delivery": 1, "event": 1, "log": 1, "files": 1}

pytestmark = [
    pytest.mark.foreign,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]


@pytest.fixture(scope="module")
def zygote():
    environment = {**os.environ, "PYTHONPATH": f"{REPO / 'tests'}:{REPO}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "ignore", str(REPO / "tests" / "faults" / "victim.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A gateway that has started once: its log is opened and published."""
    directory = tmp_path_factory.mktemp("template") / "gateway"
    directory.mkdir()
    room = IntakeRoom(directory)

    async def publish():
        async with room.running():
            while not room.rows("SELECT 1 FROM checkpoint WHERE size > 0"):
                await asyncio.sleep(0.01)

    asyncio.run(publish())
    room.close()
    return directory


class Run:
    """One life of one victim under ``inject``, and the gateway after it."""

    def __init__(self, zygote, template, directory, inject, paths=()):
        shutil.copytree(template, directory)
        for name in ("ready", "go"):
            os.mkfifo(directory / name)
        zygote.stdin.write(f"{directory} {SEED}\n")
        zygote.stdin.flush()
        child = zygote.stdout.readline().strip()
        (directory / "ready").read_bytes()
        trace = directory.with_suffix(".trace")
        focus = [part for path in paths for part in ("-P", str(directory / path))]
        calls = inject.split(":", 1)[0]
        tamper = ["-e", f"inject={inject}"] if ":" in inject else ["-y"]
        command = ["strace", "-f", "-p", child, "-o", trace, "-e", f"trace={calls}", *tamper, *focus]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            tracer.stderr.readline()  # "Process ... attached"
            # A victim that hangs is a finding: its stacks are in its directory by then.
            watch = threading.Timer(HANG_SECONDS, os.kill, (int(child), signal.SIGKILL))
            watch.start()
            (directory / "go").write_bytes(b"")
            self.killed = int(zygote.stdout.readline()) != 0
            hung = not watch.is_alive()
            watch.cancel()
            tracer.stderr.read()
        assert not hung, (directory / "stacks").read_text()
        self.trace = trace.read_text()
        self.injected = self.killed or "INJECTED" in self.trace
        told = directory / "told"
        self.told = json.loads(told.read_text()) if told.exists() else {"kind": "nothing"}
        self.directory = directory

    def check(self):
        """Start again, send again: exactly one dossier, the promised one where one was promised."""
        room = IntakeRoom(self.directory)
        try:
            recover(room.journal, room.spool, moment=datetime.now(UTC) + timedelta(hours=2))
            outcome = asyncio.run(self._send_again(room))
            self._check_promise(outcome)
            assert ONE_ACCEPTED == room.counts()
            assert ["submission.accepted"] == room.entries()
            ((name, wrapped),) = room.rows("SELECT spool_name, wrapped_key FROM dossier")
            with room.spool.open(name, wrapped) as reader:
                assert BUNDLE == reader.read_at(0, reader.size)
            room.journal.check()
        finally:
            room.close()
            shutil.rmtree(self.directory)

    async def _send_again(self, room):
        async with room.running() as intake:
            return await submit(intake, BUNDLE, key="k")

    def _check_promise(self, outcome):
        assert sha256(BUNDLE).hexdigest() == outcome.receipt["evidence"]["bundle_sha256"]
        verdict = verify_receipt(json.dumps(outcome.receipt).encode(), verifier=SIGNER.verifier)
        assert not [f for f in verdict.findings if f.severity == "error"]
        if self.told["kind"] in {"Accepted", "Repeated"}:
            assert (self.told["id"], self.told["receipt"]) == (outcome.dossier_id, outcome.receipt)


def sweep(zygote, template, tmp_path, inject, *, paths=(), step=1):
    """Every ``step``-th call of the kind until a run sees none any more; the runs that were hit."""
    hit = 0
    for number in range(1, LAST, step):
        directory = tmp_path / f"{number}"
        run = Run(zygote, template, directory, f"{inject}:when={number}", paths)
        if run.injected:
            hit += 1
            yield run
        run.check()
        if not run.injected:
            break
    else:
        pytest.fail(f"no run without {inject}")
    assert hit > 0, f"{inject} met nothing: the test proves nothing"


@pytest.mark.parametrize(
    ("calls", "step"),
    [
        ("fallocate", 1),
        ("fsync", 1),
        ("fdatasync", 1),
        ("rename", 1),
        ("write", 1),
        ("pwrite64", 1),
        ("unlink", 1),
    ],
)
def test_killed_at_any_call_nothing_promised_is_lost_and_nothing_is_doubled(
    zygote, template, tmp_path, calls, step
):
    for run in sweep(zygote, template, tmp_path, f"{calls}:signal=KILL", step=step):
        assert run.killed


@pytest.mark.parametrize("error", ["EIO", "ENOSPC", "EDQUOT"])
@pytest.mark.parametrize("calls", ["write", "fallocate", "fsync", "rename"])
def test_a_spool_that_fails_never_leads_to_an_acceptance(zygote, template, tmp_path, calls, error):
    paths = ["spool", f"spool/{SPOOL_NAME}.part", f"spool/{SPOOL_NAME}"]
    for run in sweep(zygote, template, tmp_path, f"{calls}:error={error}", paths=paths):
        assert run.told["kind"] in {"Unavailable", "JournalDamaged"}


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize(("calls", "step"), [("pwrite64", 5), ("fdatasync", 1)])
def test_a_journal_that_fails_accepts_only_what_it_has(zygote, template, tmp_path, calls, error, step):
    paths = ["journal.db", "journal.db-wal"]
    for run in sweep(zygote, template, tmp_path, f"{calls}:error={error}", paths=paths, step=step):
        # The publisher tries again and may succeed; then the promise is checked like any other.
        assert run.told["kind"] in {"Accepted", "Unavailable", "JournalDamaged"}


def test_every_step_is_durable_before_the_next_one_is_taken(zygote, template, tmp_path):
    """What a kill cannot show and a power cut would: the order of the calls that make things durable."""
    run = Run(zygote, template, tmp_path / "run", "fsync,fdatasync,rename")
    spool, part = f"{tmp_path}/run/spool>", f"spool/{SPOOL_NAME}"
    steps = {
        f"fsync({part}.part": "file",
        f"rename({part}.part": "rename",
        f"fsync({spool}": "directory",
        "fdatasync(journal.db-wal": "commit",
        "rename(checkpoint": "published",
    }
    seen = [name for line in run.trace.splitlines() for mark, name in steps.items() if _is(line, mark)]
    since = seen[seen.index("file") :]  # before it the publisher starts and announces its old checkpoint
    assert ["file", "rename", "directory", "commit", "published"] == list(dict.fromkeys(since))
    assert "Accepted" == run.told["kind"]
    assert ["file", "rename", "directory"] == [s for s in seen if s in {"file", "rename", "directory"}]
    run.check()


def _is(line, mark):
    call, target = mark.split("(")
    return f" {call}(" in line and f"{target}" in line and " = 0" in line
