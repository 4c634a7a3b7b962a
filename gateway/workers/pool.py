# SPDX-License-Identifier: EUPL-1.2
"""The parent of the workers: forks them, replaces each that ends, and all of them when trust data changed.

It never touches a bundle.
"""

import contextlib
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.confinement import WorkerLimits
from gateway.doorbell import file_identity, remove_own
from gateway.errors import GatewayFault
from gateway.workers.worker import NOT_CONFINED, Examine, serve

_WATCHED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
_MAX_FAULTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPool:
    """The ``verify`` role. ``prepare`` builds what workers inherit and tells when that must be built anew.

    ``prepare()`` returns ``examine``; ``fingerprint()`` changes when anchors, CRLs or rules on disk changed.
    """

    path: Path
    workers: int
    limits: WorkerLimits
    prepare: Callable[[], Examine]
    fingerprint: Callable[[], object]

    def run(self, *, look_every: float = 1.0) -> None:
        """Serve until SIGTERM or SIGINT; then let busy workers finish their bundle."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)  # taken with sigtimedwait: none is lost
        self.path.parent.mkdir(exist_ok=True)
        self.path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as listener:
            listener.bind(str(self.path))
            self.path.chmod(0o660)
            made = file_identity(self.path)
            listener.listen(1024)
            state, examine = self.fingerprint(), self.prepare()
            serving: set[int] = set()  # children that take bundles under the present state
            faults = 0  # workers in a row that ended before they served
            while faults < _MAX_FAULTS:
                while len(serving) < self.workers:
                    serving.add(self._fork(listener, examine))
                signalled = signal.sigtimedwait(_WATCHED, look_every)
                if signalled is not None and signalled.si_signo != signal.SIGCHLD:
                    break
                for child, status in _reap():
                    serving.discard(child)
                    faults = faults + 1 if status == NOT_CONFINED else 0
                fresh = self.fingerprint()
                if fresh != state:
                    # New CRLs must reach the very next bundle: build first, then let the old workers go.
                    state, examine = fresh, self.prepare()
                    _signal_all(serving)
                    serving.clear()
            remove_own(self.path, made)
        _signal_all(serving)
        _wait_for_all()
        if faults >= _MAX_FAULTS:
            raise GatewayFault(
                "verification workers cannot start", hint="see the last lines of the log for the reason"
            )

    def _fork(self, listener: socket.socket, examine: Examine) -> int:
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            status = serve(listener, examine, self.limits)
        finally:
            os._exit(status)  # never run the parent's clean-up in a child


def _reap() -> list[tuple[int, int]]:
    ended = []
    with contextlib.suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                break
            ended.append((child, os.waitstatus_to_exitcode(status)))
    return ended


def _wait_for_all() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _signal_all(children: set[int]) -> None:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
