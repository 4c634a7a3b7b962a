# SPDX-License-Identifier: EUPL-1.2
"""A supervisor over roles that only say they live; started by test_supervisor.py. Argument: a directory."""

import sys
from pathlib import Path

from gateway.doorbell import Role
from gateway.supervisor import Supervisor

ROLE = """
import ctypes, os, pathlib, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: a test may kill the supervisor
folder = pathlib.Path(sys.argv[1])
def end(*_):
    with (folder / "order").open("a") as order:
        order.write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if (folder / (sys.argv[2] + ".deaf")).exists() else end)
(folder / (sys.argv[2] + ".pid.part")).write_text(str(os.getpid()))
os.rename(folder / (sys.argv[2] + ".pid.part"), folder / (sys.argv[2] + ".pid"))
while True:
    signal.pause()
"""


def report(event: str, role: Role, detail: str) -> None:
    with (folder / "events").open("a") as events:
        events.write(f"{event} {role} {detail}\n")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    Supervisor(
        command=lambda role: [sys.executable, "-c", ROLE, str(folder), role], report=report, drain_seconds=2
    ).run()
