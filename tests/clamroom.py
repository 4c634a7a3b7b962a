# SPDX-License-Identifier: EUPL-1.2
"""clamd for tests: the real one with signatures of ours, and one that speaks as it is told.

The database is made here and holds one signature, for the EICAR test file; nothing is fetched. It is an unsigned
container of ClamAV's own format (``daily.cud``), because clamd takes version and date of its signatures from nothing else.
"""

import contextlib
import hashlib
import io
import os
import shutil
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.scanning import Clamd, ClamdSettings
from gateway.telemetry import EventLog

CLAMD = shutil.which("clamd", path=os.environ.get("PATH", "") + ":/usr/sbin")
needs_clamd = pytest.mark.skipif(
    CLAMD is None, reason="clamd is not installed: apt-get install clamav-daemon"
)

SIGNATURE = "Amtsbote.Test.EICAR"
_NDB = f"{SIGNATURE}:0:*:{b'-'.join([b'STANDARD', b'ANTIVIRUS', b'TEST']).hex()}\n".encode()
_OTHER_NDB = b"Amtsbote.Test.Other:0:*:00112233445566778899aabbccddeeff\n"
_START_SECONDS = 60.0

OPTIONS = {"AlertExceedsMax": "yes", "AlertEncrypted": "yes", "MaxFileSize": "4M", "StreamMaxLength": "8M"}


def database(made: datetime, *, knows_eicar: bool = True) -> bytes:
    """A ``daily.cud`` of that moment."""
    files = {"daily.ndb": _NDB if knows_eicar else _OTHER_NDB}
    stamp = f"{made:%d %b %Y %H-%M +0000}:27800:1:216"
    end = f"X:tests:{int(made.timestamp())}"
    info = f"ClamAV-VDB:{stamp}:X:{end}\n" + "".join(
        f"{name}:{len(data)}:{hashlib.sha256(data).hexdigest()}\n" for name, data in files.items()
    )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in {"COPYING": b"none\n", "daily.info": info.encode(), **files}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    checksum = hashlib.md5(packed.getvalue()).hexdigest()
    return f"ClamAV-VDB:{stamp}:{checksum}:{end}".encode().ljust(512) + packed.getvalue()


class RealClamd:
    """A daemon of its own in a directory. ``start`` and ``stop`` as often as wanted."""

    def __init__(self, directory: Path, data: bytes | None = None, **options: str) -> None:
        self.directory, self.socket = directory, directory / "clamd.ctl"
        self.process: subprocess.Popen[bytes] | None = None
        for name in ("db", "tmp"):
            (directory / name).mkdir(parents=True)
        self.install(data or database(datetime.now(UTC)))
        settings = {
            "LocalSocket": self.socket,
            "DatabaseDirectory": directory / "db",
            "TemporaryDirectory": directory / "tmp",
            "Foreground": "yes",
            **OPTIONS,
            **options,
        }
        (directory / "clamd.conf").write_text("".join(f"{k} {v}\n" for k, v in settings.items() if v))

    def install(self, data: bytes, name: str = "daily.cud") -> None:
        """Signatures; loaded at the next start."""
        (self.directory / "db" / name).write_bytes(data)

    def start(self) -> "RealClamd":
        """Run it and wait until it takes a connection."""
        self.socket.unlink(missing_ok=True)
        with (self.directory / "clamd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [CLAMD, "-c", self.directory / "clamd.conf", "--foreground"], stdout=log, stderr=log
            )
        end = time.monotonic() + _START_SECONDS
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.directory / "clamd.log").read_text())
            time.sleep(0.01)
        return self

    def kill(self) -> None:
        """As if it had crashed."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def session(self) -> socket.socket:
        """A plain connection, as anybody on the machine may open it."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(30)
        connection.connect(str(self.socket))
        return connection

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0


@contextlib.contextmanager
def real_clamd(directory: Path, data: bytes | None = None, **options: str) -> Iterator[RealClamd]:
    """It runs, and surely does not at the end."""
    clamd = RealClamd(directory, data, **options)
    try:
        yield clamd.start()
    finally:
        clamd.kill()


class Lines:
    """What the operator reads."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.log = EventLog(self.out, lambda: datetime.now(UTC), role="receive")

    def reasons(self) -> list[str]:
        """Of ``scanner.unavailable``."""
        return [
            line.split('"reason":"')[1].split('"')[0]
            for line in self.out.getvalue().splitlines()
            if "reason" in line
        ]


def receiver_of(
    path: Path, *, lines: Lines | None = None, now: datetime | None = None, **settings: object
) -> Clamd:
    """The receive role's half of the scanner at that socket."""
    values = {
        "seconds": 30,
        "max_file_bytes": 16 << 20,
        "max_database_age": timedelta(days=7),
        **settings,
    }
    return Clamd(
        ClamdSettings(socket=path, **values),
        events=(lines or Lines()).log,
        clock=lambda: now or datetime.now(UTC),
    )


class FakeClamd:
    """Listens as clamd does; each connection is answered by the next act. The last act serves all that come after."""

    def __init__(self, path: Path, *acts: Callable[[socket.socket], object]) -> None:
        self.path, self._acts = path, acts
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(100)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Nobody listens any more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        number = 0
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                act = self._acts[min(number, len(self._acts) - 1)]
                number += 1
                threading.Thread(target=self._answer, args=(act, connection), daemon=True).start()

    def _answer(self, act: Callable[[socket.socket], object], connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            act(connection)
