# SPDX-License-Identifier: EUPL-1.2
"""What a verification worker may not do, enforced by the kernel for the rest of the process's life.

A worker parses hostile ZIP, XML, ASN.1 and PDF. If one of the parsers is taken over, the attacker finds itself in a
process that can open nothing: no file, not even to read, no socket, no program. It works on the descriptors it was
given, the bundle before it among them, and on memory that it cannot make executable, within bounds on size and time.
Three mechanisms, all without privileges: resource limits (setrlimit(2)), a seccomp filter that lists what is allowed
(``system_calls``), and an empty Landlock domain where the kernel has it (``landlock``).
Under systemd the unit's own sandbox lies around it.

Leaves out what must be loaded before (``gateway.roles.preloading``): afterwards no module can be read from disk.
"""

import ctypes
import os
import resource
import signal
from dataclasses import dataclass

from gateway.confinement import landlock, system_calls
from gateway.errors import GatewayFault
from gateway.policy import GIB

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Bounds of one worker."""

    memory_bytes: int = 1 * GIB  # address space; the interpreter and its libraries take about 350 MiB of it
    cpu_seconds: int = 60  # per bundle
    wall_seconds: int = 120  # per bundle
    open_files: int = 64
    bundles_per_worker: int = 200  # then the process is replaced by a fresh one


def confine(limits: WorkerLimits, *keep: int) -> None:
    """Lock this process down, with no descriptor but ``keep``.

    Raises ``GatewayFault``, ``OSError`` or ``ValueError`` where the kernel refuses: an unconfined worker never starts.
    """
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    _close_all_but({0, 1, 2, nowhere, *keep})
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits.open_files, limits.open_files))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold a passport
    _control(_PR_SET_NO_NEW_PRIVS, 1, what="no_new_privs")
    landlock.shut_out()
    system_calls.allow_only_listed()
    # Libraries print what they parse, and who writes into the role's log could write anything into it. The outputs go
    # last, so that a refusal above can still be told.
    for standard in {0, 1, 2}.difference(keep):
        os.dup2(nowhere, standard)


def _close_all_but(kept: set[int]) -> None:
    first = 0
    for descriptor in sorted(kept):
        if first < descriptor:  # an empty range of 0 would be taken for all of them
            os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def begin_bundle(limits: WorkerLimits, *, scan_seconds: int = 0) -> None:
    """Start the clocks of one bundle: the kernel ends the process when either runs out, even inside C code.

    ``scan_seconds`` is what a malware scanner may take: its slowness must not be held against the bundle.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + limits.cpu_seconds, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds + scan_seconds)


def end_bundle() -> None:
    """Stop the wall clock."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def die_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent is gone: no role outlives its keeper."""
    _control(_PR_SET_PDEATHSIG, signal.SIGTERM, what="a parent-death signal")


def _control(option: int, value: int, *, what: str) -> None:
    """prctl(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise GatewayFault(f"the kernel refused {what}: {os.strerror(ctypes.get_errno())}")
