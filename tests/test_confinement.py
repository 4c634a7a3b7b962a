# SPDX-License-Identifier: EUPL-1.2
"""The kernel, not our good intentions, keeps a worker in."""

import os
import socket
import subprocess
import sys
import time

import pytest

from gateway.confinement import WorkerLimits, begin_bundle, confine


def in_child(action) -> int:
    """Run ``action`` confined in a forked child; its exit status, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            confine(WorkerLimits(cpu_seconds=1, wall_seconds=1))
            action()
        except BaseException:
            os._exit(99)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def refused(action) -> None:
    try:
        action()
    except PermissionError:
        return
    os._exit(98)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK])
def test_no_socket_of_any_family_can_be_opened(family):
    assert in_child(lambda: refused(lambda: socket.socket(family, socket.SOCK_DGRAM))) == 0


def test_no_program_can_be_started():
    assert in_child(lambda: refused(lambda: os.execv("/bin/true", ["true"]))) == 0


def test_no_subprocess_can_be_started():
    assert in_child(lambda: refused(lambda: subprocess.run(["/bin/true"], check=True))) == 0


def test_no_file_can_be_filled(tmp_path):
    def write():
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            (tmp_path / "leak").write_bytes(b"x")
        except OSError:
            return
        os._exit(97)

    assert in_child(write) == 0


CHANGES = {
    "open to write": lambda path: os.open(path, os.O_RDWR),  # and then mmap: no limit on sizes would stop it
    "open to append": lambda path: os.open(path, os.O_WRONLY | os.O_APPEND),
    "create": lambda path: os.open(path.with_name("new"), os.O_CREAT | os.O_RDONLY),
    "cut": lambda path: os.truncate(path, 0),
    "remove": lambda path: path.unlink(),
    "rename": lambda path: path.rename(path.with_name("other")),
    "replace": lambda path: path.replace(path.with_name("other")),
    "link": lambda path: os.link(path, path.with_name("other")),
    "symlink": lambda path: path.with_name("other").symlink_to(path),
    "make a directory": lambda path: path.with_name("other").mkdir(),
    "change its mode": lambda path: path.chmod(0o666),
    "signal": lambda _: os.kill(os.getppid(), 0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_of_the_gateway_can_be_changed(tmp_path, change):
    journal = tmp_path / "journal.db"
    journal.write_bytes(b"rows")

    assert in_child(lambda: refused(lambda: CHANGES[change](journal))) == 0
    assert ([journal], b"rows") == (list(tmp_path.iterdir()), journal.read_bytes())


def test_files_can_still_be_read(tmp_path):
    (tmp_path / "rules").write_bytes(b"rule")

    assert in_child((tmp_path / "rules").read_bytes) == 0


def test_memory_is_bounded():
    def grow():
        try:
            bytearray(4 << 30)
        except MemoryError:
            return
        os._exit(96)

    assert in_child(grow) == 0


def test_an_endless_computation_is_ended_by_the_kernel():
    def spin():
        begin_bundle(WorkerLimits(cpu_seconds=1, wall_seconds=60))
        while True:
            pass

    assert in_child(spin) < 0


def test_a_hanging_worker_is_ended_by_the_kernel():
    def hang():
        begin_bundle(WorkerLimits(wall_seconds=1))
        time.sleep(3600)

    assert in_child(hang) == -14


def test_a_confined_process_still_hashes_and_parses():
    def work():
        import hashlib

        from gateway.markup import parse
        from gateway.policy import XmlPolicy

        hashlib.sha256(b"x").digest()
        parse(b"<a/>", place="a", limits=XmlPolicy())

    assert in_child(work) == 0


def test_an_unknown_machine_is_refused(monkeypatch):
    import platform

    from gateway.errors import GatewayFault

    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    assert in_child(lambda: None) == 99
    assert GatewayFault.__name__ == "GatewayFault"
    assert sys.platform == "linux"
