# SPDX-License-Identifier: EUPL-1.2
"""The parent of the workers: forks them, replaces each that ends, and all of them when trust data changed.

It never touches a bundle. Workers that end in disorder before they take one have no bundle to blame: they are replaced
ever more slowly, and several in a row end the role, for its keeper to start it anew with a socket of its own.
"""

import contextlib
import mmap
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.confinement import WorkerLimits
from gateway.doorbell import file_identity, remove_own
from gateway.errors import GatewayFault
from gateway.workers.worker import Examine, serve

_WATCHED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
_MAX_FAULTS = 5


@dataclass(slots=True)
class _Faults:
    """Workers in a row that ended in disorder before they took a bundle. Owned by the pool's loop."""

    pause: float  # seconds after the first; doubled with each further one
    row: int = 0
    last: int = 0  # its exit status, or minus the signal that ended it
    _until: float = 0.0

    def note(self, status: int, *, begun: bool) -> None:
        if begun or status == 0:
            self.row = 0
            return
        self._until = time.monotonic() + self.pause * 2**self.row
        self.row, self.last = self.row + 1, status

    def pausing(self) -> bool:
        return self.row > 0 and time.monotonic() < self._until


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
    _begun: dict[int, mmap.mmap] = field(default_factory=dict, init=False)  # by child: did it take a bundle?

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
            faults = _Faults(look_every)
            while faults.row < _MAX_FAULTS:
                while len(serving) < self.workers and not faults.pausing():
                    serving.add(self._fork(listener, examine))
                signalled = signal.sigtimedwait(_WATCHED, look_every)
                if signalled is not None and signalled.si_signo != signal.SIGCHLD:
                    break
                for child, status in _reap():
                    serving.discard(child)
                    with self._begun.pop(child) as begun:
                        faults.note(status, begun=begun[0] != 0)
                fresh = self.fingerprint()
                if fresh != state:
                    # New CRLs must reach the very next bundle: build first, then let the old workers go.
                    state, examine = fresh, self.prepare()
                    _signal_all(serving)
                    serving.clear()
            remove_own(self.path, made)
        _signal_all(serving)
        _wait_for_all()
        if faults.row >= _MAX_FAULTS:
            raise GatewayFault(
                f"verification workers cannot start: {faults.row} in a row ended before they took a bundle, "
                f"the last with status {faults.last}",
                hint="see the last lines of the log for the reason",
            )

    def _fork(self, listener: socket.socket, examine: Examine) -> int:
        begun = mmap.mmap(-1, mmap.PAGESIZE)  # outlives the worker, whatever ends it
        child = os.fork()
        if child:
            begun.madvise(mmap.MADV_DONTFORK)  # no worker can make the mark of another
            self._begun[child] = begun
            return child
        status = 1
        try:
            status = serve(listener, examine, self.limits, begun)
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
