# SPDX-License-Identifier: EUPL-1.2
"""The pages for the machine itself: live, ready, metrics."""

import io
import json
from datetime import UTC, datetime

import aiohttp
import pytest
from webroom import PATIENT, PHRASES

from gateway.codes import Code
from gateway.telemetry import EventLog, Metrics
from gateway.web.health import make_health_app
from gateway.web.problem import Problems
from gateway.web.server import start_server


@pytest.fixture
async def health():
    metrics, missing = Metrics(), []

    async def readiness():
        return missing

    events = EventLog(io.StringIO(), lambda: datetime.now(UTC), role="receive")
    app = make_health_app(metrics=metrics, readiness=readiness)
    server = await start_server(app, transfer=PATIENT, problems=Problems(PHRASES), events=events, tls=None)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield session, metrics, missing
    await server.stop(grace=1)


async def test_live_answers_and_names_no_software(health):
    session, _, _ = health
    async with session.get("/health/live") as answer:
        assert (200, {"status": "live"}) == (answer.status, await answer.json())
        assert "Server" not in answer.headers


async def test_ready_is_503_and_names_what_is_missing_by_code(health):
    session, _, missing = health
    async with session.get("/health/ready") as answer:
        assert 200 == answer.status
    missing.append(Code.REVOCATION_DATA_STALE)
    async with session.get("/health/ready") as answer:
        body = json.loads(await answer.read())
        assert (503, ["revocation-data-stale"]) == (answer.status, body["missing"])


async def test_metrics_are_in_the_prometheus_text_format(health):
    session, metrics, _ = health
    metrics.counter("amtsbote_things_total", "Things.", "kind")("a")
    async with session.get("/metrics") as answer:
        assert "text/plain; version=0.0.4; charset=utf-8" == answer.headers["Content-Type"]
        assert 'amtsbote_things_total{kind="a"} 1' in await answer.text()


async def test_other_paths_are_refused(health):
    session, _, _ = health
    async with session.get("/v1/dossiers") as answer:
        assert 404 == answer.status
