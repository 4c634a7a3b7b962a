# SPDX-License-Identifier: EUPL-1.2
"""Accepts connections and sees them through the TLS handshake, with a bound on those that have not finished it.

asyncio's own server takes any number of connections that never say a word, each for the whole handshake deadline:
without a certificate anybody could use up our descriptors. Here the oldest unfinished handshake makes room for the
next, so an honest one, which takes some hundredths of a second, gets through in a flood.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.policy import TransferPolicy
from gateway.telemetry import EventLog
from gateway.web.tls import ServerTls

_BACKLOG = 512
_TLS_SHUTDOWN_SECONDS = 5.0
_BREATH_SECONDS = 0.1  # after an accept for which there was no descriptor
# The peer left before we looked; any other fault of accept means that there is no room for another socket.
_GONE = {errno.ECONNABORTED, errno.EPROTO, errno.EINTR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """How connections are secured; ``tls`` is ``None`` for plain ones."""

    tls: ServerTls | None
    transfer: TransferPolicy


class Listener:
    """Listening sockets at work. Owned by the event loop."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        welcome: Callable[[], asyncio.Protocol],
        secured: Secured,
        events: EventLog,
    ) -> None:
        self.sockets, self._welcome, self._events = tuple(sockets), welcome, events
        self._limit, self._options = secured.transfer.max_handshakes, _options(secured)
        self._greetings: dict[asyncio.Task[None], None] = {}  # in the order they began
        for one in self.sockets:
            one.setblocking(False)
        self._accepting = [asyncio.create_task(self._accept(one)) for one in self.sockets]

    @property
    def unfinished(self) -> int:
        """Connections whose handshake is under way."""
        return len(self._greetings)

    async def close(self) -> None:
        """Accept nothing more; unfinished handshakes end."""
        for tasks in (self._accepting, self._greetings):
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for one in self.sockets:
            one.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError as error:
                if error.errno not in _GONE:
                    self._events.failure("accept-failed", error, unfinished=self.unfinished)
                    self._drop_oldest()
                    await asyncio.sleep(_BREATH_SECONDS)
                continue
            if len(self._greetings) >= self._limit:
                self._drop_oldest()
            task = asyncio.create_task(self._greet(connection))
            self._greetings[task] = None
            task.add_done_callback(lambda done: self._greetings.pop(done, None))
            # ``sock_accept`` does not wait while somebody is waiting: in a flood nothing else would ever run.
            await asyncio.sleep(0)

    def _drop_oldest(self) -> None:
        oldest = next(iter(self._greetings), None)
        if oldest is not None:
            del self._greetings[oldest]
            oldest.cancel()

    async def _greet(self, connection: socket.socket) -> None:
        """From here on the connection belongs to its transport, which closes it on every way out."""
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._welcome, connection, **self._options
            )
        except (OSError, ssl.SSLError):
            return  # refused, left or late: a handshake that failed is nothing anybody has to look at


def _options(secured: Secured) -> dict[str, Any]:
    if secured.tls is None:
        return {}
    return {
        "ssl": secured.tls.context,
        "ssl_handshake_timeout": secured.transfer.handshake_seconds,
        "ssl_shutdown_timeout": _TLS_SHUTDOWN_SECONDS,
    }


async def bound_sockets(host: str, port: int) -> tuple[socket.socket, ...]:
    """Listening sockets on every address of ``host``. Raises ``OSError``; none stays open then."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            sockets.append(socket.create_server(address[:2], family=family, backlog=_BACKLOG))
    except OSError:
        for one in sockets:
            one.close()
        raise
    return tuple(sockets)
