# SPDX-License-Identifier: EUPL-1.2
"""What dies is started again; what is told to stop stops in the order that loses nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.doorbell import Role


@pytest.fixture
def supervised(tmp_path):
    def start():
        program = str(Path(__file__).with_name("supervised_main.py"))
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
        process = subprocess.Popen([sys.executable, program, str(tmp_path)], env=environment)
        started.append(process)
        for role in Role:
            wait_for(tmp_path / f"{role}.pid", process)
        return process

    started = []
    yield tmp_path, start
    for process in started:
        process.kill()
        process.wait()


def wait_for(path: Path, process) -> None:
    while not path.exists():
        if process.poll() is not None:
            raise RuntimeError("the supervisor ended")
        os.sched_yield()


def test_a_killed_role_is_started_again(supervised):
    folder, start = supervised
    process = start()
    old = int((folder / "publish.pid").read_text())
    (folder / "publish.pid").unlink()
    os.kill(old, signal.SIGKILL)
    wait_for(folder / "publish.pid", process)

    assert old != int((folder / "publish.pid").read_text())


def test_workers_do_not_inherit_what_stands_in_the_environment(supervised, monkeypatch):
    monkeypatch.setenv("ARCHIVE_PASSWORD", "geheim")
    folder, start = supervised
    start()
    told = {
        role: Path(f"/proc/{(folder / f'{role}.pid').read_text()}/environ").read_bytes()
        for role in (Role.VERIFY, Role.DELIVER)
    }

    assert [False, True] == [b"geheim" in environment for environment in told.values()]
    assert b"PATH=" in told[Role.VERIFY]


def test_the_receiver_stops_first_and_the_workers_last(supervised):
    folder, start = supervised
    process = start()
    process.send_signal(signal.SIGTERM)

    assert 0 == process.wait(30)
    assert ["receive", "refresh", "deliver", "publish", "verify"] == (folder / "order").read_text().split()


def test_a_role_that_does_not_drain_is_killed(supervised):
    folder, start = supervised
    (folder / "deliver.deaf").touch()
    process = start()
    process.send_signal(signal.SIGTERM)

    assert 0 == process.wait(30)
    assert "role-killed deliver" in (folder / "events").read_text()
