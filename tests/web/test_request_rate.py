# SPDX-License-Identifier: EUPL-1.2
"""No partner takes more than its share of the processor: requests in a second."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from apiroom import announced, running_api
from borderroom import GET
from webroom import CLOSE, PATIENT

from gateway.errors import Rejected
from gateway.policy import TransferPolicy
from gateway.web.admission import Demand
from gateway.web.quotas import Rates
from gateway.web.routes import Route

SLOW_RATE = replace(PATIENT, requests_per_second=2, request_burst=3)


async def hello(call):
    return web.Response(text="hello")


HELLO = [Route(method="GET", path="/hello", demand=Demand(name="/hello"), handle=hello)]


async def test_requests_above_the_rate_get_429_with_the_time_to_wait_and_others_are_served(border, world):
    now = [1000.0]
    async with border(HELLO, transfer=SLOW_RATE, monotonic=lambda: now[0]) as gateway:
        wire = await gateway.open()
        statuses = []
        for _ in range(4):
            await wire.send(GET + b"\r\n")
            answer = await wire.answer()
            statuses.append(answer.status)
        assert [200, 200, 200, 429] == statuses
        assert ("request-rate-exceeded", "1") == (answer.code, answer.headers["retry-after"])
        assert 200 == (await gateway.ask(GET + CLOSE, world.authority)).status
        now[0] += 0.5
        await wire.send(GET + b"\r\n")
        assert 200 == (await wire.answer()).status
        await wire.close()


async def test_paths_that_do_not_exist_and_roles_that_are_wrong_are_counted_too(border):
    now = [1000.0]
    async with border(HELLO, transfer=SLOW_RATE, monotonic=lambda: now[0]) as gateway:
        asked = [await gateway.ask(GET.replace(b"/hello", b"/nothing") + CLOSE) for _ in range(4)]
    assert [404, 404, 404, 429] == [answer.status for answer in asked]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (GET + b"Client-Cert: x\r\n", "forwarded-identity-refused"),
        (GET.replace(b"HTTP/1.1", b"HTTP/2.0"), "http-version-not-supported"),
        (GET + b"Expect: 100-continue\r\nX-SSL-Cert: x\r\n", "forwarded-identity-refused"),
    ],
)
async def test_a_request_that_nobody_could_serve_is_counted_too(border, world, asked, code):
    now = [1000.0]
    async with border(HELLO, transfer=SLOW_RATE, monotonic=lambda: now[0]) as gateway:
        answers = [await gateway.ask(asked + CLOSE) for _ in range(4)]
        stranger = await gateway.ask(asked + CLOSE, world.stranger)
    assert [code] * 3 + ["request-rate-exceeded"] == [answer.code for answer in answers]
    assert code == stranger.code


async def test_requests_that_are_not_admitted_write_no_endless_log(border, world):
    now = [1000.0]
    async with border(HELLO, transfer=SLOW_RATE, monotonic=lambda: now[0]) as gateway:
        wire = await gateway.open()
        for _ in range(153):  # three are served, a hundred are refused with a line, fifty without
            await wire.send(GET + b"\r\n")
            await wire.answer()
        assert 200 == (await gateway.ask(GET + CLOSE, world.authority)).status
        now[0] += 10.0
        assert 403 == (await gateway.ask(GET + CLOSE, world.stranger)).status
        await wire.close()
        told = [line for line in gateway.lines if line["event"] == "request"]
        counted = 'amtsbote_requests_total{route="/hello",status="429",code="request-rate-exceeded"} 150'
        assert counted in gateway.metrics.exposition()

    assert {200: 4, 429: 100, 403: 1} == Counter(line["status"] for line in told)
    assert [50] == [line["left_out"] for line in told if "left_out" in line]


async def test_an_upload_that_asks_before_it_sends_is_one_request(world, tmp_path):
    transfer = replace(PATIENT, requests_per_second=1, request_burst=1)
    async with running_api(world, tmp_path, transfer=transfer) as api:
        wire = await api.open()
        await wire.send(announced(3) + b"Expect: 100-continue\r\n" + CLOSE)
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == await wire.head()
        assert 201 == (await wire.ask(b"PK!")).status


def test_a_quiet_partner_has_its_burst_and_a_busy_one_its_rate():
    rates = Rates(per_second=10, burst=20)
    served, waits = 0, set()
    for tick in range(1000):  # ten seconds, a request every hundredth
        try:
            rates.take("busy", tick / 100)
        except Rejected as later:
            waits.add(later.retry_after)
        else:
            served += 1
    assert {1} == waits
    assert 20 + 10 * 10 == pytest.approx(served, abs=1)
    for _ in range(20):
        rates.take("quiet", 10.0)
    with pytest.raises(Rejected):
        rates.take("quiet", 10.0)


def test_a_clock_that_stands_or_goes_back_gives_nothing_away():
    rates = Rates(per_second=10, burst=1)
    rates.take("a", 50.0)
    for now in (50.0, 49.0, 1.0):
        with pytest.raises(Rejected):
            rates.take("a", now)


def test_the_default_rate_lets_an_auditor_fetch_a_log_of_a_million_entries(tmp_path: Path):
    policy = TransferPolicy()
    tiles = 2 * 1_000_000 // 256
    assert tiles / policy.requests_per_second < 180
