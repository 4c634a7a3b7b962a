# SPDX-License-Identifier: EUPL-1.2
"""All roles on one small machine: starts each as a process of its own, restarts what dies, stops in the right order.

Under systemd this module is not used; there each role is a unit. The roles themselves are the same programs.
Stopping: the receiver first, so that nothing new comes in while what is inside is still being verified and logged;
then the deliverer, then the publisher, and the workers last.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.doorbell import Role

_START_ORDER = (Role.VERIFY, Role.PUBLISH, Role.DELIVER, Role.REFRESH, Role.RECEIVE)
_STOP_ORDER = (Role.RECEIVE, Role.REFRESH, Role.DELIVER, Role.PUBLISH, Role.VERIFY)
_WATCHED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
# What the interpreter needs. Whatever else stands in the operator's environment, a taken-over worker must not find it.
_PLAIN = re.compile(
    r"PATH|HOME|LANG|LANGUAGE|TZ|TMPDIR|VIRTUAL_ENV|PYTHON[A-Z]+|(LC|LD|OPENSSL|AMTSBOTE|COVERAGE)_[A-Z_]+"
)
_CALM_SECONDS = 30.0  # a role that ran so long is healthy: its next end is restarted at once
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0  # seconds between restarts of a role that keeps ending


@dataclass(slots=True, kw_only=True)
class _Kept:
    """One role under keeping. Owned by the supervisor's only thread."""

    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    due: float = 0.0


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """``command`` gives the argument vector of a role; ``report`` is called with (event, role, detail)."""

    command: Callable[[Role], Sequence[str]]
    report: Callable[[str, Role, str], None]
    drain_seconds: float = 60.0
    monotonic: Callable[[], float] = time.monotonic
    _roles: dict[Role, _Kept] = field(default_factory=lambda: {role: _Kept() for role in _START_ORDER})

    def run(self) -> None:
        """Keep every role alive until SIGTERM or SIGINT, then stop them."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        try:
            while True:
                for role in _START_ORDER:
                    self._keep(role)
                signalled = signal.sigtimedwait(_WATCHED, 0.25)
                if signalled is not None and signalled.si_signo != signal.SIGCHLD:
                    return
        finally:
            for role in _STOP_ORDER:
                self._stop(role)

    def _keep(self, role: Role) -> None:
        kept, now = self._roles[role], self.monotonic()
        if kept.process is not None:
            status = kept.process.poll()
            if status is None:
                return
            kept.process = None
            if now - kept.started > _CALM_SECONDS:
                kept.pause = _FIRST_PAUSE
            kept.due = now + kept.pause
            kept.pause = min(kept.pause * 2, _LONGEST_PAUSE)
            self.report("role-ended", role, f"status {status}")
        if now >= kept.due:
            kept.process = subprocess.Popen(self.command(role), env=_environment(role), preexec_fn=_unblock)  # noqa: PLW1509 - single-threaded
            kept.started = now
            self.report("role-started", role, f"pid {kept.process.pid}")

    def _stop(self, role: Role) -> None:
        process = self._roles[role].process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(self.drain_seconds)
            self.report("role-stopped", role, f"status {process.returncode}")
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.report("role-killed", role, f"did not drain within {self.drain_seconds:.0f} s")


def _environment(role: Role) -> dict[str, str] | None:
    """What a role is told besides its command; ``None``: all that we were told."""
    if role is not Role.VERIFY:
        return None
    return {name: value for name, value in os.environ.items() if _PLAIN.fullmatch(name)}


def _unblock() -> None:
    """A child must hear the signals that its parent takes with sigtimedwait."""
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
