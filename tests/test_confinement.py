# SPDX-License-Identifier: EUPL-1.2
"""The kernel, not our good intentions, keeps a worker in."""

import _thread
import contextlib
import ctypes
import errno
import fcntl
import hashlib
import mmap
import os
import platform
import re
import resource
import signal
import socket
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.confinement import WorkerLimits, begin_bundle, confine, landlock, system_calls
from gateway.markup import parse
from gateway.policy import XmlPolicy


def in_child(action) -> int:
    """Run ``action`` confined in a forked child; its exit status, or minus the signal that ended it."""

    def confined() -> None:
        confine(WorkerLimits(cpu_seconds=1, wall_seconds=1))
        action()

    return forked(confined)


def forked(action) -> int:
    """Run ``action`` in a forked child."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException:
            os._exit(99)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def refused(action) -> None:
    try:
        action()
    except (PermissionError, RuntimeError):  # the latter is what Python says of a thread
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


def environment(process: str) -> Callable[[Path], object]:
    return lambda _: Path("/proc", process, "environ").read_bytes()


READING = {
    "a file": lambda path: path.read_bytes(),
    "a file by another way": lambda path: os.open(path, os.O_PATH),
    "the user's list": lambda _: Path("/etc/passwd").read_bytes(),
    "its own environment": environment("self"),
    "another's environment": environment("1"),
    "its descriptors": lambda _: list(Path("/proc/self/fd").iterdir()),
    "a directory": lambda path: list(path.parent.iterdir()),
    "where a link leads": lambda _: Path("/proc/self/exe").readlink(),
    "what there is": lambda path: path.stat(),
    "to go elsewhere": lambda path: os.chdir(path.parent),
}


@pytest.mark.parametrize("look", READING)
def test_nothing_can_be_opened_even_to_read(tmp_path, look):
    journal = tmp_path / "journal.db"
    journal.write_bytes(b"rows")

    assert in_child(lambda: refused(lambda: READING[look](journal))) == 0


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of newfstatat(2) is that of x86_64")
@pytest.mark.parametrize("flags", [0, 0x1000])
def test_no_flag_makes_a_path_tell_what_there_is(tmp_path, flags):
    """AT_EMPTY_PATH allows an empty path and does not demand one."""
    libc, path = ctypes.CDLL(None, use_errno=True), os.fsencode(tmp_path)
    buffer = ctypes.create_string_buffer(256)

    def look() -> None:
        if libc.syscall(ctypes.c_long(262), -100, path, buffer, flags) == 0:
            os._exit(93)

    assert in_child(look) == 0


def test_a_socket_that_is_shared_cannot_be_shut():
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("")
        listener.listen()

        def shut() -> None:
            confine(WorkerLimits(), listener.fileno())
            refused(lambda: listener.shutdown(socket.SHUT_RDWR))

        assert forked(shut) == 0


def test_a_descriptor_that_was_left_open_is_closed(tmp_path):
    with (tmp_path / "journal.db").open("wb+") as left:

        def use() -> None:
            with contextlib.suppress(OSError):
                os.pread(left.fileno(), 1, 0)
                os._exit(95)

        assert in_child(use) == 0


DETOURS = {
    "a pair of sockets, to connect one of them anew": socket.socketpair,
    "a copy of itself": os.fork,
    "a thread": lambda: _thread.start_new_thread(os.getpid, ()),
    "a file in memory": lambda: os.memfd_create("x"),
    "code of its own": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "a line typed into the terminal": lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"),
    "a signal by way of a descriptor": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid()),
    "another's limits": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1)),
    "a lower rank for others": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19),
}


@pytest.mark.parametrize("detour", DETOURS)
def test_no_detour_is_left(detour):
    assert in_child(lambda: refused(DETOURS[detour])) == 0


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of system calls are those of x86_64")
@pytest.mark.parametrize("number", [41, 53, 250, 29, 240, 425, 442, 9999, 0x40000000, 0x40000029])
def test_a_call_that_is_not_listed_is_refused(number):
    """socket, socketpair, keyctl, shmget, mq_open, io_uring_setup, one of a later kernel, and the x32 table."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call() -> None:
        if libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() != errno.EPERM:
            os._exit(94)

    assert in_child(call) == 0


HEADERS = {"x86_64": "x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "asm-generic/unistd.h"}


# Every machine has the generic table in linux-libc-dev, the other one only its own.
@pytest.mark.parametrize(
    "machine",
    [
        pytest.param("x86_64", marks=[pytest.mark.foreign] if platform.machine() == "x86_64" else []),
        pytest.param("aarch64", marks=pytest.mark.foreign),
    ],
)
def test_the_numbers_are_those_of_the_kernels_own_headers(machine):
    header = Path("/usr/include") / HEADERS[machine]
    if not header.exists():
        pytest.skip("the kernel's headers are not installed (linux-libc-dev)")
    known = dict(re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", header.read_text(), re.MULTILINE))
    if machine == "aarch64":
        known["newfstatat"] = known["fstatat"]  # the name of the same number where long has 64 bits
    ours = {name: getattr(call, machine) for name, call in system_calls.ALLOWED.items()}

    assert {name: int(known[name]) for name in ours if name in known} == {
        n: c for n, c in ours.items() if c is not None
    }


def test_landlock_alone_shuts_out_as_well(tmp_path):
    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    (tmp_path / "journal.db").write_bytes(b"rows")

    def read() -> None:
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        landlock.shut_out()
        for path in (tmp_path / "journal.db", Path("/etc/passwd"), Path("/proc/self/environ"), tmp_path):
            refused(lambda path=path: os.open(path, os.O_RDONLY))
        refused((tmp_path / "new").touch)

    assert forked(read) == 0


def test_without_landlock_the_filter_is_the_lock(tmp_path):
    def confine_under_a_filter_that_hides_landlock() -> None:
        confine(WorkerLimits())
        landlock.shut_out()
        refused(tmp_path.stat)

    assert forked(confine_under_a_filter_that_hides_landlock) == 0


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
        hashlib.sha256(b"x").digest()
        parse(b"<a/>", place="a", limits=XmlPolicy())

    assert in_child(work) == 0


def test_an_unknown_machine_is_refused(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    assert in_child(lambda: None) == 99
