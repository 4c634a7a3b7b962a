# SPDX-License-Identifier: EUPL-1.2
"""Rows of THREAT_MODEL, The border: slow and many connections. Deadlines are tiny, nothing sleeps."""

import asyncio
import socket
from dataclasses import replace

from borderroom import GET, LIMIT, POST
from webroom import CLOSE, PATIENT, QUICK

from gateway.policy import TransferPolicy


async def test_a_connection_that_never_starts_tls_is_closed_within_the_handshake_deadline(border, handlers):
    async with border(handlers.routes(), transfer=QUICK) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.server.port)
        async with asyncio.timeout(5):
            assert b"" == await reader.read()
        writer.close()


async def test_a_connection_that_sends_no_request_is_closed(border, handlers):
    async with border(handlers.routes(), transfer=QUICK) as gateway:
        wire = await gateway.open()
        assert b"" == await wire.rest()


async def test_header_lines_that_trickle_do_not_postpone_the_header_deadline(border, handlers):
    async with border(handlers.routes(), transfer=replace(QUICK, header_seconds=0.5)) as gateway:
        wire = await gateway.open()

        async def trickle():
            await wire.send(GET)
            for number in range(1000):
                await wire.send(f"X-{number}: 1\r\n".encode())
                await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        assert b"" == await wire.rest(5)
        trickling.cancel()


async def test_http_0_9_gets_no_answer_and_is_closed(border, handlers):
    async with border(handlers.routes(), transfer=QUICK) as gateway:
        wire = await gateway.open()
        await wire.send(b"GET /\r\n")
        assert b"" == await wire.rest()


async def test_an_idle_connection_is_closed_after_the_keepalive_time(border, handlers):
    async with border(handlers.routes(), transfer=QUICK) as gateway:
        wire = await gateway.open()
        await wire.send(GET + b"\r\n")
        assert 200 == (await wire.answer()).status
        assert b"" == await wire.rest()


async def test_the_header_deadline_holds_for_the_second_request_of_a_connection_too(border, handlers):
    policy = replace(QUICK, keepalive_seconds=60)
    async with border(handlers.routes(), transfer=policy) as gateway:
        wire = await gateway.open()
        await wire.send(GET + b"\r\n")
        await wire.answer()
        await wire.send(b"GET /hel")
        assert b"" == await wire.rest(5)


async def test_the_keepalive_time_of_the_default_policy_is_fifteen_seconds_and_no_deadline_exceeds_ten():
    policy = TransferPolicy()
    assert 15 == policy.keepalive_seconds
    assert 10 >= max(policy.handshake_seconds, policy.header_seconds, policy.grace_seconds)


async def test_a_body_that_stalls_is_answered_408_and_closed(border, handlers):
    async with border(handlers.routes(), transfer=QUICK) as gateway:
        answer = await gateway.ask(POST + b"Content-Length: 500\r\n\r\nabc")
    assert (408, "request-timeout") == (answer.status, answer.code)
    assert [] == handlers.bodies


async def test_a_body_below_the_minimum_rate_is_answered_408_although_it_never_stalls(border, handlers):
    async with border(handlers.routes(), transfer=QUICK) as gateway:
        wire = await gateway.open()
        await wire.send(POST + b"Content-Length: 500\r\n\r\n")

        async def trickle():
            for _ in range(500):
                await wire.send(b"x")
                await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        head = await wire.head()
        trickling.cancel()
    assert b"408" in head


async def test_a_fast_start_does_not_buy_time_to_stall(border, handlers):
    # 90 kB at once would be worth 90 s at this rate if the allowance could grow beyond the grace.
    policy = replace(QUICK, minimum_rate=1000)
    async with border(handlers.routes(), transfer=policy) as gateway:
        wire = await gateway.open()
        await wire.send(POST + b"Content-Length: 95000\r\n\r\n" + bytes(90_000))
        assert b"408" in await wire.rest(5)


async def test_connections_above_the_limit_get_503_with_retry_after(border, handlers):
    async with border(handlers.routes(), transfer=replace(PATIENT, max_connections=1)) as gateway:
        first = await gateway.open()
        await first.send(GET + b"\r\n")
        assert 200 == (await first.answer()).status
        second = await gateway.ask(GET + CLOSE)
        assert (503, "service-unavailable") == (second.status, second.code)
        assert int(second.headers["retry-after"]) > 0
        await first.close()


async def test_uploads_above_the_partners_limit_get_429_with_retry_after(border, handlers):
    async with border(handlers.routes(), transfer=replace(PATIENT, max_uploads_per_partner=1)) as gateway:
        with gateway.admission.uploads.take("ihk-erfurt", 3, largest=LIMIT):
            answer = await gateway.ask(POST + b"Content-Length: 3\r\n" + CLOSE + b"abc")
        assert (429, "too-many-requests") == (answer.status, answer.code)
        assert int(answer.headers["retry-after"]) > 0
        assert 200 == (await gateway.ask(POST + b"Content-Length: 3\r\n" + CLOSE + b"abc")).status


async def test_the_server_runs_on_an_inherited_socket(border, handlers):
    sock = socket.create_server(("127.0.0.1", 0))
    async with border(handlers.routes(), sock=sock) as gateway:
        assert sock.getsockname()[1] == gateway.server.port
        assert 200 == (await gateway.ask(GET + CLOSE)).status


async def test_stopping_lets_a_running_upload_end_and_closes_idle_connections(border, handlers):
    async with border(handlers.routes()) as gateway:
        idle, busy = await gateway.open(), await gateway.open()
        await idle.send(GET + b"\r\n")
        await idle.answer()
        await busy.send(POST + b"Content-Length: 6\r\nExpect: 100-continue\r\n\r\n")
        await busy.head()
        await busy.send(b"abc")
        stopping = asyncio.create_task(gateway.server.stop(grace=10))
        assert b"" == await idle.rest(5)
        answer = await busy.ask(b"def")
        await stopping
    assert (200, "close") == (answer.status, answer.headers["connection"])
    assert [b"abcdef"] == handlers.bodies
