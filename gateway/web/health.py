# SPDX-License-Identifier: EUPL-1.2
"""Health and metrics, on a listener of their own that only the machine itself reaches.

``live``: the process answers. ``ready``: it could take a dossier now; what is missing is named by code alone.
Nothing here tells of a partner or a dossier.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from gateway.codes import Code
from gateway.telemetry import Metrics
from gateway.web.problem import SECURITY_HEADERS

Readiness = Callable[[], Awaitable[Sequence[Code]]]  # what keeps us from working; empty is good


def make_health_app(*, metrics: Metrics, readiness: Readiness) -> web.Application:
    """The three pages."""

    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"status": "live"}, headers=SECURITY_HEADERS)

    async def ready(_request: web.Request) -> web.Response:
        missing = [code.value for code in await readiness()]
        status = {"status": "not-ready" if missing else "ready", "missing": missing}
        return web.json_response(status, status=503 if missing else 200, headers=SECURITY_HEADERS)

    async def page(_request: web.Request) -> web.Response:
        # In a thread: gauges ask the journal, which may be waiting for its disk.
        text = (await asyncio.to_thread(metrics.exposition)).encode()
        headers = {**SECURITY_HEADERS, "Content-Type": metrics.MEDIA_TYPE}
        return web.Response(body=text, headers=headers)

    async def no_server_name(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.pop("Server", None)

    app = web.Application()
    app.on_response_prepare.append(no_server_name)
    app.router.add_get("/health/live", live, allow_head=False)
    app.router.add_get("/health/ready", ready, allow_head=False)
    app.router.add_get("/metrics", page, allow_head=False)
    return app
