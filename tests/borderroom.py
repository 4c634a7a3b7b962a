# SPDX-License-Identifier: EUPL-1.2
"""Routes and a caller for the tests of the border: who is let in, and what reaches a handler."""

import asyncio
import ssl

from aiohttp import web
from webroom import CLOSE

from gateway.model.partner import Authority, Chamber
from gateway.web.admission import Demand
from gateway.web.limits import body_chunks
from gateway.web.request_head import BUNDLE_MEDIA_TYPE, Body
from gateway.web.routes import Route

GET = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n"
LIMIT = 100_000
POST = f"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: {BUNDLE_MEDIA_TYPE}\r\n".encode()
CHAMBERS = b"GET /chambers HTTP/1.1\r\nHost: localhost\r\n"


async def hello(call):
    return web.Response(text=call.partner.id)


ROUTES = [
    Route(method="GET", path="/hello", demand=Demand(name="/hello"), handle=hello),
    Route(method="GET", path="/chambers", demand=Demand(name="/chambers", role=Chamber), handle=hello),
    Route(
        method="GET", path="/authorities", demand=Demand(name="/authorities", role=Authority), handle=hello
    ),
]


async def handshake_fails(gateway, context: ssl.SSLContext) -> bool:
    """TLS 1.3 tells a client on its first read only."""
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", gateway.server.port, ssl=context, server_hostname="localhost"
        )
        writer.write(GET + CLOSE)
        await writer.drain()
        async with asyncio.timeout(10):
            got = await reader.read()
        writer.close()
    except (ssl.SSLError, ConnectionError):
        return True
    return got == b""


class Counting:
    """Handlers that note what reached them."""

    def __init__(self):
        self.bodies, self.running, self.most = [], 0, 0
        self.hold = None

    async def upload(self, call):
        chunks = [c async for c in body_chunks(call.request, limit=LIMIT, pace=call.pace)]
        self.bodies.append(b"".join(chunks))
        return web.Response(text="thanks")

    async def hello(self, call):
        self.running += 1
        self.most = max(self.most, self.running)
        if self.hold is not None:
            await self.hold.wait()
        else:
            await asyncio.sleep(0)
        self.running -= 1
        return web.Response(text="hello")

    def routes(self):
        upload = Demand(name="/upload", role=Chamber, body=Body.BUNDLE, max_body=LIMIT)
        return [
            Route(method="POST", path="/upload", demand=upload, handle=self.upload),
            Route(method="GET", path="/hello", demand=Demand(name="/hello"), handle=self.hello),
        ]
