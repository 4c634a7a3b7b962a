# SPDX-License-Identifier: EUPL-1.2
"""Rows of THREAT_MODEL, The border: requests without a single reading, doubled headers, pipelining, talkative answers."""

from dataclasses import replace

import pytest
from borderroom import GET, POST
from webroom import CLOSE, PATIENT


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


async def test_answers_name_no_software_and_forbid_sniffing_framing_and_caching(border, handlers):
    async with border(handlers.routes()) as gateway:
        for request in (GET + CLOSE, GET.replace(b"hello", b"nothing") + CLOSE, b"nonsense\r\n\r\n"):
            headers = (await gateway.ask(request)).headers
            assert "server" not in headers
            assert "nosniff" == headers["x-content-type-options"]
            assert "no-store" == headers["cache-control"]
            assert headers["strict-transport-security"].startswith("max-age=")
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
