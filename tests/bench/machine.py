# SPDX-License-Identifier: EUPL-1.2
"""Where was measured: without it no number can be compared with another run's."""

import os
import platform
import shutil
import sqlite3
import ssl
import sys
import zlib
from pathlib import Path

_BUSY = 0.5  # load per core at the start, above which somebody else's work is measured as well


def describe(scratch: Path) -> dict[str, object]:
    """Cores, versions, load, and the disk that is written to."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _cpu(),
        "python": sys.version.split()[0],
        "openssl": ssl.OPENSSL_VERSION,
        "sqlite": sqlite3.sqlite_version,
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "kernel": platform.release(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "free_gib": round(shutil.disk_usage(scratch).free / 2**30, 1),
    }


def is_busy() -> bool:
    """Does something else keep the cores busy?"""
    return os.getloadavg()[0] > _BUSY * len(os.sched_getaffinity(0))


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
