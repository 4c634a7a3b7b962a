# SPDX-License-Identifier: EUPL-1.2
"""Listening: an address or an inherited socket, mutual TLS, deadlines, and an end that loses nothing.

``TCPSite`` of aiohttp cannot bound the TLS handshake (asyncio's default is 60 s), so the listener is our own
(``listening``). Leaves out what is served (``app``).
"""

import asyncio
import contextlib
import os
import socket
import sys
from dataclasses import dataclass

from aiohttp import http_parser, web

from gateway.errors import AmtsboteError, ConfigInvalid, GatewayFault
from gateway.policy import TransferPolicy
from gateway.telemetry import EventLog
from gateway.web.connection import Gate, GuardedConnection, noting_requests
from gateway.web.listening import Listener, Secured, bound_sockets
from gateway.web.problem import Problems
from gateway.web.tls import ServerTls

_RELOAD_SECONDS = 30.0  # how old a changed CRL may be before it counts


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A listener at work."""

    _listener: Listener
    _runner: web.AppRunner
    _gate: Gate
    _reloading: "asyncio.Task[None] | None"

    @property
    def port(self) -> int:
        """The TCP port (the one the system chose, where 0 was asked for)."""
        return int(self._listener.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._gate.open)

    @property
    def handshakes(self) -> int:
        """Connections that have not finished their TLS handshake."""
        return self._listener.unfinished

    async def stop(self, grace: float = 30.0) -> None:
        """Accept nothing new, let running requests end for at most ``grace`` seconds, close."""
        if self._reloading is not None:
            self._reloading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reloading
        await self._listener.close()
        await self._gate.drain(grace)
        # Only now aiohttp's own clean-up: it stops reading on every connection, uploads in flight included.
        await self._runner.cleanup()


async def start_server(
    app: web.Application,
    *,
    transfer: TransferPolicy,
    problems: Problems,
    events: EventLog,
    tls: ServerTls | None,
    sock: socket.socket | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> RunningServer:
    """Serve ``app`` on ``sock`` (inherited from systemd) or on ``host:port``. ``tls`` is ``None`` for health alone.

    Without a client certificate every route of ``app`` refuses, so serving it without ``tls`` opens nothing.
    Raises ``GatewayFault`` where the interpreter or aiohttp run in a way we do not trust.
    """
    _trust_runtime()
    gate = Gate(transfer, problems.raw, events)
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    server = runner.server
    if server is None:
        raise GatewayFault("the HTTP server was not set up")
    server.request_factory = noting_requests(server.request_factory)
    sockets = (sock,) if sock is not None else await _sockets(host, port)
    secured = Secured(tls=tls, transfer=transfer)
    listener = Listener(sockets, lambda: GuardedConnection(server, gate), secured, events)
    reloading = asyncio.create_task(_keep_current(tls, events)) if tls is not None else None
    return RunningServer(_listener=listener, _runner=runner, _gate=gate, _reloading=reloading)


async def _sockets(host: str, port: int) -> tuple[socket.socket, ...]:
    try:
        return await bound_sockets(host, port)
    except OSError as error:
        raise ConfigInvalid(
            [f"listen: {host}:{port}: {os.strerror(error.errno or 0)}"],
            hint="does another program listen there, another gateway perhaps?",
        ) from error


async def _keep_current(tls: ServerTls, events: EventLog) -> None:
    while True:
        await asyncio.sleep(_RELOAD_SECONDS)
        try:
            if await asyncio.to_thread(tls.reload):  # a long list takes a while to read
                events.info("client-crls-reloaded")
        except (AmtsboteError, OSError) as error:
            # The old lists stay in force until their own end; then handshakes fail closed.
            events.failure("client-crls-unreadable", error)


def _trust_runtime() -> None:
    """Several fixed attacks hit aiohttp's pure-Python parser only, or code whose asserts ``-O`` removes."""
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise GatewayFault(
            "aiohttp runs with its pure-Python parser", hint="install the wheel with compiled extensions"
        )
    if sys.flags.optimize:
        raise GatewayFault("python runs with -O", hint="start without -O and PYTHONOPTIMIZE")
