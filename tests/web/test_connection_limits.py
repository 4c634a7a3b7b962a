# SPDX-License-Identifier: EUPL-1.2
"""Rows of THREAT_MODEL, The border: slow, greedy and malformed requests. Deadlines are tiny, nothing sleeps."""

import asyncio
import socket
from dataclasses import replace

import pytest
from aiohttp import web
from webroom import CLOSE, PATIENT, QUICK

from gateway.model.partner import Chamber
from gateway.policy import TransferPolicy
from gateway.web.admission import Demand
from gateway.web.limits import body_chunks
from gateway.web.request_head import BUNDLE_MEDIA_TYPE, Body
from gateway.web.routes import Route

LIMIT = 100_000
POST = f"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: {BUNDLE_MEDIA_TYPE}\r\n".encode()
GET = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n"


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


@pytest.fixture
def handlers():
    return Counting()


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


async def test_a_declared_length_above_the_limit_is_refused_413_before_a_byte_is_read(border, handlers):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(POST + b"Content-Length: 99999999999\r\n\r\n")
    assert (413, "bundle-too-large") == (answer.status, answer.code)
    assert "close" == answer.headers["connection"]


async def test_a_streamed_body_above_the_limit_is_refused_413_by_our_own_count(border, handlers):
    async with border(handlers.routes()) as gateway:
        wire = await gateway.open()
        await wire.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(300_000 // 10_000):
            await wire.send(b"2710\r\n" + bytes(10_000) + b"\r\n")
        assert b"413" in await wire.rest()
    assert [] == handlers.bodies


async def test_a_body_of_exactly_the_limit_passes(border, handlers):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(POST + f"Content-Length: {LIMIT}\r\n".encode() + CLOSE + bytes(LIMIT))
    assert 200 == answer.status
    assert [LIMIT] == [len(b) for b in handlers.bodies]


async def test_a_hundred_thousand_one_byte_chunks_arrive_whole(border, handlers):
    async with border(handlers.routes()) as gateway:
        body = b"1\r\nx\r\n" * LIMIT + b"0\r\n\r\n"
        answer = await gateway.ask(POST + b"Transfer-Encoding: chunked\r\n" + CLOSE + body)
    assert 200 == answer.status
    assert [b"x" * LIMIT] == handlers.bodies


async def test_an_encoded_body_is_refused_415_and_never_inflated(border, handlers):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(POST + b"Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n" + bytes(10))
    assert (415, "content-encoding-not-supported") == (answer.status, answer.code)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/zip",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        f"{BUNDLE_MEDIA_TYPE}; charset=utf-8",
        "",
    ],
)
async def test_any_other_media_type_is_refused_415(border, handlers, media_type):
    head = f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nContent-Length: 3\r\n\r\nabc"
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(head.encode())
    assert (415, "media-type-not-supported") == (answer.status, answer.code)


async def test_100_continue_is_sent_to_an_admitted_upload(border, handlers):
    async with border(handlers.routes()) as gateway:
        wire = await gateway.open()
        await wire.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n" + CLOSE)
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == await wire.head()
        assert 200 == (await wire.ask(b"abc")).status
    assert [b"abc"] == handlers.bodies


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (POST + b"Content-Length: 99999999999\r\n", "bundle-too-large"),
        (POST.replace(b"asic-e", b"asic-s") + b"Content-Length: 3\r\n", "media-type-not-supported"),
        (POST + b"Content-Length: 3\r\nClient-Cert: :AA==:\r\n", "forwarded-identity-refused"),
        (POST.replace(b"/upload", b"/nowhere") + b"Content-Length: 3\r\n", "not-found"),
    ],
)
async def test_what_will_be_refused_is_refused_before_100_continue(border, handlers, head, code):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(head + b"Expect: 100-continue\r\n\r\n")
    assert code == answer.code
    assert b"100 Continue" not in answer.raw


