# SPDX-License-Identifier: EUPL-1.2
"""What the processes of a running gateway used, as the kernel counts it."""

import os
from collections.abc import Iterator
from pathlib import Path

from gatewayroom import Site

_TICKS = os.sysconf("SC_CLK_TCK")
_WORKER = "verify worker"
_ROLES = ("receive", "verify", "publish", "deliver", "refresh")


def cpu_seconds(site: Site) -> dict[str, float]:
    """CPU time of each role since its start, its workers included, those already replaced too."""
    used = {role: sum(_cpu(pid) for pid in pids) for role, pids in _processes(site) if pids}
    # A worker's time goes to its parent when it is replaced, so only both together say something.
    used["verify"] = used.get("verify", 0.0) + used.pop(_WORKER, 0.0)
    return used


def peak_mib(site: Site) -> dict[str, float]:
    """The most memory each process ever held at once (VmHWM). Of the workers, the largest."""
    return {role: max(_peak(pid) for pid in pids) for role, pids in _processes(site) if pids}


def _processes(site: Site) -> Iterator[tuple[str, list[int]]]:
    yield "supervisor", [site.process.pid]
    for role in _ROLES:
        yield role, site.starts(role)[-1:]
    yield _WORKER, site.workers()


def _cpu(pid: int) -> float:
    # Fields 14 to 17 of proc_pid_stat(5), counted behind the name: own and reaped children's time.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
