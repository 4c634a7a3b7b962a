# SPDX-License-Identifier: EUPL-1.2
"""One connection with a header deadline, one identity, and refusals that need no request.

aiohttp leaves a connection open that never sends a whole header; here every connection must have sent one
``header_seconds`` after it was accepted, and again after each first byte of a further request.
Parser errors are answered from here as problem+json and the connection is closed: after them nobody knows where the
next request would start.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion10, HttpVersion11
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

from gateway.codes import Code
from gateway.policy import TransferPolicy
from gateway.telemetry import EventLog
from gateway.web.identity import Peer, read_peer

_T = TypeVar("_T")
RequestFactory = Callable[
    [
        RawRequestMessage,
        StreamReader,
        web.RequestHandler,
        AbstractStreamWriter,
        "asyncio.Task[None]",
    ],
    web.BaseRequest,
]


class Gate:
    """What all connections of one listener share. Owned by the event loop."""

    def __init__(self, policy: TransferPolicy, refusal: Callable[[Code], bytes], events: EventLog) -> None:
        self.policy, self.refusal, self.events = policy, refusal, events
        self.open: set[GuardedConnection] = set()
        self.of_certificate: Counter[str] = Counter()  # open connections by the SHA-256 of what they showed
        self.stopping = asyncio.Event()
        self._quiet = asyncio.Event()

    def refuses(self, peer: Peer | None) -> Code | None:
        """Why one more connection cannot be taken. One certificate leaves room for others: slow ones are free to hold."""
        policy = self.policy
        if self.stopping.is_set() or len(self.open) >= policy.max_connections:
            return Code.SERVICE_UNAVAILABLE
        if peer is not None and self.of_certificate[peer.sha256] >= policy.max_connections_per_partner:
            return Code.TOO_MANY_REQUESTS
        return None

    def enter(self, connection: "GuardedConnection") -> None:
        """Count a connection."""
        self.open.add(connection)
        if connection.peer is not None:
            self.of_certificate[connection.peer.sha256] += 1

    def leave(self, connection: "GuardedConnection") -> None:
        """It is gone. A connection that never entered changes nothing."""
        if connection not in self.open:
            return
        self.open.remove(connection)
        if connection.peer is not None:
            self.of_certificate[connection.peer.sha256] -= 1
            if not self.of_certificate[connection.peer.sha256]:
                del self.of_certificate[connection.peer.sha256]

    def settle(self) -> None:
        """Notice that no request is running any more."""
        if self.stopping.is_set() and not any(c.busy for c in self.open):
            self._quiet.set()

    async def drain(self, grace: float) -> None:
        """Close what is idle, let running requests end for at most ``grace`` seconds."""
        self.stopping.set()
        for connection in list(self.open):
            if not connection.busy:
                connection.force_close()
        self.settle()
        try:
            async with asyncio.timeout(grace):
                await self._quiet.wait()
        except TimeoutError:
            self.events.warning("drain-timeout", requests=sum(c.busy for c in self.open))


class GuardedConnection(web.RequestHandler):
    """aiohttp's connection with our deadlines."""

    def __init__(self, server: web.Server, gate: Gate) -> None:
        self._gate = gate
        loop = asyncio.get_running_loop()
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=gate.policy.keepalive_seconds,
            access_log=None,  # type: ignore[arg-type]  # None is taken and means none; our own line is written by answering
            lingering_time=gate.policy.linger_seconds,
            read_bufsize=_READ_BUFFER,
            # A body is what was sent: an inflating parser would turn 48 kB into 50 MB behind our byte counter.
            auto_decompress=False,
        )
        self.peer: Peer | None = None
        self.version_refused = False
        self.busy = False  # between a request's header and the end of its answer
        self.gone = asyncio.Event()
        # asyncio makes the protocol when it accepts, so the time of the TLS handshake counts too.
        self._header_due = loop.time() + gate.policy.header_seconds
        self._header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the identity of the handshake; refuse if there are too many of us."""
        gate, wire = self._gate, cast(asyncio.Transport, transport)
        tls = wire.get_extra_info("ssl_object")
        self.peer = read_peer(tls.getpeercert(binary_form=True) if tls is not None else None)
        refusal = gate.refuses(self.peer)
        if refusal is not None:
            wire.write(gate.refusal(refusal))
            wire.close()
            self.force_close()
            return
        gate.enter(self)
        super().connection_made(transport)
        self._header_timer = self._loop.call_at(self._header_due, self._header_late)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wake whoever works for a caller that is not there any more."""
        self._stop_timer()
        self.gone.set()
        self._gate.leave(self)
        super().connection_lost(exc)
        self._gate.settle()

    def data_received(self, data: bytes) -> None:
        """The first byte of a further request starts its header deadline."""
        if data and not self.busy and self._header_timer is None and self.transport is not None:
            self._header_timer = self._loop.call_later(self._gate.policy.header_seconds, self._header_late)
        super().data_received(data)

    def request_begun(self) -> None:
        """A whole header is there."""
        self._stop_timer()
        self.busy = True

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the rest of the answer; the connection is idle then."""
        if self._gate.stopping.is_set() and not resp.prepared:
            resp.force_close()
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self.busy = False
            self._gate.settle()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's signature; it quotes the caller's bytes, so it is not used
    ) -> web.StreamResponse:
        """Answer a request that could not be read, or a fault of ours outside of any handler, and close."""
        code = Code.REQUEST_MALFORMED if status == web.HTTPBadRequest.status_code else Code.INTERNAL_ERROR
        if code is Code.INTERNAL_ERROR and exc is not None and not isinstance(exc, ConnectionError):
            self._gate.events.failure("connection-failed", exc)
        if self.transport is not None and request.writer.output_size == 0:
            self.transport.write(self._gate.refusal(code))
        if self.transport is not None:
            self.transport.close()
        # aiohttp wants an answer to write; it finds the transport closing and gives up, which is meant.
        answer = web.Response(status=status)
        answer.force_close()
        return answer

    def log_exception(self, *args: object, **kw: object) -> None:  # noqa: ARG002 - they quote the caller
        """What aiohttp itself complains about: type and place only."""
        error = kw.get("exc_info")
        if isinstance(error, BaseException) and not isinstance(error, ConnectionError):
            self._gate.events.failure("connection-failed", error)

    async def unless_gone(self, work: Awaitable[_T]) -> _T | None:
        """The result of ``work``; ``None`` if the caller left or the server stops before it is there."""
        task = asyncio.ensure_future(work)
        signs = [asyncio.ensure_future(self.gone.wait()), asyncio.ensure_future(self._gate.stopping.wait())]
        try:
            await asyncio.wait([task, *signs], return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            for one in (task, *signs):
                one.cancel()
            await asyncio.gather(task, *signs, return_exceptions=True)

    def abort(self) -> None:
        """Break off: whoever reads must not take a part for the whole."""
        if self.transport is not None:
            self.transport.abort()

    def _header_late(self) -> None:
        self._header_timer = None
        if not self.busy:
            self.force_close()

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None


_READ_BUFFER = 256 * 1024  # bytes; what asyncio's TLS hands over at once


def connection_of(request: web.BaseRequest) -> GuardedConnection:
    """The connection a request came on. It stays there when the transport is gone."""
    connection = request.protocol
    if not isinstance(connection, GuardedConnection):
        raise TypeError("expected a connection made by start_server")
    return connection


def noting_requests(make: RequestFactory) -> RequestFactory:
    """A request factory that tells the connection when a header is complete, and which version it named.

    aiohttp answers ``HTTP/2.0`` with ``HTTP/2.0 200``. The request goes on as 1.1 and is refused at admission.
    """

    def note(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        if isinstance(protocol, GuardedConnection):
            protocol.request_begun()
            if message.version not in {HttpVersion10, HttpVersion11}:
                protocol.version_refused = True
                message = message._replace(version=HttpVersion11, should_close=True)
        return make(message, payload, protocol, writer, task)

    return note