async def test_strangers_are_refused_before_100_continue(border, handlers):
    async with border(handlers.routes()) as gateway:
        head = POST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        stranger = await gateway.ask(head, gateway.world.stranger)
        authority = await gateway.ask(head, gateway.world.authority)
    assert ("sender-not-registered", "sender-role-forbidden") == (stranger.code, authority.code)


async def test_a_full_disk_is_507_before_100_continue(border, handlers):
    async with border(handlers.routes(), free_bytes=lambda: 2) as gateway:
        answer = await gateway.ask(POST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    assert (507, "insufficient-storage") == (answer.status, answer.code)
    assert "retry-after" in answer.headers


async def test_a_body_of_unknown_length_needs_room_for_the_longest(border, handlers):
    async with border(handlers.routes(), free_bytes=lambda: 2) as gateway:
        answer = await gateway.ask(POST + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
    assert (507, "insufficient-storage") == (answer.status, answer.code)
    assert b"100 Continue" not in answer.raw


async def test_any_other_expectation_is_417(border, handlers):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(POST + b"Content-Length: 3\r\nExpect: foo\r\n\r\n")
    assert (417, "expectation-failed") == (answer.status, answer.code)


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/3.0"])
async def test_another_protocol_version_is_505_or_closed(border, handlers, version):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(GET.replace(b"HTTP/1.1", version) + b"\r\n")
    assert answer.status in {400, 505}
    assert answer.raw.startswith(b"HTTP/1.1 ")
    assert 0 == handlers.most


MALFORMED = {
    "length and chunked": POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "two hosts": GET + b"Host: other\r\n\r\n",
    "no host": b"GET /hello HTTP/1.1\r\n\r\n",
    "unknown transfer coding": POST + b"Transfer-Encoding: xchunked\r\n\r\nabc",
    "identity transfer coding": POST + b"Transfer-Encoding: identity\r\n\r\nabc",
    "bare line feed": b"GET /hello HTTP/1.1\nHost: localhost\n\n",
    "folded header": GET + b"X-A: b\r\n c\r\n\r\n",
    "space before colon": GET + b"X-A : b\r\n\r\n",
    "chunk size overflow": POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "long header": GET + b"X-A: " + b"a" * 9000 + b"\r\n\r\n",
    "many headers": GET + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n",
    "long target": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "nul in header": GET + b"X-A: a\0b\r\n\r\n",
    "tls inside tls": b"\x16\x03\x01\x02\x00\x01\x00",
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_has_no_single_reading_is_refused_400_and_closed(border, handlers, name):
    async with border(handlers.routes(), transfer=replace(PATIENT, header_seconds=2)) as gateway:
        answer = await gateway.ask(MALFORMED[name])
        kinds = {line["event"] for line in gateway.lines}
    if answer.raw:
        assert (400, "request-malformed") == (answer.status, answer.code)
        assert "server" not in answer.headers
    assert [] == handlers.bodies
    assert 0 == handlers.most
    assert kinds <= {"request"}


async def test_two_of_a_header_we_rely_on_are_refused(border, handlers):
    head = POST + b"Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 3\r\n\r\nabc"
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask(head)
    assert "request-malformed" == answer.code


async def test_pipelined_requests_run_one_at_a_time_and_all_are_answered(border, handlers):
    async with border(handlers.routes()) as gateway:
        answer = await gateway.ask((GET + b"\r\n") * 199 + GET + CLOSE)
    assert 200 == answer.raw.count(b"HTTP/1.1 200 OK")
    assert 1 == handlers.most


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


async def test_answers_name_no_software_and_forbid_sniffing_framing_and_caching(border, handlers):
    async with border(handlers.routes()) as gateway:
        for request in (GET + CLOSE, GET.replace(b"hello", b"nothing") + CLOSE, b"nonsense\r\n\r\n"):
            headers = (await gateway.ask(request)).headers
            assert "server" not in headers
            assert "nosniff" == headers["x-content-type-options"]
            assert "no-store" == headers["cache-control"]
            assert headers["strict-transport-security"].startswith("max-age=")
            assert "frame-ancestors 'none'" in headers["content-security-policy"]


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
