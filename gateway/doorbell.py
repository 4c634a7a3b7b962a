# SPDX-License-Identifier: EUPL-1.2
"""Tells another role that the journal has something new for it.

A bell is a hint and may be lost; the journal row is the queue. Whoever waits also looks by itself every
``patience`` seconds, so a lost ring costs time and never a dossier.
Mechanism: one UNIX datagram socket per role; the empty datagram is the whole message. It lies in a directory of the
role's own below the run directory: were it one for all, a role that is taken over could wait for another's restart and
put a socket of its own into the other's place.
"""

import asyncio
import contextlib
import socket
from enum import StrEnum
from pathlib import Path

_MOST_AT_ONCE = (
    64  # datagrams; more are heard at the loop's next turn, so nobody can keep it busy with ringing
)


class Role(StrEnum):
    """The processes of the gateway; README says which of them has which key."""

    RECEIVE = "receive"
    VERIFY = "verify"
    PUBLISH = "publish"
    DELIVER = "deliver"
    REFRESH = "refresh"


def place_of(run_directory: Path, role: Role) -> Path:
    """Where a role puts its sockets and its lock; no other role may write there."""
    return run_directory / role


def bell_of(run_directory: Path, role: Role) -> Path:
    """The bell's socket."""
    return place_of(run_directory, role) / "bell"


def ring(run_directory: Path, *roles: Role) -> None:
    """Ring without having a bell; a role that is not there, or whose bell is already ringing, is no error."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        for role in roles:
            with contextlib.suppress(OSError):
                sock.sendto(b"", str(bell_of(run_directory, role)))


def file_identity(path: Path) -> tuple[int, int]:
    """What tells the socket file we made from one that a successor put in its place."""
    status = path.lstat()
    return status.st_dev, status.st_ino


def remove_own(path: Path, made: tuple[int, int]) -> None:
    """Remove the socket file ``made``; a role that ends slowly must not take its successor's away."""
    with contextlib.suppress(FileNotFoundError):
        if file_identity(path) == made:
            path.unlink()


class Doorbell:
    """The bells of all roles in one directory, heard by one of them. Owned by the role's event loop."""

    def __init__(self, run_directory: Path, listener: Role) -> None:
        self._directory = run_directory
        self._listener = listener
        self._socket: socket.socket | None = None
        self._made = (0, 0)
        self._rung = asyncio.Event()  # replaced at every ring: whoever waits holds the one that will be set
        self._count = 0  # rings heard

    async def listen(self) -> None:
        """Start to hear; replaces a socket file that a dead predecessor left."""
        path = self._path
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        sock.bind(str(path))
        path.chmod(0o660)
        self._made = file_identity(path)
        self._socket = sock
        asyncio.get_running_loop().add_reader(sock.fileno(), self._drain)

    def close(self) -> None:
        """Stop hearing."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
            remove_own(self._path, self._made)

    def ring(self, *roles: Role) -> None:
        """Ring; a role that is not there, or whose bell is already ringing, is no error."""
        ring(self._directory, *roles)

    async def wait(self, patience: float, *, seen: int) -> int:
        """Wait for a ring after ``seen`` (a value this method returned) or ``patience`` seconds; returns the new count."""
        rung = self._rung
        if self._count == seen:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await rung.wait()
        return self._count

    @property
    def count(self) -> int:
        """Rings heard so far; take it before looking at the journal, so no ring between look and wait is missed."""
        return self._count

    @property
    def _path(self) -> Path:
        return bell_of(self._directory, self._listener)

    def _drain(self) -> None:
        sock = self._socket
        if sock is None:
            return
        with contextlib.suppress(BlockingIOError):
            for _ in range(_MOST_AT_ONCE):
                sock.recv(1)
                self._count += 1
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()
