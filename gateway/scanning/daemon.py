# SPDX-License-Identifier: EUPL-1.2
"""clamd as the receive role knows it: opens a session for each bundle, and finds out whether a verdict would be worth anything.

For each bundle: it answers, and its signatures are not older than allowed. Once a minute, and whenever the signatures
changed or a scan went wrong: it finds what it must find (``probes``). All without holding a thread of this process
for a bundle, except for the probes, which all bundles wait for together.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from gateway.codes import Code
from gateway.model.evidence import Clock
from gateway.model.scan import ScannerFault, ScannerUnavailable, ScanTerms, Suspect
from gateway.ports import OpenScan
from gateway.scanning import dialect
from gateway.scanning.dialect import Version
from gateway.scanning.probes import EXPECTED, probes
from gateway.scanning.screen import ClamdScreen
from gateway.telemetry import EventLog

_OPEN_SECONDS = 5.0  # clamd is on this machine; it is silent for longer only while it loads its signatures
_PROBE_SECONDS = 10
_PROVEN_SECONDS = 60.0  # a daemon that was started anew may have other options

_WAYS_OUT: Mapping[ScannerFault, str] = MappingProxyType(
    {
        ScannerFault.NOT_REACHABLE: "start clamd, and let the receive role reach scan.socket",
        ScannerFault.TOO_SLOW: "give clamd time to load its signatures, or raise scan.seconds and MaxScanTime in clamd.conf",
        ScannerFault.STREAM_CUT: "set StreamMaxLength in clamd.conf to at least scan.max_file_mib",
        ScannerFault.FINDS_NOTHING: "give clamd its signatures: freshclam",
        ScannerFault.HIDES_LIMITS: "set AlertExceedsMax yes in clamd.conf",
        ScannerFault.HIDES_ENCRYPTION: "set AlertEncrypted yes in clamd.conf",
        ScannerFault.DATABASE_TOO_OLD: "see why freshclam does not bring new signatures",
        ScannerFault.DATABASE_UNDATED: "give clamd the official signatures, or set scan.max_database_age_hours = 0",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClamdSettings:
    """How clamd is reached and what is asked of it."""

    socket: Path
    seconds: int  # for all files of one bundle
    max_file_bytes: int
    max_database_age: timedelta  # zero: never too old


class Clamd:
    """The ``Scanner`` of the receive role. Used from its event loop only."""

    def __init__(
        self,
        settings: ClamdSettings,
        *,
        events: EventLog,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._events, self._clock, self._monotonic = settings, events, clock, monotonic
        self._proven: tuple[Version, float] | None = None  # who passed the probes, and until when that counts
        self._proof: asyncio.Task[None] | None = None  # bundles that come meanwhile wait for the same one
        self._state: ScannerFault | Version | None = None

    async def open(self) -> OpenScan:
        """A session for one bundle; whoever takes it closes its connection. Raises ``ScannerUnavailable``."""
        try:
            connection, version = await self._session()
            try:
                await self._require_proof(version)
            except BaseException:
                connection.close()
                raise
        except ScannerUnavailable as unavailable:
            self._tell(unavailable.fault)
            raise
        self._tell(version)
        return OpenScan(connection=connection, terms=self._terms(version, self._settings.seconds))

    async def check(self) -> bool:
        """Would it take a bundle now?"""
        try:
            opened = await self.open()
        except ScannerUnavailable:
            return False
        opened.connection.close()
        return True

    def failed(self, fault: ScannerFault) -> None:
        """A scan that was opened here had no end. The daemon has to prove itself again."""
        self._proven = None
        self._tell(fault)

    @property
    def ready(self) -> bool:
        """Was it fit for service when somebody last looked?"""
        return isinstance(self._state, Version)

    async def _session(self) -> tuple[socket.socket, Version]:
        """A new session, past its first question."""
        connection = socket.socket(
            socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        )
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                version = await self._greeted(connection)
            self._require_age(version)
        except TimeoutError as error:
            connection.close()
            raise ScannerUnavailable(ScannerFault.TOO_SLOW) from error
        except OSError as error:
            connection.close()
            raise ScannerUnavailable(ScannerFault.BROKE_OFF) from error
        except BaseException:
            connection.close()
            raise
        return connection, version

    async def _greeted(self, connection: socket.socket) -> Version:
        loop, answer = asyncio.get_running_loop(), b""
        try:
            await loop.sock_connect(connection, str(self._settings.socket))
        except OSError as error:
            raise ScannerUnavailable(ScannerFault.NOT_REACHABLE) from error
        await loop.sock_sendall(connection, dialect.SESSION_AND_VERSION)
        while not answer.endswith(b"\0"):
            piece = await loop.sock_recv(connection, dialect.MAX_ANSWER)
            if not piece:
                raise ScannerUnavailable(ScannerFault.BROKE_OFF)
            answer += piece
            if len(answer) > dialect.MAX_ANSWER:
                raise ScannerUnavailable(ScannerFault.NOT_UNDERSTOOD)
        return dialect.version_in(dialect.answer_to(1, answer[:-1]))

    def _require_age(self, version: Version) -> None:
        limit = self._settings.max_database_age
        if not limit:
            return
        if version.database_date is None:
            raise ScannerUnavailable(ScannerFault.DATABASE_UNDATED)
        if self._clock() - version.database_date > limit:
            raise ScannerUnavailable(ScannerFault.DATABASE_TOO_OLD)

    async def _require_proof(self, version: Version) -> None:
        if self._proven is not None and self._proven[0] == version and self._monotonic() < self._proven[1]:
            return
        if self._proof is None or self._proof.done():
            self._proof = asyncio.create_task(self._prove())
            self._proof.add_done_callback(_seen)
        await asyncio.shield(self._proof)

    async def _prove(self) -> None:
        self._proven = None
        connection, version = await self._session()
        with connection:
            await asyncio.to_thread(_prove, connection, self._terms(version, _PROBE_SECONDS))
        self._proven = (version, self._monotonic() + _PROVEN_SECONDS)

    def _terms(self, version: Version, seconds: int) -> ScanTerms:
        return ScanTerms(
            engine=version.engine,
            database=version.database,
            database_date=version.database_date,
            asked=1,
            seconds=seconds,
            max_file_bytes=self._settings.max_file_bytes,
        )

    def _tell(self, state: ScannerFault | Version) -> None:
        """One line for the operator whenever something changed."""
        if state == self._state:
            return
        self._state = state
        if isinstance(state, Version):
            date = state.database_date
            self._events.info(
                "scanner.ready",
                engine=state.engine,
                database=state.database,
                database_date=None if date is None else date.isoformat(),
            )
        else:
            self._events.error("scanner.unavailable", reason=state.value, fix=_WAYS_OUT.get(state))


def _seen(proof: asyncio.Task[None]) -> None:
    """Every bundle that waited for it may be gone by now; its outcome is then nobody's."""
    if not proof.cancelled():
        proof.exception()


def _prove(connection: socket.socket, terms: ScanTerms) -> None:
    """Raises ``ScannerUnavailable`` with what the first probe shows that was not called what it is."""
    suspects = [Suspect(name=name, size=len(data), chunks=(data,)) for name, data in probes().items()]
    called: dict[str, Code] = {
        f.place: f.code for f in ClamdScreen(connection, terms).screen(suspects).findings
    }
    for name, (expected, fault) in EXPECTED.items():
        if called.get(name) is not expected:
            raise ScannerUnavailable(fault)
