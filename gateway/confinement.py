# SPDX-License-Identifier: EUPL-1.2
"""What a verification worker may not do, enforced by the kernel for the rest of the process's life.

A worker parses hostile ZIP, XML, ASN.1 and PDF. If one of the parsers is taken over, the attacker finds itself in a
process that cannot open a socket, start a program, open a file for writing, remove or rename one, signal or trace
another process or grow without bound. What its user may read it can still read: that is the unit's to take away.
Two mechanisms, both without privileges: resource limits (setrlimit(2)) and a seccomp filter (seccomp(2), BPF).
Under systemd the unit's own sandbox lies around it.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
from dataclasses import dataclass

from gateway.errors import GatewayFault
from gateway.policy import GIB

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

# BPF opcodes and seccomp answers, <linux/bpf_common.h> and <linux/seccomp.h>
_LOAD_WORD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_AT_LEAST = 0x35
_JUMP_ANY_BIT = 0x45
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_EPERM = 0x00050000 | 1
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENTS = 0, 4, 16
_X32_BIT = 0x40000000  # the second system call table of x86_64 must not be a way round


# A limit on file sizes does not stop a shared mapping of a file that exists: the journal lies in the same directory.
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True, slots=True, kw_only=True)
class _Architecture:
    audit: int  # AUDIT_ARCH_* of <linux/audit.h>
    denied: tuple[int, ...]  # numbers of the refused system calls
    opening: tuple[tuple[int, int], ...]  # number and place of the flags: refused with any of _WRITING


# io_uring_setup is refused because its requests are not seen by seccomp, openat2 because its flags are not.
# fmt: off
_ARCHITECTURES = {
    "x86_64": _Architecture(
        audit=0xC000003E,
        denied=(
            41, 59, 322,  # socket, execve, execveat
            101, 310, 311, 438, 425,  # ptrace, process_vm_readv, process_vm_writev, pidfd_getfd, io_uring_setup
            62, 200, 234, 129, 297, 424,  # kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal
            85, 437, 76, 77, 285,  # creat, openat2, truncate, ftruncate, fallocate
            87, 263, 84, 82, 264, 316,  # unlink, unlinkat, rmdir, rename, renameat, renameat2
            86, 265, 88, 266, 83, 258, 133, 259,  # link, linkat, symlink, symlinkat, mkdir, mkdirat, mknod, mknodat
            90, 91, 268, 452, 92, 93, 94, 260,  # chmod, fchmod, fchmodat, fchmodat2, chown, fchown, lchown, fchownat
            272, 308, 321, 298, 323,  # unshare, setns, bpf, perf_event_open, userfaultfd
        ),
        opening=((2, 1), (257, 2)),  # open, openat
    ),
    "aarch64": _Architecture(
        audit=0xC00000B7,
        denied=(
            198, 221, 281,  # as above, as far as the architecture has them
            117, 270, 271, 438, 425,
            129, 130, 131, 138, 240, 424,
            437, 45, 46, 47,
            35, 38, 276,
            37, 36, 34, 33,
            52, 53, 452, 55, 54,
            97, 268, 280, 241, 282,
        ),
        opening=((56, 2),),
    ),
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Bounds of one worker."""

    memory_bytes: int = 1 * GIB  # address space; the interpreter and its libraries take about 350 MiB of it
    cpu_seconds: int = 60  # per bundle
    wall_seconds: int = 120  # per bundle
    open_files: int = 64
    bundles_per_worker: int = 200  # then the process is replaced by a fresh one


def confine(limits: WorkerLimits) -> None:
    """Lock this process down. Raises ``GatewayFault`` if the kernel refuses: an unconfined worker never starts."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits.open_files, limits.open_files))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold a passport
    _deny_system_calls()


def begin_bundle(limits: WorkerLimits) -> None:
    """Start the clocks of one bundle: the kernel ends the process when either runs out, even inside C code."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + limits.cpu_seconds, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)


def end_bundle() -> None:
    """Stop the wall clock."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def die_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent is gone (prctl(2), PR_SET_PDEATHSIG): no role outlives its keeper."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise GatewayFault(f"the kernel refused a parent-death signal: {os.strerror(ctypes.get_errno())}")


def _deny_system_calls() -> None:
    architecture = _ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise GatewayFault(
            f"no system call table for {platform.machine()}",
            hint="run the gateway on x86_64 or aarch64 Linux",
        )
    program = _filter(architecture)
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: unsigned short len; struct sock_filter *filter
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise GatewayFault(f"the kernel refused no_new_privs: {os.strerror(ctypes.get_errno())}")
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        raise GatewayFault(f"the kernel refused the seccomp filter: {os.strerror(ctypes.get_errno())}")


def _filter(architecture: _Architecture) -> bytes:
    denied, opening = architecture.denied, architecture.opening
    allow = (
        5 + len(denied) + 3 * len(opening)
    )  # places in the program; a jump counts from the line after its own
    refuse = allow + 1
    code = [
        (_LOAD_WORD, 0, 0, _OFFSET_ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD_WORD, 0, 0, _OFFSET_NUMBER),
        (_JUMP_AT_LEAST, refuse - 5, 0, _X32_BIT),
    ]
    for number in denied:
        code.append((_JUMP_EQUAL, refuse - len(code) - 1, 0, number))
    for number, argument in opening:
        here = len(code)
        code += [
            (_JUMP_EQUAL, 0, 2, number),
            (
                _LOAD_WORD,
                0,
                0,
                _OFFSET_ARGUMENTS + 8 * argument,
            ),  # the low half: flags are an int, both are little-endian
            (_JUMP_ANY_BIT, refuse - here - 3, allow - here - 3, _WRITING),
        ]
    code += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)]
    return b"".join(struct.pack("HBBI", *line) for line in code)
