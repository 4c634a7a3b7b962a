# SPDX-License-Identifier: EUPL-1.2
"""The system calls of a worker: a seccomp filter (seccomp(2), BPF) that lists what is allowed and refuses all else.

A list of what is forbidden has holes that nobody thought of: a socket pair that is connected anew, a signal sent by
fcntl(2), a line typed into the operator's terminal by ioctl(2), and every call a later kernel brings. What is refused
answers "not permitted" and does not end the process: a library that tries an unneeded call goes on.
"""

import ctypes
import mmap
import os
import platform
import struct
from dataclasses import dataclass
from enum import IntEnum

from gateway.errors import GatewayFault

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

# BPF opcodes and seccomp answers, <linux/bpf_common.h> and <linux/seccomp.h>
_LOAD_WORD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_ANY_BIT = 0x45
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_EPERM = 0x00050000 | 1
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENTS = 0, 4, 16

_FIONBIO = 0x5421


class _Demand(IntEnum):
    """What an argument must be for the call to be allowed: jump opcode and whether the jump means yes."""

    NO_BIT_OF = 0
    EQUAL_TO = 1


@dataclass(frozen=True, slots=True)
class _Call:
    x86_64: int | None
    aarch64: int | None
    argument: int = 0
    demand: _Demand | None = None
    value: int = 0


# Those a bundle calls most stand first: the kernel runs the list from the top.
# fmt: off
ALLOWED = {
    "read": _Call(0, 63), "pread64": _Call(17, 67), "readv": _Call(19, 65), "lseek": _Call(8, 62),
    "brk": _Call(12, 214), "munmap": _Call(11, 215), "mremap": _Call(25, 216), "madvise": _Call(28, 233),
    # No memory becomes executable: whoever takes a parser over brings no code of its own.
    "mmap": _Call(9, 222, 2, _Demand.NO_BIT_OF, mmap.PROT_EXEC),
    "mprotect": _Call(10, 226, 2, _Demand.NO_BIT_OF, mmap.PROT_EXEC),
    "futex": _Call(202, 98), "sched_yield": _Call(24, 124), "getrandom": _Call(318, 278),
    "getpid": _Call(39, 172), "gettid": _Call(186, 178),
    "clock_gettime": _Call(228, 113), "clock_getres": _Call(229, 114), "gettimeofday": _Call(96, 169),
    "clock_nanosleep": _Call(230, 115), "nanosleep": _Call(35, 101),
    "write": _Call(1, 64), "writev": _Call(20, 66), "close": _Call(3, 57),
    "dup": _Call(32, 23), "dup2": _Call(33, None), "dup3": _Call(292, 24), "fstat": _Call(5, 80),
    # Not newfstatat(2), by which several C libraries ask for the status of a descriptor: it takes a path beside
    # AT_EMPTY_PATH too, and would tell which files there are.
    "poll": _Call(7, None), "ppoll": _Call(271, 73),
    "accept4": _Call(288, 242),  # not shutdown(2): the listening socket is shared, and would be shut for every worker
    "sendto": _Call(44, 206), "recvfrom": _Call(45, 207), "sendmsg": _Call(46, 211), "recvmsg": _Call(47, 212),
    "getsockname": _Call(51, 204), "getpeername": _Call(52, 205), "getsockopt": _Call(55, 209),
    "ioctl": _Call(16, 29, 1, _Demand.EQUAL_TO, _FIONBIO),  # how Python gives a socket a time limit
    "rt_sigaction": _Call(13, 134), "rt_sigprocmask": _Call(14, 135), "rt_sigreturn": _Call(15, 139),
    "sigaltstack": _Call(131, 132), "restart_syscall": _Call(219, 128),
    "setitimer": _Call(38, 103), "getrusage": _Call(98, 165),
    "prlimit64": _Call(302, 261, 0, _Demand.EQUAL_TO, 0),  # our own limits, nobody else's
    "exit": _Call(60, 93), "exit_group": _Call(231, 94),
}
# fmt: on
_AUDIT_NUMBERS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_* of <linux/audit.h>


def allow_only_listed() -> None:
    """Refuse every system call that is not listed, in this process and for good. Needs no_new_privs; raises ``GatewayFault``."""
    program = _program(platform.machine())
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: unsigned short len; struct sock_filter *filter
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        raise GatewayFault(f"the kernel refused the seccomp filter: {os.strerror(ctypes.get_errno())}")


def _program(machine: str) -> bytes:
    audit = _AUDIT_NUMBERS.get(machine)
    if audit is None:
        raise GatewayFault(
            f"no system call table for {machine}", hint="run the gateway on x86_64 or aarch64 Linux"
        )
    code = [
        (_LOAD_WORD, 0, 0, _OFFSET_ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (
            _LOAD_WORD,
            0,
            0,
            _OFFSET_NUMBER,
        ),  # the x32 table of x86_64 has a bit of its own, so nothing of it is listed
    ]
    for call in ALLOWED.values():
        number = call.x86_64 if machine == "x86_64" else call.aarch64
        if number is not None:
            code += _answer(number, call)
    code.append((_RETURN, 0, 0, _EPERM))
    return b"".join(struct.pack("HBBI", *line) for line in code)


def _answer(number: int, call: _Call) -> list[tuple[int, int, int, int]]:
    """Lines that end the program if this is the call, and are stepped over if it is another."""
    if call.demand is None:
        return [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    opcode = _JUMP_EQUAL if call.demand is _Demand.EQUAL_TO else _JUMP_ANY_BIT
    met, unmet = (1, 0) if call.demand is _Demand.NO_BIT_OF else (0, 1)
    return [
        (_JUMP_EQUAL, 0, 4, number),
        # The low half: all these arguments are an int to the kernel, and both architectures are little-endian.
        (_LOAD_WORD, 0, 0, _OFFSET_ARGUMENTS + 8 * call.argument),
        (opcode, met, unmet, call.value),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _EPERM),
    ]
